"""Bronze: Strava's bytes as they came, under a name that says what, whose and when."""

import gzip
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, cast, get_args

# All but the settings, which the athlete gives by hand, are what Strava answered.
Kind = Literal["activity", "streams", "list", "athlete", "zones", "gear", "stats", "settings"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STAMP = "%Y%m%dT%H%M%S%fZ"
_NAME = re.compile(
    r"(strava/athlete_id=(?P<athlete>\d+)/(?P<kind>\w+)/(activity_id=(?P<activity>\d+)/)?"
    r"|settings/athlete_id=(?P<giver>\d+)/)"
    r"(?P<stamp>\w+)-[0-9a-f]{12}\.json\.gz"
)


def version_of(fetched_at: datetime) -> int:
    """Microseconds since 1970: the version of everything that this fetch brought."""
    since = fetched_at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@dataclass(frozen=True)
class Subject:
    """Whose and what; `activity_id` is 0 for what is of no one activity."""

    athlete_id: int
    activity_id: int
    asked_at: datetime


@dataclass(frozen=True)
class BronzeObject:
    """One answer of Strava about one activity, or (activity 0) about the athlete."""

    kind: Kind
    athlete_id: int
    activity_id: int
    fetched_at: datetime
    body: bytes
    request: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> int:
        return version_of(self.fetched_at)

    def name(self) -> str:
        folder = prefix_of(self.athlete_id, self.kind, self.activity_id)
        sha12 = hashlib.sha256(self.body).hexdigest()[:12]
        return f"{folder}{self.fetched_at.astimezone(UTC).strftime(_STAMP)}-{sha12}.json.gz"

    def packed(self) -> bytes:
        return packed(self.body)

    def metadata(self) -> dict[str, str]:
        return {
            "request": self.request,
            "status": str(self.status),
            "fetched_at": self.fetched_at.isoformat(),
            **{f"header-{name.lower()}": value for name, value in self.headers.items()},
        }


def packed(body: bytes) -> bytes:
    # No timestamp in the gzip header: the same bytes give the same object. Level 4 takes a
    # third of the time of level 6 for 7 % more bytes.
    return gzip.compress(body, compresslevel=4, mtime=0)


def prefix_of(athlete_id: int, kind: Kind, activity_id: int = 0) -> str:
    if kind == "settings":
        return f"settings/athlete_id={athlete_id}/"
    folder = f"strava/athlete_id={athlete_id}/{kind}/"
    return f"{folder}activity_id={activity_id}/" if activity_id else folder


def parse_name(name: str) -> tuple[Kind, Subject]:
    """What a name says. Raises ValueError for a name that `BronzeObject.name` does not give."""
    found = _NAME.fullmatch(name)
    kind = found and (found["kind"] or "settings")
    if found is None or kind not in get_args(Kind):
        raise ValueError(f"{name} is not the name of a bronze object.")
    asked_at = datetime.strptime(found["stamp"], _STAMP).replace(tzinfo=UTC)
    athlete_id = int(found["athlete"] or found["giver"])
    subject = Subject(athlete_id, int(found["activity"] or 0), asked_at)
    return cast("Kind", kind), subject


def dated(names: Iterable[str]) -> Iterator[tuple[str, datetime]]:
    """When Strava was asked for each; what is no name of ours is left out."""
    for name in names:
        with suppress(ValueError):
            yield name, parse_name(name)[1].asked_at
