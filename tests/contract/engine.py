"""What the engine's model stands on: a Strava that watches, and processes that die."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from paceline.adapters.cipher import AesGcmCipher
from paceline.adapters.local.blobs import FileBlobs
from paceline.adapters.local.bus import SqliteBus
from paceline.adapters.local.manual import CountingIds, ManualClock
from paceline.adapters.local.state import SqliteState
from paceline.budget import HALT, PROBE, Budget, next_day, next_quarter, quarter_of
from paceline.errors import (
    AccessLost,
    PublishUnavailable,
    Retryable,
    StoreUnavailable,
    StravaUnavailable,
)
from paceline.model.event import decode_event_message
from paceline.ports import Answer, Delivery, Grant, TokenPair
from paceline.reading import Reading
from paceline.runtime.local import LocalRuntime
from paceline.runtime.settings import Settings
from paceline.steps import fetch_activity, forget_athlete
from paceline.vault import Vault
from tests.builders import ATHLETE
from tests.doubles import MemoryStrava

QUARTER_READS, DAY_READS = 20, 120

# A process that reserved, and was then overtaken, may ask although others were told to wait since.
OVERTAKEN = 2

EVER, NO_TIME = "1970-01-01T00:00:00+00:00", timedelta(0)
FULL_DAY = {
    "x-readratelimit-limit": f"{QUARTER_READS},{DAY_READS}",
    "x-readratelimit-usage": f"{QUARTER_READS + 1},{DAY_READS + 1}",
}
INACTIVE = {"errors": [{"resource": "Application", "field": "Status", "code": "Inactive"}]}

SETTINGS = Settings.from_env(
    {
        "PACELINE_STRAVA_CLIENT_ID": "12345",
        "PACELINE_STRAVA_CLIENT_SECRET": "a-made-up-secret",
        "PACELINE_VERIFY_TOKEN": "verify-token",
        "PACELINE_WEBHOOK_SECRET": "webhook-secret-of-the-model",
    }
)


class KillNow(BaseException):
    """This process is no more."""


@dataclass
class Life:
    """What becomes of a process: an effect is a write, or a call to Strava."""

    effects: int | None = None  # that it has before it; None for as many as it likes
    fails: bool = False  # the next effect fails, and it lives on; otherwise it dies
    meanwhile: Callable[[], object] | None = None  # happens elsewhere before one of them
    before: int = 0  # which one
    since: int = 99  # how many it has had since
    has_failed: bool = False
    told_to_wait: datetime | None = None  # what it heard from Strava

    def spend(self, error: type[Exception]) -> None:
        self._see_to_others()
        if self.effects == 0 and self.fails:
            self.effects, self.has_failed = None, True
            raise error
        if self.effects == 0:
            raise KillNow
        if self.effects is not None:
            self.effects -= 1

    def _see_to_others(self) -> None:
        self.since += 1
        act = self.meanwhile if self.before == 0 else None
        self.before -= 1
        if act:
            self.meanwhile, self.since = None, 0
            act()


class Mortal:
    """A port as a process has it that may die, or fail, before any of these has its effect.

    To die after one of them is to die before the next; what only reads makes no difference.
    """

    def __init__(
        self, port: Any, life: Life, error: type[Exception], methods: Collection[str]
    ) -> None:
        self._port = port
        self._life = life
        self._error = error
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name not in self._methods:
            return found

        def effect(*arguments: Any, **named: Any) -> Any:
            self._life.spend(self._error)
            if name == "get":  # it is Strava who is asked
                self._port.asking = self._life
            return found(*arguments, **named)

        return effect


@dataclass
class WatchfulStrava(MemoryStrava):
    """Strava in memory, with quotas, young activities and bad days.

    It fails the test when it is asked what nobody should ask: over the quota or unreserved, while
    it said to wait, or with a token that is known to be dead.
    """

    seen_at: dict[int, datetime] = field(default_factory=dict)  # not found before
    recorded_at: dict[int, datetime] = field(default_factory=dict)  # no streams before
    bad_days: list[str] = field(default_factory=list)  # what becomes of the next reads
    usage: Counter[str] = field(default_factory=Counter)  # by window
    pair_is_lost: bool = False  # somebody died between our answer and its storing
    asking: Life = field(default_factory=Life)  # of the process that asks
    known: Callable[[], Any] = lambda: None  # the reads that were reserved, by window
    token: Callable[[], TokenPair | None] = lambda: None  # what the vault would use
    expires_at: datetime | None = None

    def get(self, path: str, params: Mapping[str, str], access_token: str) -> Answer:
        self._watch(access_token)
        self.headers = {} if path.endswith("/streams") else self._usage()
        answer = self._bad_day() or self._answer(path, params, access_token)
        self._time_passes()
        return answer

    def refresh(self, refresh_token: str) -> TokenPair:
        if self.dead or refresh_token != f"refresh-{self.refreshes}":
            assert self.dead or self.pair_is_lost, "a dead refresh token was used"
            raise AccessLost
        pair = super().refresh(refresh_token)
        self._time_passes()
        return pair

    def exchange(self, code: str) -> Grant:
        self.dead, self.pair_is_lost = False, False
        self.refreshes += 1
        return super().exchange(code)

    def pair(self) -> TokenPair:
        pair = super().pair()
        self.expires_at = pair.expires_at
        return pair

    def shows(self, activity_id: int) -> bool:
        return activity_id in self.details and self.seen_at[activity_id] <= self.clock.now()

    def _watch(self, access_token: str) -> None:
        now, is_overtaken = self.clock.now(), self.asking.since <= OVERTAKEN
        self.usage.update(_windows(now))
        quarter, day = (self.usage[window] for window in _windows(now))
        assert quarter <= QUARTER_READS, "over the quota of a quarter"
        assert day <= DAY_READS, "over the quota of a day"
        reserved = self.known()
        assert (reserved.short.used, reserved.long.used) >= (quarter, day), "not reserved"
        if is_overtaken:
            return
        blocked = datetime.fromisoformat(reserved.blocked_until or EVER)
        assert blocked <= now + (PROBE if reserved.halted else NO_TIME), "asked while blocked"
        token = self.token()
        assert token is not None, "nobody may ask for this athlete"
        assert token.access_token == access_token, "not the token that is stored"
        assert token.expires_at > now, "the token had expired"

    def _usage(self) -> dict[str, str]:
        quarter, day = (self.usage[window] for window in _windows(self.clock.now()))
        return {
            "x-readratelimit-limit": f"{QUARTER_READS},{DAY_READS}",
            "x-readratelimit-usage": f"{quarter},{day}",
        }

    def _bad_day(self) -> Answer | None:
        """What is answered instead; whoever hears it may know until when nobody may ask again."""
        kind, now = (self.bad_days.pop() if self.bad_days else ""), self.clock.now()
        if kind == "429":
            self.asking.told_to_wait = next_quarter(now)
            return self.answer(429, {})
        if kind == "429 for a day":
            self.asking.told_to_wait = next_day(now)
            return self.answer(429, {}, **FULL_DAY)
        if kind == "inactive":
            self.asking.told_to_wait = now + HALT
            return self.answer(403, INACTIVE)
        if kind == "silence":
            raise StravaUnavailable("nobody answered")
        return self.answer(503, "<html>") if kind else None

    def _answer(self, path: str, params: Mapping[str, str], access_token: str) -> Answer:
        alive = not self.dead and access_token == f"access-{self.refreshes}"
        if not alive or self.expires_at is None or self.expires_at <= self.clock.now():
            return self.answer(401, {"message": "Authorization Error"})
        if path.startswith("activities/"):
            activity_id = int(path.split("/")[1])
            ready = {**self.seen_at, **(self.recorded_at if "streams" in path else {})}
            if self.clock.now() < ready.get(activity_id, self.clock.now()):
                return self.answer(404, {}) if "streams" not in path else self.answer(200, {})
        return super().get(path, params, access_token)

    def _listed(self, params: Mapping[str, str]) -> list[dict[str, Any]]:
        return [row for row in super()._listed(params) if self.shows(row["id"])]

    def _time_passes(self) -> None:
        cast("ManualClock", self.clock).advance(0.05)


def _windows(now: datetime) -> tuple[str, str]:
    return f"the quarter from {quarter_of(now)}", f"the day to {next_day(now)}"


@dataclass
class Shared:
    """What outlives every process."""

    clock: ManualClock
    bus: SqliteBus
    state: SqliteState
    bronze: FileBlobs
    strava: WatchfulStrava
    cipher: AesGcmCipher
    ids: CountingIds = field(default_factory=CountingIds)

    def __post_init__(self) -> None:
        self.strava.known = Budget(self.state, self.clock).current
        self.strava.token = self.token
        self.vault = self.process().vault

    def process(self, life: Life | None = None) -> LocalRuntime:
        """A process that starts now."""
        self.clock.advance(0.001)
        life, runtime = life or Life(), LocalRuntime(SETTINGS)
        state = Mortal(self.state, life, StoreUnavailable, {"create", "replace", "delete"})
        bronze = Mortal(self.bronze, life, StoreUnavailable, {"put", "delete"})
        bus = Mortal(
            Mortal(self.bus, life, PublishUnavailable, {"publish"}),
            life,
            StoreUnavailable,
            {"ack", "nack"},
        )
        strava: Any = Mortal(
            self.strava, life, StravaUnavailable, {"get", "exchange", "refresh", "revoke"}
        )
        runtime.built.update(clock=self.clock, ids=self.ids, state=state, bronze=bronze, bus=bus)
        pause = self.clock.advance
        vault = Vault(runtime.state, self.cipher, strava, self.clock, self.ids, pause=pause)
        runtime.built.update(cipher=self.cipher, oauth=strava, vault=vault)
        runtime.built.update(reading=Reading(strava, runtime.budget, vault))
        return runtime

    def token(self) -> TokenPair | None:
        stored = self.state.get("tokens", str(ATHLETE))
        if stored is None or stored.data["status"] != "active":
            return None
        return self.vault._open(stored)


def worked(
    step: Callable[[LocalRuntime, Delivery], object], delivery: Delivery, process: LocalRuntime
) -> None:
    """What the push endpoint and the queue make of a step's end."""
    try:
        step(process, delivery)
    except Retryable as error:
        process.bus.nack(delivery, str(error))
    else:
        process.bus.ack(delivery)


def fetch(process: LocalRuntime, delivery: Delivery) -> None:
    message = decode_event_message(delivery.data)
    fetch_activity.run(message, process.fetching, attempt=delivery.attempt)


def forget(process: LocalRuntime, delivery: Delivery) -> None:
    forget_athlete.run(decode_event_message(delivery.data), process.forgetting)


STEPS: dict[str, Callable[[Delivery, LocalRuntime], None]] = {
    "forget_athlete": partial(worked, forget),
    "fetch_activity": partial(worked, fetch),
}
