"""Reads the text of each setting. A ValueError says what is wrong with it."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

RUNTIMES = ("local", "gcp")

# What Strava lets an application ask for and we have a use for: nothing is ever written there.
_SCOPES = {"read", "read_all", "profile:read_all", "activity:read", "activity:read_all"}
_LEAST_SECRET = 16
_MAX_PORT = 65_535
_DAY_S = 86_400
_CLOUD_NAME = re.compile(r"[a-z][a-z0-9-]{1,40}[a-z0-9]")
_DATASET_PREFIX = re.compile(r"[a-z][a-z0-9_]{1,60}_")


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


def secret(value: str) -> Secret:
    if not value.strip():
        raise ValueError("must not be empty")
    return Secret(value)


def path_secret(value: str) -> Secret:
    if len(value) < _LEAST_SECRET or not value.replace("-", "").replace("_", "").isalnum():
        raise ValueError(
            f"must be at least {_LEAST_SECRET} letters, digits, - or _: it is the only thing that "
            "keeps strangers from posting events"
        )
    return Secret(value)


def positive(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise ValueError("must be a whole number above 0")
    return int(value)


def port(value: str) -> int:
    if not value.isdecimal() or not 0 < int(value) <= _MAX_PORT:
        raise ValueError(f"must be a port from 1 to {_MAX_PORT}")
    return int(value)


def seconds(value: str) -> float:
    try:
        found = float(value)
    except ValueError:
        found = -1
    if not 0 < found <= _DAY_S:
        raise ValueError(f"must be seconds, above 0 and at most {_DAY_S}")
    return found


def rehearsed(value: str) -> Rehearsed:
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


def url(value: str) -> str:
    if not value.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise ValueError("must be an https address (http only for this machine)")
    return value.rstrip("/")


def scopes(value: str) -> str:
    found = value.replace(",", " ").split()
    if unknown := sorted(set(found) - _SCOPES):
        raise ValueError(f"{', '.join(unknown)} is none of {', '.join(sorted(_SCOPES))}")
    if not {"activity:read", "activity:read_all"} & set(found):
        raise ValueError("must hold activity:read or activity:read_all, or nothing can be read")
    return ",".join(found)


def runtime(value: str) -> str:
    if value not in RUNTIMES:
        raise ValueError(f"must be one of {', '.join(RUNTIMES)}")
    return value


def cloud_name(value: str) -> str:
    if not _CLOUD_NAME.fullmatch(value):
        raise ValueError("must be lower-case letters, digits and -, such as paceline-dev")
    return value


def bucket(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]", value):
        raise ValueError("must be the name of a bucket, without gs://")
    return value


def dataset_prefix(value: str) -> str:
    if not _DATASET_PREFIX.fullmatch(value):
        raise ValueError("must be lower-case letters, digits and _, such as paceline_dev_")
    return value


def folder(value: str) -> Path:
    if not Path(value).is_dir():
        raise ValueError(f"{value} is not a folder")
    return Path(value)
