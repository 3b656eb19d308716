"""Settings: environment variables with the prefix PACELINE_, or the same lines in a file `.env`.

This is the only module that reads them. It says everything that is missing or wrong at once.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from paceline.errors import SettingsInvalid

PREFIX = "PACELINE_"


class Secret(str):
    """Text that does not show itself when it is printed by accident."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(***)"


@dataclass(frozen=True)
class Rehearsed:
    """Time as a rehearsal has it: `simulated` was now at `real`, and runs `speed` times as fast."""

    real: datetime
    simulated: datetime
    speed: float


@dataclass(frozen=True)
class Settings:
    strava_client_id: int
    strava_client_secret: Secret
    verify_token: Secret
    webhook_secret: Secret
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

    @property
    def base_url(self) -> str:
        """Where an athlete's browser reaches the service."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Raises SettingsInvalid with every name that is missing, unknown or wrong."""
        given = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in env.items()
            if name.startswith(PREFIX)
        }
        faults = [f"{PREFIX}{name.upper()}: no such setting" for name in given.keys() - _NAMES]
        values: dict[str, object] = {}
        for name, read in _READ.items():
            if name in given:
                try:
                    values[name] = read(given[name])
                except ValueError as error:
                    faults.append(f"{PREFIX}{name.upper()}: {error}")
            elif name in _REQUIRED:
                faults.append(f"{PREFIX}{name.upper()}: missing; {_REQUIRED[name]}")
        if faults:
            raise SettingsInvalid("Nothing was started. Wrong settings:\n  " + "\n  ".join(faults))
        return cls(**values)  # type: ignore[arg-type] # _READ has the type of each field


def environment(folder: Path = Path()) -> dict[str, str]:
    """The process environment over the lines of `.env` in `folder`."""
    file = folder / ".env"
    lines = file.read_text().splitlines() if file.is_file() else []
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs} | dict(os.environ)


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def _secret(value: str) -> Secret:
    return Secret(_text(value))


def _path_secret(value: str) -> Secret:
    if len(value) < _LEAST_SECRET or not value.replace("-", "").replace("_", "").isalnum():
        raise ValueError(
            f"must be at least {_LEAST_SECRET} letters, digits, - or _: it is the only thing that "
            "keeps strangers from posting events"
        )
    return Secret(value)


def _positive(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise ValueError("must be a whole number above 0")
    return int(value)


def _port(value: str) -> int:
    if not value.isdecimal() or not 0 < int(value) <= _MAX_PORT:
        raise ValueError(f"must be a port from 1 to {_MAX_PORT}")
    return int(value)


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1
    if not 0 < seconds <= _DAY_S:
        raise ValueError(f"must be seconds, above 0 and at most {_DAY_S}")
    return seconds


def _rehearsed(value: str) -> Rehearsed:
    try:
        real, simulated, speed = value.split(",")
        clock = Rehearsed(
            datetime.fromisoformat(real), datetime.fromisoformat(simulated), float(speed)
        )
    except ValueError:
        clock = None
    if clock is None or not (clock.real.tzinfo and clock.simulated.tzinfo and clock.speed > 0):
        raise ValueError(
            "must be two instants with their zones and a speed, such as "
            "2026-11-21T12:00:00Z,2026-12-01T00:00:00Z,60; it is for rehearsals only"
        )
    return clock


def _url(value: str) -> str:
    if not value.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise ValueError("must be an https address (http only for this machine)")
    return value.rstrip("/")


def _scopes(value: str) -> str:
    scopes = value.replace(",", " ").split()
    if unknown := sorted(set(scopes) - _SCOPES):
        raise ValueError(f"{', '.join(unknown)} is none of {', '.join(sorted(_SCOPES))}")
    if not {"activity:read", "activity:read_all"} & set(scopes):
        raise ValueError("must hold activity:read or activity:read_all, or nothing can be read")
    return ",".join(scopes)


def _runtime(value: str) -> str:
    if value != "local":
        raise ValueError("must be local, the one runtime of this release")
    return value


# What Strava lets an application ask for and we have a use for: nothing is ever written there.
_SCOPES = {"read", "read_all", "profile:read_all", "activity:read", "activity:read_all"}
_LEAST_SECRET = 16
_MAX_PORT = 65_535
_DAY_S = 86_400

_READ: dict[str, Callable[[str], object]] = {
    "strava_client_id": _positive,
    "strava_client_secret": _secret,
    "verify_token": _secret,
    "webhook_secret": _path_secret,
    "runtime": _runtime,
    "home": Path,
    "root": Path,
    "strava_api_base": _url,
    "strava_oauth_base": _url,
    "strava_scopes": _scopes,
    "public_url": _url,
    "port": _port,
    "tick_s": _seconds,
    "refresh_s": _seconds,
    "lease_s": _seconds,
    "reconcile_s": _seconds,
    "clock": _rehearsed,
}
_NAMES = {each.name for each in fields(Settings)} | {"marts"}  # PACELINE_MARTS is the dashboard's
_REQUIRED = {
    "strava_client_id": "the number of your application, from strava.com/settings/api",
    "strava_client_secret": "the secret of your application, from strava.com/settings/api",
    "verify_token": "any text of your own; Strava repeats it when you subscribe",
    "webhook_secret": "any 16 or more letters and digits; it is the path of your webhook",
}
