"""The world on emulators: the runtime gcp, with Google's services on this machine."""

import base64
import json
import os
import secrets as randomness
from collections.abc import Collection, Iterator
from contextlib import ExitStack, suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow as pa
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from paceline.adapters.gcp.pubsub_topology import Delivering, create_bus
from paceline.cli.emulators.bigquery import PROJECT, bigquery
from paceline.cli.emulators.google import firestore, pubsub, storage
from paceline.cli.emulators.process import Emulator
from paceline.cli.same_marts import differences_from_local
from paceline.cli.truth import differences
from paceline.cli.world import World
from paceline.runtime.gcp import GcpRuntime
from paceline.runtime.pushed import SERVED
from paceline.runtime.settings import Settings, secret_file
from paceline.warehouse.lint import SqlRefused
from paceline.warehouse.tables import load_tables

BUCKET, PREFIX, DATASET_PREFIX = (
    "paceline-emulated-bronze",
    "paceline-emulated",
    "paceline_emulated_",
)
COMPARED_MARTS = ("activity_summary", "daily_summary")
# Soon again, since nobody wants to wait: in the cloud it is 10 to 600 seconds.
DELIVERING = Delivering(ack_within_s=30, max_attempts=20, backoff_s=(1, 5))


class EmulatedRehearsal(World[GcpRuntime]):
    """Four servers in the place of Google's, and one that runs the functions."""

    settles_within_s = 1_500  # the stand-in for BigQuery takes a minute for the script

    _cloud_stands = False

    def start_service(self, *, wait: bool = True) -> None:
        if not self._cloud_stands:
            self.start_emulators()
            self._cloud_stands = True
        super().start_service(wait=wait)

    @cached_property
    def emulators(self) -> dict[str, Emulator]:
        kept = self.home / "cloud"
        return {
            "Pub/Sub": pubsub(),
            "Firestore": firestore(),
            "Cloud Storage": storage(_folder(kept / "storage")),
            "BigQuery": bigquery(_folder(kept / "bigquery")),
        }

    def start_emulators(self) -> None:
        """They, and all that Terraform makes in the cloud."""
        for emulator in self.emulators.values():
            emulator.start()
        os.environ.update(self._cloud_environment())
        _make_secrets(self._secrets, self.settings())
        nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
        client = Client(project=PROJECT, credentials=nobody)
        client.create_bucket(BUCKET)
        client.close()
        self.create_bus()
        self.runtime.bigquery.create_tables()

    def create_bus(self) -> None:
        """The emulator keeps it in memory alone."""
        service = self.url("paceline")
        create_bus(
            PROJECT, PREFIX, {step: f"{service}/{step}/" for step in SERVED}, delivering=DELIVERING
        )

    def settings(self) -> dict[str, str]:
        return {
            **super().settings(),
            "PACELINE_RUNTIME": "gcp",
            "PACELINE_PROJECT": PROJECT,
            "PACELINE_BUCKET": BUCKET,
            "PACELINE_PREFIX": PREFIX,
            "PACELINE_DATASET_PREFIX": DATASET_PREFIX,
            "PACELINE_SECRETS": str(self._secrets),
            "PACELINE_REFRESH_S": "5",
            **self.changes,
            **self._cloud_environment(),
        }

    def make_runtime(self) -> GcpRuntime:
        return GcpRuntime(Settings.from_env(self.settings()))

    def remember_subscription(self, subscription_id: int) -> None:
        """There is no Secret Manager here: the file that it would mount."""
        _write(secret_file(self._secrets, "subscription_id"), str(subscription_id))

    def differences(self) -> list[str]:
        return differences(self.admin("GET", "truth"), self.marts(COMPARED_MARTS))

    def built_since(self, moment: datetime) -> bool:
        """The script takes a minute: its first tables may miss what its last ones have."""
        begun = "SELECT COUNT(*) AS runs FROM ops.script_runs WHERE started_at > @moment"
        return bool(self.runtime.warehouse.query(begun, {"moment": moment})["runs"][0].as_py())

    def final_differences(self) -> list[str]:
        return differences_from_local(
            self.mart_rows(), self.runtime, self.root / "sql", self.home / "local"
        )

    def marts(self, only: Collection[str] = ()) -> Path:
        """Read from BigQuery into a file, as the dashboard and the comparisons want them."""
        file = self.home / "marts.duckdb"
        unfinished = file.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        with duckdb.connect(str(unfinished)) as connection:
            for name, rows in self.mart_rows(only):
                connection.register("mart_rows", rows)
                connection.execute(f"CREATE TABLE {name} AS SELECT * FROM mart_rows")  # noqa: S608
                connection.unregister("mart_rows")
        unfinished.replace(file)
        return file

    def mart_rows(self, only: Collection[str] = ()) -> Iterator[tuple[str, pa.Table]]:
        """Before the script has run for the first time there are tables, but no views."""
        for name in load_tables(self.root / "sql"):
            layer, _, table = name.partition(".")
            if layer == "marts" and (not only or table in only):
                with suppress(SqlRefused):
                    yield table, self.runtime.warehouse.query(f"SELECT * FROM {name}")  # noqa: S608

    def places(self) -> list[tuple[str, str, str]]:
        return [
            ("functions", self.url("paceline"), "where Pub/Sub pushes to"),
            *((name, f"127.0.0.1:{each.port}", each.name) for name, each in self.emulators.items()),
        ]

    def close(self) -> None:
        with ExitStack() as stack:
            stack.callback(self._forget_environment)
            for emulator in self.emulators.values():
                stack.callback(emulator.kill)
            super().close()

    def _forget_environment(self) -> None:
        for name in self._cloud_environment():
            os.environ.pop(name, None)

    @property
    def _secrets(self) -> Path:
        return _folder(self.home / "secrets")

    def _cloud_environment(self) -> dict[str, str]:
        return {name: value for each in self.emulators.values() for name, value in each.env.items()}


def _make_secrets(folder: Path, settings: dict[str, str]) -> None:
    """As the operator would: values that Terraform never sees."""
    keyring = {
        "primary": "k1",
        "keys": {"k1": base64.b64encode(randomness.token_bytes(32)).decode()},
    }
    _write(secret_file(folder, "keyring"), json.dumps(keyring))
    for name in ("strava_client_secret", "verify_token", "webhook_secret"):
        _write(secret_file(folder, name), settings[f"PACELINE_{name.upper()}"])


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(text)


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
