"""The machine's own time and randomness."""

import uuid
from datetime import UTC, datetime


class SystemClock:
    """The time now, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class RandomIds:
    """122 random bits: two never meet."""

    def new(self) -> str:
        return uuid.uuid4().hex
