"""The athlete: profile, zones, totals and gear, kept current and dated by when Strava was asked."""

import json
from dataclasses import dataclass

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


def fetch(athlete_id: int, cause: Cause, use: Profiling, *, scopes: tuple[str, ...]) -> int:
    """Read what the scopes allow. Returns how many answers went to the lake."""
    athlete = _keep("athlete", "athlete", athlete_id, cause, use)
    kept = int(athlete is not None)
    if "profile:read_all" in scopes:
        kept += _keep("zones", "athlete/zones", athlete_id, cause, use) is not None
    kept += _keep("stats", f"athletes/{athlete_id}/stats", athlete_id, cause, use) is not None
    for gear_id in _gear_ids(athlete):
        kept += _keep("gear", f"gear/{gear_id}", athlete_id, cause, use) is not None
    return kept


def _keep(kind: Kind, path: str, athlete_id: int, cause: Cause, use: Profiling) -> bytes | None:
    asked_at = use.clock.now()
    answer = use.reading.get(athlete_id, path, {}, Priority.EDIT)
    if answer.status != OK:
        return None
    use.lake.keep(answer, kind, Subject(athlete_id, 0, asked_at), cause)
    return answer.body


def _gear_ids(athlete: bytes | None) -> list[str]:
    """Bikes and shoes of the profile; none when it shows none, as without profile:read_all."""
    try:
        profile = json.loads(athlete or b"{}")
    except ValueError:
        return []
    owned = [*(profile.get("bikes") or []), *(profile.get("shoes") or [])]
    return [str(each["id"]) for each in owned if isinstance(each, dict) and each.get("id")]
