"""The engine against Strava's truth: whatever happens, in whatever order, wherever a process dies.

Every step runs in a process of its own, which may die or fail before any of its writes and calls,
and be overtaken by others there. Strava watches (tests/contract/engine.py) that it is never asked
what nobody should ask. When all has calmed down, what landed must be what Strava says.
"""

import base64
import gzip
import json
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from paceline.adapters.cipher import AesGcmCipher
from paceline.adapters.local.blobs import FileBlobs
from paceline.adapters.local.bus import SqliteBus
from paceline.adapters.local.manual import CountingIds, ManualClock
from paceline.adapters.local.sqlite import Database
from paceline.adapters.local.state import SqliteState
from paceline.errors import Busy, Retryable
from paceline.model.event import Event
from paceline.model.landed import Landed, decode_landed
from paceline.model.routes import SUBSCRIPTIONS
from paceline.runtime.local import LocalRuntime
from paceline.steps import backfill, connect_athlete, receive_webhook, reconcile, release_work
from tests.builders import ATHLETE, NOW, as_bytes, detail, event, streams
from tests.contract.engine import (
    DAY_READS,
    QUARTER_READS,
    SETTINGS,
    STEPS,
    KillNow,
    Life,
    Shared,
    WatchfulStrava,
)

# Before which of its writes and calls a process dies, or that one fails; or whether neither.
End = tuple[int, bool] | None
ENDS = st.none() | st.tuples(st.integers(0, 11), st.booleans())
NUMBERS = st.integers(0, 2)
CHANGES = ["upload", "edit", "crop", "strip", "delete", "restore"]
MEANWHILE = st.sampled_from(["nothing", "nothing", "fetch", "compare", "edit", "crop", "delete"])
TROUBLES = st.sampled_from(
    ["429", "429 for a day", "inactive", "503", "silence", "leave", "forge", "lose"]
)
MOST_ACTIVITIES = 4
CALM_ROUNDS = 300


class Engine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")
        self.folder = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
        root, clock, ids = Path(self.folder.name), ManualClock(NOW), CountingIds()
        self.files = Database(root / "bus.sqlite"), Database(root / "state.sqlite")
        self.strava = WatchfulStrava(clock)
        self.shared = Shared(
            clock,
            SqliteBus(self.files[0], SUBSCRIPTIONS, clock, ids, jitter=lambda: 1.0),
            SqliteState(self.files[1]),
            FileBlobs(root / "bronze"),
            self.strava,
            AesGcmCipher("k1", {"k1": base64.b64decode(b"a" * 43 + b"=")}),
        )
        self.clock, self.bus = clock, self.shared.bus
        self.news: list[Event] = []  # what Strava still has to send
        self.deleted: dict[int, tuple[dict[str, Any], dict[str, Any] | None]] = {}
        self.versions = 0
        self.is_untold = False  # something happened that nobody will ever tell us

    def teardown(self) -> None:
        try:
            self.calm_down()
        finally:
            for file in self.files:
                file.close()
            self.folder.cleanup()

    # Processes.

    def run(self, act: Callable[[LocalRuntime], object], life: Life | None = None) -> None:
        life = life or Life()
        try:
            act(self.shared.process(life))
        except (KillNow, Retryable):  # what only the dead was told is not known
            self.strava.pair_is_lost |= not self._holds_the_pair()
            return
        except Busy:
            return
        if life.told_to_wait and not life.has_failed:
            blocked = self.shared.process().budget.current().blocked_until
            assert blocked
            assert datetime.fromisoformat(blocked) >= life.told_to_wait

    def deliver(self, step: str, life: Life | None = None) -> None:
        for delivery in self.bus.pull(step, 1):
            self.run(partial(STEPS[step], delivery), life)

    def release(self, life: Life | None = None) -> None:
        self.run(lambda process: release_work.run(process.releasing, limit=10), life)

    def connect(self, life: Life | None = None) -> None:
        self.strava.recorded_at.clear()  # a person takes longer than a recording
        self.run(lambda process: connect_athlete.connect("code", process.connecting), life)

    @initialize(days_ago=st.lists(st.sampled_from([0, 3, 40]), min_size=1, max_size=3))
    def begin(self, days_ago: list[int]) -> None:
        for each in days_ago:
            self._upload(each)
        limits = {"x-readratelimit-limit": f"{QUARTER_READS},{DAY_READS}"}
        self.run(lambda process: process.budget.observe(limits, self.clock.now()))
        self.connect()

    @rule(end=ENDS, number=NUMBERS)
    def a_busy_minute(self, end: End, number: int) -> None:
        """All that is due, in a process each; one of them may end badly."""
        self.time_passes(60)
        self.release(a_life(end) if number == 0 else None)
        while self._is_due("fetch_activity"):
            number -= 1
            self.deliver("fetch_activity", a_life(end) if number == 0 else None)

    @precondition(lambda self: self.bus.backlog("fetch_activity"))
    @rule(end=ENDS, meanwhile=MEANWHILE, number=NUMBERS, before=st.integers(0, 10))
    def fetch(self, end: End, meanwhile: str, number: int, before: int) -> None:
        """Something else happens before one of its writes and calls."""
        others: dict[str, Callable[[], None]] = {
            "nothing": lambda: None,
            "fetch": lambda: self.deliver("fetch_activity"),
            "compare": lambda: self.compare(None, full=True),
        }
        happens = others.get(meanwhile, lambda: self._change(meanwhile, number, 0))
        self.deliver("fetch_activity", a_life(end, happens, before))

    @precondition(lambda self: self.bus.backlog("forget_athlete"))
    @rule(end=ENDS)
    def forget(self, end: End) -> None:
        self.deliver("forget_athlete", a_life(end))

    @rule(end=ENDS, full=st.booleans())
    def compare(self, end: End, *, full: bool) -> None:
        self.run(lambda process: reconcile.run(process.reconciling, full=full), a_life(end))

    @precondition(lambda self: self.is_cut_off())
    @rule(end=ENDS)
    def connect_again(self, end: End) -> None:
        self.connect(a_life(end))

    def is_cut_off(self) -> bool:
        return self.shared.token() is None or self.strava.dead or self.strava.pair_is_lost

    # What happens at Strava.

    @rule(
        kind=st.sampled_from(CHANGES),
        number=NUMBERS,
        after_s=st.sampled_from([0, 0, 15, 240, 900]),
        told=st.booleans(),
    )
    def change(self, kind: str, number: int, after_s: int, *, told: bool) -> None:
        self._change(kind, number, after_s)
        if told and self.news:
            self.news_arrives(None, -1, twice=False)

    @rule(
        kind=st.sampled_from(CHANGES),
        number=NUMBERS,
        end=ENDS,
        meanwhile=MEANWHILE,
        before=st.integers(0, 10),
    )
    def live(self, kind: str, number: int, end: End, meanwhile: str, before: int) -> None:
        """What happens is told and fetched at once."""
        self.change(kind, number, 0, told=True)
        self.fetch(end, meanwhile, number, before)

    def _change(self, kind: str, number: int, after_s: int) -> None:
        if kind == "restore" and not self.deleted:
            return
        if kind == "upload" or not self.strava.details:
            if len(self.strava.details) + len(self.deleted) < MOST_ACTIVITIES:
                self._tell(self._upload((0, 3, 40)[number], after_s), "create")
            return
        changed = self.deleted if kind == "restore" else self.strava.details
        activity_id = sorted(changed)[number % len(changed)]
        if kind == "edit":
            self.versions += 1
            self.strava.details[activity_id]["name"] = f"Version {self.versions}"
        elif kind == "delete":
            recording = self.strava.streams.pop(activity_id, None)
            self.deleted[activity_id] = self.strava.details.pop(activity_id), recording
        elif kind == "restore":
            self.strava.details[activity_id], recording = self.deleted.pop(activity_id)
            if recording:
                self.strava.streams[activity_id] = recording
        else:
            self._record(activity_id, after_s, has_streams=kind == "crop")
        self._tell(activity_id, {"delete": "delete", "restore": "create"}.get(kind, "update"))

    def _upload(self, days_ago: int, after_s: int = 0) -> int:
        """It may be found only after a while, and its recording later still."""
        activity_id = len(self.strava.details) + len(self.deleted) + 1
        now = self.clock.now()
        started = (now - timedelta(days=days_ago, hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.strava.seen_at[activity_id] = now + timedelta(seconds=after_s)
        self.strava.details[activity_id] = detail(id=activity_id, start_date=started)
        self._record(activity_id, 2 * after_s)
        return activity_id

    @precondition(lambda self: self.news)
    @rule(end=ENDS, number=NUMBERS, twice=st.booleans())
    def news_arrives(self, end: End, number: int, *, twice: bool) -> None:
        news = self.news[number % len(self.news)]

        def receive(process: LocalRuntime) -> None:
            body = json.dumps(news.as_json()).encode()
            request = receive_webhook.Request(
                "POST", SETTINGS.webhook_secret, {}, len(body), BytesIO(body)
            )
            assert receive_webhook.handle(request, process.receiving).status == 200
            if not twice:
                self.news.remove(news)

        self.run(receive, a_life(end))

    @rule(kind=TROUBLES, number=NUMBERS)
    def trouble(self, kind: str, number: int) -> None:
        if kind == "leave":
            self.strava.dead = self.is_untold = True
            self._deauthorise()
        elif kind == "lose":
            self.is_untold |= bool(self.news)
            self.news[:1] = []
        elif kind == "forge":
            self._forge(number)
        else:
            self.strava.bad_days.append(kind)

    @rule(seconds=st.sampled_from([1, 30, 300, 900, 3_600, 6 * 3_600]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def _record(self, activity_id: int, after_s: int, *, has_streams: bool = True) -> None:
        """The device's recording, or another one: both show in the detail."""
        self.versions += 1
        self.strava.details[activity_id]["elapsed_time"] = 4_000 + self.versions
        if self._is_for_a_backfill(activity_id):
            after_s = 0  # it takes it that what is old was recorded long ago
        self.strava.recorded_at[activity_id] = self.clock.now() + timedelta(seconds=after_s)
        if has_streams:
            self.strava.streams[activity_id] = streams(time=[0, self.versions])
        else:
            self.strava.streams.pop(activity_id, None)

    def _is_for_a_backfill(self, activity_id: int) -> bool:
        started = datetime.fromisoformat(self.strava.details[activity_id]["start_date"])
        entry = self.shared.process().ledger.get(activity_id)
        wanted = entry is None or (entry.state, entry.reason) == ("parked", "backfill")
        return wanted and started < self.clock.now() - timedelta(hours=20)

    def _tell(self, activity_id: int, aspect: str) -> None:
        self.news.append(event(object_id=activity_id, aspect_type=aspect))

    def _deauthorise(self) -> None:
        updates = {"authorized": "false"}
        self.news.append(
            event(object_type="athlete", object_id=ATHLETE, aspect_type="update", updates=updates)
        )

    def _forge(self, number: int) -> None:
        if number == 0:
            self._deauthorise()
        elif number == 1:
            self.news.append(event(object_id=1, owner_id=ATHLETE + 1))
        else:
            self._tell(1, "delete")

    # What must hold.

    @invariant()
    def the_pair_that_strava_gave_last_is_stored(self) -> None:
        assert self.strava.pair_is_lost or self._holds_the_pair()
        athlete = self.shared.vault.athlete(ATHLETE)
        # Work of those who leave is given up, and their events are not heard.
        self.is_untold |= athlete is not None and athlete.status == "erasing"

    def calm_down(self) -> None:
        """Nothing happens any more: all work is done, and then a comparison finds nothing."""
        self.strava.bad_days.clear()
        while self.news:
            self.news_arrives(None, 0, twice=False)
        self._work_off()
        self.the_pair_that_strava_gave_last_is_stored()
        if not self.is_untold and not self.bus.dead_letters("fetch_activity"):
            self._check()  # deaths, failures and races alone heal without a comparison
        while self._differs():
            self._work_off()
        self._check()

    def _work_off(self) -> None:
        for _ in range(CALM_ROUNDS):
            if self.is_cut_off():
                self.connect()
            self.release()
            for step in STEPS:
                while self._is_due(step):
                    self.deliver(step)
            if not any(self._left()):
                return
            self.clock.advance(600)
        raise AssertionError(f"work is left for ever: {self._left()}")

    def _left(self) -> tuple[int, ...]:
        process = self.shared.process()
        return (
            process.ledger.counts()["parked"],
            *(self.bus.backlog(step) for step in STEPS),
            len(backfill.unfinished(process.backfilling)),
            int(self.is_cut_off()),
        )

    def _is_due(self, step: str) -> bool:
        due = self.bus.next_due(step)
        return due is not None and due <= self.clock.now()

    def _holds_the_pair(self) -> bool:
        pair = self.shared.token()
        return pair is None or pair.refresh_token == f"refresh-{self.strava.refreshes}"

    def _differs(self) -> bool:
        self.clock.advance(24 * 3_600)
        process = self.shared.process()
        report = reconcile.reconcile(process.reconciling, full=True, force=True)
        if report.failed:
            assert all("not before" in why for why in report.failed.values()), report.failed
            return True
        return any(any(found.wanted.values()) or found.held_back for found in report.found)

    def _check(self) -> None:
        landed = [decode_landed(row) for row in self._published()]
        activities, recordings = (newest(self._rows(landed, kind)) for kind in KINDS)
        assert activities == {each: as_bytes(body) for each, body in self.strava.details.items()}
        assert recordings == {each: as_bytes(body) for each, body in self.strava.streams.items()}

    def _published(self) -> list[bytes]:
        query = "SELECT data FROM messages WHERE subscription = 'load_silver'"
        with self.files[0].reading() as connection:
            return [data for (data,) in connection.execute(query)]

    def _rows(self, landed: list[Landed], kind: str) -> list[tuple[int, int, bytes | None]]:
        """Activity, version and bytes, as load_silver would load them; None for a tombstone."""
        rows: list[tuple[int, int, bytes | None]] = []
        for each in landed:
            if each.op == "upsert" and each.kind == "list" and kind == "activity":
                listed = json.loads(self._bytes(each))
                early = each.version // 1_000_000
                rows += [(row["id"], early, b"as a list shows it") for row in listed]
            elif each.op == "upsert" and each.kind == kind:
                rows.append((each.activity_id, each.version, self._bytes(each)))
            elif each.op == "tombstone" and each.kind in {kind, "activity"}:
                rows.append((each.activity_id, each.version, None))
        return rows

    def _bytes(self, landed: Landed) -> bytes:
        blob = self.shared.bronze.get(landed.bronze_name)
        assert blob is not None, "it landed before it was stored"
        return gzip.decompress(blob.data)


KINDS = ("activity", "streams")


def a_life(end: End, meanwhile: Callable[[], object] | None = None, before: int = 0) -> Life:
    effects, fails = end or (None, False)
    return Life(effects, fails, meanwhile, before)


def newest(rows: list[tuple[int, int, bytes | None]]) -> dict[int, bytes]:
    """As silver is built: the latest version of each activity, unless it is a tombstone."""
    latest = {activity_id: body for activity_id, _, body in sorted(rows, key=lambda row: row[:2])}
    return {activity_id: body for activity_id, body in latest.items() if body is not None}


TestEngineAgainstStrava = Engine.TestCase
TestEngineAgainstStrava.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, derandomize=True, database=None
)
