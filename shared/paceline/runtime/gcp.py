"""Google Cloud: Pub/Sub, Firestore, Cloud Storage and BigQuery behind the ports.

Each adapter is imported when built: a function starts with those alone that its step needs. The
same runtime speaks to the emulators that Google's own environment variables name.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from paceline.errors import SettingsInvalid
from paceline.runtime.part import Part
from paceline.runtime.parts import Runtime
from paceline.runtime.settings import secret_file

if TYPE_CHECKING:
    import pyarrow as pa

    from paceline.adapters.gcp.bigquery import BigQueryWarehouse
    from paceline.adapters.gcp.pubsub import PubSubPublisher
    from paceline.adapters.gcp.secrets import SecretVersions
    from paceline.ports import (
        Blobs,
        Cipher,
        Clock,
        DeadLetters,
        Ids,
        Publisher,
        Reader,
        State,
        Warehouse,
    )
    from paceline.spool import Spool

SPOOL_WITHIN_S = 0.8


class GcpRuntime(Runtime):
    """Where each port's adapter comes from in the cloud."""

    @Part
    def publisher(self) -> "Publisher":
        return self.pubsub

    @Part
    def pubsub(self) -> "PubSubPublisher":
        from paceline.adapters.gcp.pubsub import PubSubPublisher

        return PubSubPublisher(self.settings.project, self.settings.prefix)

    @Part
    def dead_letters(self) -> "DeadLetters":
        from paceline.adapters.gcp.pubsub_dead_letters import PubSubDeadLetters

        settings = self.settings
        return PubSubDeadLetters(settings.project, settings.prefix, self.pubsub)

    @Part
    def clock(self) -> "Clock":
        from paceline.adapters.local.system import SystemClock

        return SystemClock()

    @Part
    def ids(self) -> "Ids":
        from paceline.adapters.local.system import RandomIds

        return RandomIds()

    @Part
    def state(self) -> "State":
        from paceline.adapters.gcp.firestore import FirestoreState

        return FirestoreState(self.settings.project)

    @Part
    def bronze(self) -> "Blobs":
        from paceline.adapters.gcp.gcs import GcsBlobs

        return GcsBlobs(self.settings.project, self.settings.bucket)

    @Part
    def spool(self) -> "Spool":
        """Strava waits two seconds, and a publish that failed has had one of them."""
        from paceline.adapters.gcp.gcs import GcsBlobs
        from paceline.spool import Spool

        settings = self.settings
        quick = GcsBlobs(settings.project, settings.bucket, within_s=SPOOL_WITHIN_S)
        return Spool(quick, self.publisher)

    @Part
    def warehouse(self) -> "Warehouse":
        return self.bigquery

    @Part
    def bigquery(self) -> "BigQueryWarehouse":
        from paceline.adapters.gcp.bigquery import BigQueryWarehouse

        settings = self.settings
        return BigQueryWarehouse(
            settings.project, settings.dataset_prefix, self.sql_root, self.clock
        )

    @Part
    def landing_schemas(self) -> "Mapping[str, pa.Schema]":
        from paceline.warehouse.tables import load_tables

        tables = load_tables(self.sql_root)
        return {name: table.arrow_schema() for name, table in tables.items()}

    @Part
    def cipher(self) -> "Cipher":
        from paceline.adapters.cipher import load_cipher

        return load_cipher(secret_file(self.secrets, "keyring"))

    @Part
    def secret_versions(self) -> "SecretVersions":
        from paceline.adapters.gcp.secrets import SecretVersions

        return SecretVersions(self.settings.project, self.settings.prefix)

    @property
    def secrets(self) -> Path:
        if self.settings.secrets is None:
            raise SettingsInvalid("PACELINE_SECRETS is missing: the folder where secrets are.")
        return self.settings.secrets

    @property
    def sql_root(self) -> Path:
        return self.settings.root / "sql"

    def reader(self) -> "AbstractContextManager[Reader]":
        return nullcontext(self.warehouse)

    def subscription_id(self) -> int | None:
        """Read each time: the mounted file follows the newest version of the secret."""
        try:
            return int(secret_file(self.secrets, "subscription_id").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def remember_subscription(self, subscription_id: int | None) -> None:
        self.secret_versions.add("subscription_id", str(subscription_id))
