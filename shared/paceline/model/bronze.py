"""Bronze: Strava's bytes as they came, under a name that says what, whose and when."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Kind = Literal["activity", "streams", "list", "athlete", "zones", "gear", "stats"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STAMP = "%Y%m%dT%H%M%S%fZ"


def version_of(fetched_at: datetime) -> int:
    """Microseconds since 1970: the version of everything that this fetch brought."""
    since = fetched_at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


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
        # No timestamp in the gzip header: the same bytes give the same object. Level 4 takes a
        # third of the time of level 6 for 7 % more bytes.
        return gzip.compress(self.body, compresslevel=4, mtime=0)

    def metadata(self) -> dict[str, str]:
        return {
            "request": self.request,
            "status": str(self.status),
            "fetched_at": self.fetched_at.isoformat(),
            **{f"header-{name.lower()}": value for name, value in self.headers.items()},
        }


def prefix_of(athlete_id: int, kind: Kind, activity_id: int = 0) -> str:
    folder = f"strava/athlete_id={athlete_id}/{kind}/"
    return f"{folder}activity_id={activity_id}/" if activity_id else folder
