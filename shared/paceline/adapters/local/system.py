"""The machine's own time and randomness."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime


class SystemClock:
    """The time now, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class ScaledClock:
    """A rehearsal's time: at the instant `real` it was `simulated`, and it runs `speed` times.

    Every process that is given the same three agrees on it, and so does one that starts again.
    """

    real: datetime
    simulated: datetime
    speed: float

    def now(self) -> datetime:
        return self.simulated + (datetime.now(UTC) - self.real) * self.speed


class RandomIds:
    """122 random bits: two never meet."""

    def new(self) -> str:
        return uuid.uuid4().hex
