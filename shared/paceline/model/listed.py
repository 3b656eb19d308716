"""An activity as a list shows it: enough to see what is new, changed or gone."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

# What an athlete may edit and a list shows. Counts of kudos and the like come and go by themselves.
_TOLD = (
    "name",
    "sport_type",
    "workout_type",
    "started_at",
    "started_local",
    "distance_m",
    "moving_time_s",
    "elapsed_time_s",
    "elevation_gain_m",
    "gear_id",
    "private",
    "visibility",
    "trainer",
    "commute",
    "flagged",
)


@dataclass(frozen=True)
class Listed:
    """One row of a list. Without a `row` it does not fit; only its id could be read."""

    activity_id: int
    row: Mapping[str, Any] | None

    @property
    def started_at(self) -> datetime | None:
        return self.row["started_at"] if self.row else None

    @property
    def fingerprint(self) -> str | None:
        return fingerprint(self.row) if self.row else None


def fingerprint(row: Mapping[str, Any]) -> str:
    """Equal for a list's row and a detail that say the same."""
    told = "|".join(str(row[name]) for name in _TOLD)
    return hashlib.sha256(told.encode()).hexdigest()
