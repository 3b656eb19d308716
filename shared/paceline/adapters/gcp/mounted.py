"""A secret that is mounted as a file: each read of it asks Secret Manager, over the network."""

from datetime import datetime, timedelta
from pathlib import Path

from paceline.ports import Clock

FRESH_S = 60.0
DOUBTED_S = 1.0  # a number that does not fit may have changed: it is read again sooner


class MountedNumber:
    """A number in such a file, read once a minute, or a second when another one is expected."""

    def __init__(self, file: Path, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self._known: int | None = None
        self._read_at: datetime | None = None

    def allows(self, number: int) -> bool:
        """Whether it is this one, or there is none yet."""
        return self.value() in {None, number} or self.value(DOUBTED_S) in {None, number}

    def value(self, fresh_s: float = FRESH_S) -> int | None:
        """None where there is none yet; what was known before where the file cannot be read."""
        now = self._clock.now()
        if self._read_at is None or now - self._read_at >= timedelta(seconds=fresh_s):
            self._read_at = now  # before it is read: other threads go on with what is known
            self._known = self._read()
        return self._known

    def _read(self) -> int | None:
        try:
            return int(self._file.read_text())
        except OSError:
            return self._known
        except ValueError:
            return None
