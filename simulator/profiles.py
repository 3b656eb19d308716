"""What athletes say about themselves, which may change; the past keeps what was true then."""

from dataclasses import dataclass, replace
from typing import Any

from simulator.athletes import Athlete


@dataclass(frozen=True, slots=True)
class Profile:
    first_name: str
    weight_kg: float
    ftp_w: int | None
    max_hr: int
    premium: bool
    updated_s: float | None = None

    @property
    def changes(self) -> dict[str, Any]:
        """What differs from a recorded body, as it goes over the wire."""
        if self.updated_s is None:
            return {}
        return {
            "firstname": self.first_name,
            "weight": self.weight_kg,
            "ftp": self.ftp_w,
            "premium": self.premium,
            "summit": self.premium,
        }


class Profiles:
    """Every state of every profile that was changed, oldest first."""

    def __init__(self) -> None:
        self._changed: dict[int, list[Profile]] = {}

    def now(self, athlete: Athlete) -> Profile:
        return self._changed.get(athlete.index, [_drawn(athlete)])[-1]

    def at(self, athlete: Athlete, when_s: float) -> Profile:
        """As it was at an instant."""
        states = self._changed.get(athlete.index, ())
        before = [state for state in states if (state.updated_s or 0.0) <= when_s]
        return before[-1] if before else _drawn(athlete)

    def change(self, athlete: Athlete, now_s: float, changes: dict[str, Any]) -> Profile:
        changed = replace(self.now(athlete), **changes, updated_s=now_s)
        self._changed.setdefault(athlete.index, []).append(changed)
        return changed


def _drawn(athlete: Athlete) -> Profile:
    return Profile(
        first_name=athlete.first_name,
        weight_kg=athlete.weight_kg,
        ftp_w=round(athlete.ftp_w) if athlete.has_meter else None,
        max_hr=athlete.max_hr,
        premium=athlete.subscribes,
    )
