"""When an athlete was compared with Strava's list last, and when that is due again.

A comparison that holds something back is not over: it goes on in rounds, and what one of them asked
for is not asked for by the next. While what they ask for is really gone, they follow each other
soon; a list that only came back short is left alone for a day.
"""

from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta

from paceline.backoff import pause_after
from paceline.errors import Conflict
from paceline.ports import State

COLLECTION = "reconciles"

EVERY, FULL_EVERY, SOON = timedelta(days=1), timedelta(days=7), timedelta(hours=1)
_EARLY = timedelta(hours=1)  # a scheduler that is a little early finds its work due


@dataclass(frozen=True)
class Compared:
    """The document of an athlete; moments are text."""

    athlete_id: int
    any: str | None = None  # the last that came to its end
    full: str | None = None  # the last of the whole history
    last: str | None = None  # the last of all, also a round
    began: str | None = None  # the first round of one that is not over
    not_before: str | None = None
    attempts: int = 0  # that failed, since the last that did not

    @property
    def last_at(self) -> datetime | None:
        return _moment(self.last)

    @property
    def began_at(self) -> datetime | None:
        return _moment(self.began)

    def is_due(self, now: datetime) -> bool:
        if self.not_before and now < datetime.fromisoformat(self.not_before):
            return False
        return bool(self.began) or self.is_due_in_full(now) or _due(self.any, EVERY, now)

    def is_due_in_full(self, now: datetime) -> bool:
        return _due(self.full, FULL_EVERY, now)

    def done(self, now: datetime, *, whole: bool) -> "Compared":
        at = now.isoformat()
        full = at if whole else self.full
        return Compared(self.athlete_id, any=at, full=full, last=at)

    def held_back(self, now: datetime, *, is_trusted: bool) -> "Compared":
        """Another round follows."""
        at = now.isoformat()
        pause = SOON if is_trusted or not self.began else EVERY - _EARLY
        not_before = (now + pause).isoformat()
        began = self.began or at
        return replace(self, last=at, began=began, not_before=not_before, attempts=0)

    def failed(self, now: datetime) -> "Compared":
        not_before = (now + pause_after(self.attempts)).isoformat()
        return replace(self, not_before=not_before, attempts=self.attempts + 1)

    def waits(self, not_before: datetime) -> "Compared":
        return replace(self, not_before=not_before.isoformat())


def last_of(athlete_id: int, state: State) -> Compared:
    stored = state.get(COLLECTION, str(athlete_id))
    if stored is None:
        return Compared(athlete_id)
    names = {each.name for each in fields(Compared)}
    return Compared(**{name: value for name, value in stored.data.items() if name in names})


def remember(now_known: Compared, state: State) -> None:
    stored = state.get(COLLECTION, str(now_known.athlete_id))
    try:
        if stored:
            state.replace(COLLECTION, stored.id, asdict(now_known), stored.version)
        else:
            state.create(COLLECTION, str(now_known.athlete_id), asdict(now_known))
    except Conflict:
        return  # another run remembered the same


def _due(last: str | None, every: timedelta, now: datetime) -> bool:
    return last is None or now - datetime.fromisoformat(last) >= every - _EARLY


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
