"""Settings: environment variables with the prefix PACELINE_, or the same lines in a file `.env`.

This is the only module that reads them. It says everything that is missing or wrong at once.
A secret may also be the file `<PACELINE_SECRETS>/<name>/value`, as Cloud Functions mount it.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from paceline.errors import SettingsInvalid
from paceline.runtime import setting_values as read
from paceline.runtime.setting_values import Rehearsed, Secret

PREFIX = "PACELINE_"
_NONE = Secret()

__all__ = [
    "PREFIX",
    "Rehearsed",
    "Secret",
    "Settings",
    "environment",
    "on_emulators",
    "secret_file",
]


@dataclass(frozen=True)
class Settings:
    strava_client_id: int
    strava_client_secret: Secret = _NONE
    verify_token: Secret = _NONE
    webhook_secret: Secret = _NONE
    runtime: str = "local"
    home: Path = Path(".paceline")
    root: Path = Path()  # the folder that holds functions/ and sql/
    strava_api_base: str = "https://www.strava.com/api/v3"
    strava_oauth_base: str = "https://www.strava.com/oauth"
    strava_scopes: str = "read,activity:read,activity:read_all,profile:read_all"
    public_url: str = ""  # where the internet reaches the service; "" is this machine alone
    port: int = 8321
    tick_s: float = 60.0
    refresh_s: float = 2.0
    lease_s: float = 60.0
    reconcile_s: float = 60.0
    clock: Rehearsed | None = None
    # Of the runtime gcp alone.
    project: str = ""
    bucket: str = ""
    prefix: str = ""  # what names of topics, subscriptions and functions begin with
    dataset_prefix: str = ""
    secrets: Path | None = None

    @property
    def base_url(self) -> str:
        """Where an athlete's browser reaches the service."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    def secret(self, name: str) -> Secret:
        """A function in the cloud has those alone that it needs. Raises SettingsInvalid."""
        found: Secret = getattr(self, name)
        if not found:
            raise SettingsInvalid(
                f"{PREFIX}{name.upper()} is missing here: set it, or put it into"
                f" <{PREFIX}SECRETS>/{name}/value."
            )
        return found

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Raises SettingsInvalid with every name that is missing, unknown or wrong."""
        given = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in env.items()
            if name.startswith(PREFIX)
        }
        given = _mounted(given.get("secrets")) | given
        required = _REQUIRED | _REQUIRED_BY.get(given.get("runtime", "local"), {})
        faults = [f"{PREFIX}{name.upper()}: no such setting" for name in given.keys() - _NAMES]
        values: dict[str, object] = {}
        for name, reader in _READ.items():
            if name in given:
                try:
                    values[name] = reader(given[name])
                except ValueError as error:
                    faults.append(f"{PREFIX}{name.upper()}: {error}")
            elif name in required:
                faults.append(f"{PREFIX}{name.upper()}: missing; {required[name]}")
        if faults:
            raise SettingsInvalid("Nothing was started. Wrong settings:\n  " + "\n  ".join(faults))
        return cls(**values)  # type: ignore[arg-type] # _READ has the type of each field


def environment(folder: Path = Path()) -> dict[str, str]:
    """The process environment over the lines of `.env` in `folder`."""
    file = folder / ".env"
    lines = file.read_text().splitlines() if file.is_file() else []
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs} | dict(os.environ)


def on_emulators() -> bool:
    """Whether Google's own variable sends the clients to this machine."""
    return "PUBSUB_EMULATOR_HOST" in os.environ


def secret_file(secrets: Path, name: str) -> Path:
    return secrets / name / "value"


def _mounted(secrets: str | None) -> dict[str, str]:
    files = {name: secret_file(Path(secrets), name) for name in _SECRETS} if secrets else {}
    return {name: file.read_text().strip() for name, file in files.items() if file.is_file()}


_READ: dict[str, Callable[[str], object]] = {
    "strava_client_id": read.positive,
    "strava_client_secret": read.secret,
    "verify_token": read.secret,
    "webhook_secret": read.path_secret,
    "runtime": read.runtime,
    "home": Path,
    "root": Path,
    "strava_api_base": read.url,
    "strava_oauth_base": read.url,
    "strava_scopes": read.scopes,
    "public_url": read.url,
    "port": read.port,
    "tick_s": read.seconds,
    "refresh_s": read.seconds,
    "lease_s": read.seconds,
    "reconcile_s": read.seconds,
    "clock": read.rehearsed,
    "project": read.cloud_name,
    "bucket": read.bucket,
    "prefix": read.cloud_name,
    "dataset_prefix": read.dataset_prefix,
    "secrets": read.folder,
}
_SECRETS = ("strava_client_secret", "verify_token", "webhook_secret")
_NAMES = {each.name for each in fields(Settings)} | {"marts"}  # PACELINE_MARTS is the dashboard's
_REQUIRED = {
    "strava_client_id": "the number of your application, from strava.com/settings/api",
}
_REQUIRED_BY = {
    "local": {
        "strava_client_secret": "the secret of your application, from strava.com/settings/api",
        "verify_token": "any text of your own; Strava repeats it when you subscribe",
        "webhook_secret": "any 16 or more letters and digits; it is the path of your webhook",
    },
    "gcp": {
        "project": "the Google Cloud project that holds everything",
        "bucket": "the bucket of bronze, which Terraform names in its outputs",
        "prefix": "what the names of topics begin with, such as paceline-dev",
        "dataset_prefix": "what the names of datasets begin with, such as paceline_dev_",
    },
}
