"""The athlete: profile, zones, totals and gear, kept current and dated by when Strava was asked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from paceline.errors import StravaRefused, StravaUnavailable
from paceline.lake import Cause, Lake
from paceline.model.bronze import Kind, Subject
from paceline.model.priority import Priority
from paceline.ports import Clock, Wire
from paceline.reading import OK, Reading


@dataclass(frozen=True)
class Profiling:
    """What reading a profile needs."""

    reading: Reading
    wire: Wire
    lake: Lake
    clock: Clock


@dataclass
class _Profile:
    """One reading of it: each part by itself, so that one that is refused stops no other."""

    athlete_id: int
    cause: Cause
    use: Profiling
    refused: list[str] = field(default_factory=list)

    def keep(self, kind: Kind, path: str) -> bytes | None:
        use, subject = self.use, Subject(self.athlete_id, 0, self.use.clock.now())
        try:
            answer = use.reading.get(self.athlete_id, path, {}, Priority.EDIT)
        except (StravaRefused, StravaUnavailable) as error:
            named = f"{type(error).__name__}: {error}"
            self.refused.append(f"{path}: {named}")
            use.lake.tell("failure", kind, subject, self.cause, note=named)
            return None
        if answer.status != OK:
            return None
        use.lake.keep(answer, kind, subject, self.cause)
        return answer.body


def fetch(athlete_id: int, cause: Cause, use: Profiling, *, scopes: Sequence[str]) -> Sequence[str]:
    """Read what the scopes allow. Returns what Strava refused or failed to give, and why."""
    profile = _Profile(athlete_id, cause, use)
    athlete = profile.keep("athlete", "athlete")
    if "profile:read_all" in scopes:
        profile.keep("zones", "athlete/zones")
    profile.keep("stats", f"athletes/{athlete_id}/stats")
    for gear_id in _gear_ids(athlete):
        profile.keep("gear", f"gear/{gear_id}")
    return profile.refused


def _gear_ids(athlete: bytes | None) -> list[str]:
    """Bikes and shoes of the profile; none when it shows none, as without profile:read_all."""
    try:
        profile = json.loads(athlete or b"{}")
    except ValueError:
        return []
    owned = [*(profile.get("bikes") or []), *(profile.get("shoes") or [])]
    return [str(each["id"]) for each in owned if isinstance(each, dict) and each.get("id")]
