"""A Strava in memory that fails the test when it is asked what nobody should ask."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from paceline.adapters.local.manual import ManualClock
from paceline.budget import HALT, PROBE
from paceline.errors import AccessLost, StravaUnavailable
from paceline.ports import Answer, Grant, TokenPair
from paceline.windows import Reads, next_day, next_quarter, quarter_of
from tests.contract.mortal import Life
from tests.doubles import MemoryStrava

QUARTER_READS, DAY_READS = 20, 120
LIMITS = {"x-readratelimit-limit": f"{QUARTER_READS},{DAY_READS}"}
OVER = {"x-readratelimit-usage": f"{QUARTER_READS + 1},{DAY_READS + 1}"}
INACTIVE = {"errors": [{"resource": "Application", "field": "Status", "code": "Inactive"}]}

# A process that chose its token and reserved its read, and was overtaken then, may ask although
# others know better since.
OVERTAKEN = 2


@dataclass
class WatchfulStrava(MemoryStrava):
    """Nobody may ask over the quota, unreserved, while blocked, or with a token that is dead.

    It has young activities, and bad days.
    """

    seen_at: dict[int, datetime] = field(default_factory=dict)  # not found before
    recorded_at: dict[int, datetime] = field(default_factory=dict)  # no streams before
    bad_days: list[str] = field(default_factory=list)  # what becomes of the next reads
    usage: Counter[str] = field(default_factory=Counter)  # by window
    pair_is_lost: bool = False  # somebody died between our answer and its storing
    pair_expires_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    asking: Life = field(default_factory=Life)  # of the process that asks

    # What our side has stored when it asks: its reads, and the token it would use.
    reserved: Callable[[], Reads | None] = lambda: None
    token: Callable[[], TokenPair | None] = lambda: None

    def get(self, path: str, params: Mapping[str, str], access_token: str) -> Answer:
        self._watch_reads()
        if self.asking.since > OVERTAKEN:
            self._watch_knowledge(access_token)
        self.headers = {} if path.endswith("/streams") else self._usage()
        answer = self._bad_day() or self._answer(path, params, access_token)
        self._take_time()
        return answer

    def refresh(self, refresh_token: str) -> TokenPair:
        if self.dead or refresh_token != f"refresh-{self.refreshes}":
            assert self.dead or self.pair_is_lost, "a dead refresh token was used"
            raise AccessLost
        pair = super().refresh(refresh_token)
        self._take_time()
        return pair

    def exchange(self, code: str) -> Grant:
        self.dead = self.pair_is_lost = False
        self.refreshes += 1
        return super().exchange(code)

    def pair(self) -> TokenPair:
        pair = super().pair()
        self.pair_expires_at = pair.expires_at
        return pair

    def _watch_reads(self) -> None:
        self.usage.update(_windows(self.clock.now()))
        quarter, day = self._used()
        assert quarter <= QUARTER_READS, "over the quota of a quarter"
        assert day <= DAY_READS, "over the quota of a day"
        reserved = self.reserved()
        assert reserved
        assert reserved.short.used >= quarter, "more reads than were reserved"
        assert reserved.long.used >= day, "more reads than were reserved"

    def _watch_knowledge(self, access_token: str) -> None:
        now, reads, token = self.clock.now(), self.reserved(), self.token()
        if reads and reads.blocked_until:
            # One may ask whether an application that was closed is open again.
            most = PROBE if reads.halted else timedelta(0)
            assert datetime.fromisoformat(reads.blocked_until) <= now + most, "asked while blocked"
        assert token, "nobody may ask for this athlete"
        assert token.access_token == access_token, "not the token that is stored"
        assert token.expires_at > now, "the token had expired"

    def _used(self) -> tuple[int, int]:
        quarter, day = (self.usage[window] for window in _windows(self.clock.now()))
        return quarter, day

    def _usage(self) -> dict[str, str]:
        quarter, day = self._used()
        return LIMITS | {"x-readratelimit-usage": f"{quarter},{day}"}

    def _bad_day(self) -> Answer | None:
        """What is answered instead; whoever hears it may know until when nobody may ask again."""
        kind, now = (self.bad_days.pop() if self.bad_days else ""), self.clock.now()
        if kind == "429":
            self.asking.told_to_wait = next_quarter(now)
            return self.answer(429, {})
        if kind == "429 for a day":
            self.asking.told_to_wait = next_day(now)
            return self.answer(429, {}, **LIMITS, **OVER)
        if kind == "inactive":
            self.asking.told_to_wait = now + HALT
            return self.answer(403, INACTIVE)
        if kind == "silence":
            raise StravaUnavailable("nobody answered")
        return self.answer(503, "<html>") if kind else None

    def _answer(self, path: str, params: Mapping[str, str], access_token: str) -> Answer:
        now, (place, _, rest) = self.clock.now(), path.partition("/")
        if self.dead or self.pair_expires_at <= now:
            return self.answer(401, {"message": "Authorization Error"})
        if place == "activities":
            number, _, what = rest.partition("/")
            if self.seen_at.get(int(number), now) > now:
                return self.answer(404, {})
            if what == "streams" and self.recorded_at.get(int(number), now) > now:
                return self.answer(200, {})
        return super().get(path, params, access_token)

    def _listed(self, params: Mapping[str, str]) -> list[dict[str, Any]]:
        now = self.clock.now()
        return [row for row in super()._listed(params) if self.seen_at[row["id"]] <= now]

    def _take_time(self) -> None:
        cast("ManualClock", self.clock).advance(0.05)


def _windows(now: datetime) -> tuple[str, str]:
    return f"the quarter from {quarter_of(now)}", f"the day to {next_day(now)}"
