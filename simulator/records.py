"""Personal bests, rounds of the same course and gear mileage: what a history says as a whole.

A rank is kept for whole rounds of a course alone. Their time is known without streams, so a list
shows the same counts as the activities in it.
"""

from dataclasses import dataclass, field
from typing import Any

from simulator.athletes import Athlete
from simulator.segments import is_whole_round
from simulator.sharing import lot
from simulator.world import Activity

_BEST = 3
_LEADERBOARD_IN = 4
_LEADERBOARD = 10
_OVERALL, _PERSONAL = 2, 3

Rounds = dict[tuple[str, int], list[Activity]]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a round compares with the athlete's earlier ones when it was done."""

    pr_rank: int | None
    kom_rank: int | None
    effort_count: int

    @property
    def achievements(self) -> list[dict[str, Any]]:
        overall = {"type_id": _OVERALL, "type": "overall", "rank": self.kom_rank}
        personal = {"type_id": _PERSONAL, "type": "pr", "rank": self.pr_rank}
        ranked = [a for a in (overall, personal) if a["rank"] is not None]
        return [achievement | {"effort_count": self.effort_count} for achievement in ranked]


UNRANKED = Standing(None, None, 0)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Of one athlete, as the history stands."""

    history: list[Activity]
    standings: dict[int, Standing] = field(default_factory=dict)
    rounds: Rounds = field(default_factory=dict)
    metres_by_gear: dict[str, float] = field(default_factory=dict)

    def standing(self, activity: Activity) -> Standing:
        return self.standings.get(activity.activity_id, UNRANKED)

    def rounds_until(self, activity: Activity) -> list[Activity]:
        """The rounds of the same course up to this one, oldest first; none if it is no round."""
        same = self.rounds.get((activity.plan.book, activity.plan.course_number), [])
        numbers = [other.activity_id for other in same]
        if activity.activity_id not in numbers:
            return []
        return same[: numbers.index(activity.activity_id) + 1]


class Records:
    """Ledgers, drawn up again only after something changed."""

    def __init__(self) -> None:
        self._kept: dict[int, Ledger] = {}

    def of(self, athlete: Athlete, history: list[Activity]) -> Ledger:
        kept = self._kept.get(athlete.index)
        if kept is None or kept.history is not history:
            kept = self._kept[athlete.index] = _drawn_up(athlete, history)
        return kept


def _drawn_up(athlete: Athlete, history: list[Activity]) -> Ledger:
    ledger = Ledger(history)
    for activity in reversed(history):
        if activity.gear_id:
            metres = ledger.metres_by_gear.get(activity.gear_id, 0.0)
            ledger.metres_by_gear[activity.gear_id] = metres + activity.figures.distance_m
        if is_whole_round(athlete, activity):
            key = (activity.plan.book, activity.plan.course_number)
            same = ledger.rounds.setdefault(key, [])
            ledger.standings[activity.activity_id] = _compared(activity, same)
            same.append(activity)
    return ledger


def _compared(activity: Activity, earlier: list[Activity]) -> Standing:
    """The first time on a course is no best; the second already is first or second."""
    took_s = activity.figures.elapsed_s
    place = 1 + sum(other.figures.elapsed_s <= took_s for other in earlier)
    if not earlier or place > _BEST:
        return Standing(None, None, len(earlier) + 1)
    on_board = place == 1 and lot(activity.activity_id, 3, _LEADERBOARD_IN) == 0
    kom_rank = 1 + lot(activity.activity_id, 4, _LEADERBOARD) if on_board else None
    return Standing(place, kom_rank, len(earlier) + 1)
