"""The engine against Strava's truth: whatever happens, in whatever order, wherever a process dies.

Every rule that runs a step runs it in a process of its own, which may die before any of its writes
and calls. Strava watches (tests/contract/engine.py) that it is never asked what nobody should ask.
When everything has calmed down, what landed must be what Strava says.
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
from paceline.model.event import Event, decode_event_message
from paceline.model.landed import Landed, decode_landed
from paceline.model.routes import SUBSCRIPTIONS
from paceline.ports import Delivery
from paceline.runtime.local import LocalRuntime
from paceline.steps import (
    backfill,
    connect_athlete,
    fetch_activity,
    forget_athlete,
    receive_webhook,
    reconcile,
    release_work,
)
from tests.builders import ATHLETE, NOW, as_bytes, detail, event, streams
from tests.contract.engine import (
    DAY_READS,
    QUARTER_READS,
    SETTINGS,
    KillNow,
    Shared,
    WatchfulStrava,
)

KILLS = st.none() | st.integers(0, 5) | st.integers(0, 16)
NUMBERS = st.integers(0, 7)
BAD_DAYS = ["429", "429 for a day", "inactive", "503", "silence"]
CALM_ROUNDS = 300

Act = Callable[[LocalRuntime], object]


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
        self.landed: list[Landed] = []

    def teardown(self) -> None:
        try:
            self.calm_down()
        finally:
            for file in self.files:
                file.close()
            self.folder.cleanup()

    # Processes.

    def run(self, act: Act, writes: int | None = None) -> None:
        """In a process of its own, which may die before one of its writes and calls."""
        try:
            act(self.shared.process(writes))
        except KillNow:  # what only the dead was told is not known
            stored = self.shared.token()
            held = stored is None or stored.refresh_token == f"refresh-{self.strava.refreshes}"
            self.strava.pair_is_lost |= not held
            if not self.shared.process(None).budget.current().blocked_until:
                self.strava.quiet_until = None

    @initialize(days_ago=st.lists(st.sampled_from([0, 3, 40]), min_size=1, max_size=3))
    def connects(self, days_ago: list[int]) -> None:
        for each in days_ago:
            self.upload(0, 0, each)
        self.news.clear()  # nobody was told of what is there already
        limits = {"x-readratelimit-limit": f"{QUARTER_READS},{DAY_READS}"}
        self.run(lambda process: process.budget.observe(limits, self.clock.now()))
        self.run(lambda process: connect_athlete.connect("code", process.connecting))

    @precondition(lambda self: self.news)
    @rule(writes=KILLS, number=NUMBERS, twice=st.booleans())
    def news_arrives(self, writes: int | None, number: int, *, twice: bool) -> None:
        news = self.news[number % len(self.news)]

        def receive(process: LocalRuntime) -> None:
            body = json.dumps(news.as_json()).encode()
            request = receive_webhook.Request(
                "POST", SETTINGS.webhook_secret, {}, len(body), BytesIO(body)
            )
            assert receive_webhook.handle(request, process.receiving).status == 200
            if not twice:
                self.news.remove(news)

        self.run(receive, writes)

    @precondition(lambda self: self.news)
    @rule(number=NUMBERS)
    def news_is_lost(self, number: int) -> None:
        del self.news[number % len(self.news)]

    @precondition(lambda self: self.bus.backlog("fetch_activity"))
    @rule(
        writes=KILLS,
        meanwhile=st.sampled_from(["nothing", "edit", "crop", "delete", "fetch", "reconcile"]),
        number=NUMBERS,
    )
    def fetch(self, writes: int | None, meanwhile: str = "nothing", number: int = 0) -> None:
        happens: dict[str, Callable[[], None]] = {
            "edit": lambda: self.edit(number),
            "crop": lambda: self.crop(number, 0, has_streams=True),
            "delete": lambda: self.delete(number),
            "fetch": lambda: self.deliver("fetch_activity", fetch_one, None),
            "reconcile": lambda: self.compares(None, full=True),
        }
        if meanwhile in happens:
            self.strava.soon = [happens[meanwhile]]
        self.deliver("fetch_activity", fetch_one, writes)
        self.strava.soon = []

    @rule(writes=KILLS, number=NUMBERS)
    def a_busy_minute(self, writes: int | None, number: int) -> None:
        """All that is due, and one of the processes may die."""
        self.time_passes(60)
        self.release(None)
        done = 0
        while self._is_due("fetch_activity"):
            self.deliver("fetch_activity", fetch_one, writes if done == number else None)
            done += 1

    @precondition(lambda self: self.bus.backlog("forget_athlete"))
    @rule(writes=KILLS)
    def forget(self, writes: int | None) -> None:
        self.deliver("forget_athlete", forget_one, writes)

    def deliver(
        self, step: str, act: Callable[[LocalRuntime, Delivery], object], writes: int | None
    ) -> None:
        for delivery in self.bus.pull(step, 1):
            self.run(partial(worked, delivery, act), writes)

    @rule(writes=KILLS)
    def release(self, writes: int | None) -> None:
        self.run(lambda process: release_work.run(process.releasing, limit=10), writes)

    @rule(writes=KILLS, full=st.booleans())
    def compares(self, writes: int | None, *, full: bool) -> None:
        def compare(process: LocalRuntime) -> None:
            try:
                reconcile.run(process.reconciling, full=full)
            except Busy:
                return

        self.run(compare, writes)

    @precondition(lambda self: self.is_cut_off())
    @rule(writes=KILLS)
    def connects_again(self, writes: int | None) -> None:
        self.strava.recorded_at.clear()  # a person takes longer than a recording
        self.run(lambda process: connect_athlete.connect("code", process.connecting), writes)

    def is_cut_off(self) -> bool:
        return self.shared.token() is None or self.strava.dead or self.strava.pair_is_lost

    # What happens at Strava.

    @rule(
        seen_after_s=st.sampled_from([0, 0, 15, 900]),
        recorded_after_s=st.sampled_from([0, 0, 240, 1_200]),
        days_ago=st.sampled_from([0, 3, 40]),
    )
    def upload(self, seen_after_s: int, recorded_after_s: int, days_ago: int) -> None:
        activity_id = len(self.strava.details) + len(self.deleted) + 1
        started = self.clock.now() - timedelta(days=days_ago, hours=1)
        self.strava.seen_at[activity_id] = self.clock.now() + timedelta(seconds=seen_after_s)
        self.strava.details[activity_id] = detail(
            id=activity_id, start_date=started.strftime("%Y-%m-%dT%H:%M:%SZ")
        )
        self._record(activity_id, recorded_after_s, has_streams=True)
        self._tell(activity_id, "create")

    @precondition(lambda self: self.strava.details)
    @rule(number=NUMBERS)
    def edit(self, number: int) -> None:
        if (activity_id := self._one(number)) is not None:
            self.versions += 1
            self.strava.details[activity_id]["name"] = f"Version {self.versions}"
            self._tell(activity_id, "update")

    @precondition(lambda self: self.strava.details)
    @rule(number=NUMBERS, after_s=st.sampled_from([0, 240, 1_200]), has_streams=st.booleans())
    def crop(self, number: int, after_s: int, *, has_streams: bool) -> None:
        if (activity_id := self._one(number)) is not None:
            self._record(activity_id, after_s, has_streams=has_streams)
            self._tell(activity_id, "update")

    @precondition(lambda self: self.strava.details)
    @rule(number=NUMBERS)
    def delete(self, number: int) -> None:
        if (activity_id := self._one(number)) is not None:
            recording = self.strava.streams.pop(activity_id, None)
            self.deleted[activity_id] = self.strava.details.pop(activity_id), recording
            self._tell(activity_id, "delete")

    @precondition(lambda self: self.deleted)
    @rule(number=NUMBERS)
    def restore(self, number: int) -> None:
        activity_id = sorted(self.deleted)[number % len(self.deleted)]
        self.strava.details[activity_id], recording = self.deleted.pop(activity_id)
        if recording:
            self.strava.streams[activity_id] = recording
        self._tell(activity_id, "create")

    @rule()
    def leave(self) -> None:
        self.strava.dead = True
        self._deauthorise()

    @rule(number=NUMBERS, kind=st.sampled_from(["delete", "create", "leave", "owner"]))
    def forge(self, number: int, kind: str) -> None:
        activity_id = self._one(number) or 77
        if kind == "leave":
            self._deauthorise()
        elif kind == "owner":
            self.news.append(event(object_id=activity_id, owner_id=ATHLETE + 1))
        else:
            self._tell(activity_id, kind)

    @rule(kind=st.sampled_from(BAD_DAYS))
    def bad_day(self, kind: str) -> None:
        self.strava.bad_days.append(kind)

    @rule(seconds=st.sampled_from([1, 30, 61, 300, 900, 3_600, 6 * 3_600]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def _one(self, number: int) -> int | None:
        ids = sorted(self.strava.details)
        return ids[number % len(ids)] if ids else None

    def _record(self, activity_id: int, after_s: int, *, has_streams: bool) -> None:
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
        entry = self.shared.process(None).ledger.get(activity_id)
        wanted = entry is None or (entry.state, entry.reason) == ("parked", "backfill")
        return wanted and started < self.clock.now() - timedelta(hours=20)

    def _tell(self, activity_id: int, aspect: str) -> None:
        self.news.append(event(object_id=activity_id, aspect_type=aspect))

    def _deauthorise(self) -> None:
        updates = {"authorized": "false"}
        news = event(
            object_type="athlete", object_id=ATHLETE, aspect_type="update", updates=updates
        )
        self.news.append(news)

    # What must hold.

    @invariant()
    def the_pair_that_strava_gave_last_is_stored(self) -> None:
        pair = self.shared.token()
        if pair and not self.strava.pair_is_lost:
            assert pair.refresh_token == f"refresh-{self.strava.refreshes}"

    def calm_down(self) -> None:
        """Nothing happens any more: all work is done, and a comparison finds nothing."""
        self.strava.bad_days.clear()
        self.news.clear()  # all lost
        self._work_off()
        while self._differs():
            self._work_off()
        self._check()

    def _work_off(self) -> None:
        for _ in range(CALM_ROUNDS):
            if self.is_cut_off():
                self.connects_again(None)
            self.release(None)
            while self._is_due("forget_athlete"):
                self.forget(None)
            while self._is_due("fetch_activity"):
                self.fetch(None)
            if self._is_done():
                return
            self.clock.advance(600)
        raise AssertionError(f"work is parked for ever: {self._left()}")

    def _left(self) -> Any:
        process = self.shared.process(None)
        return (
            process.ledger.counts()["parked"],
            self.bus.backlog("fetch_activity"),
            self.bus.backlog("forget_athlete"),
            len(backfill.unfinished(process.backfilling)),
            int(self.shared.token() is None),
        )

    def _is_due(self, step: str) -> bool:
        due = self.bus.next_due(step)
        return due is not None and due <= self.clock.now()

    def _is_done(self) -> bool:
        return not any(self._left())

    def _differs(self) -> bool:
        self.clock.advance(24 * 3_600)
        process = self.shared.process(None)
        report = reconcile.reconcile(process.reconciling, full=True, force=True)
        if report.failed:
            assert all("not before" in why for why in report.failed.values()), report.failed
            return True
        return any(any(found.wanted.values()) or found.held_back for found in report.found)

    def _check(self) -> None:
        while found := self.bus.pull("load_silver", 100):
            for delivery in found:
                self.landed.append(decode_landed(delivery.data))
                self.bus.ack(delivery)
        activities = newest(self._versions("activity"))
        recordings = newest(self._versions("streams"))
        details = {each: as_bytes(body) for each, body in self.strava.details.items()}
        assert activities == details
        assert recordings == {each: as_bytes(body) for each, body in self.strava.streams.items()}

    def _versions(self, kind: str) -> list[tuple[int, int, bytes | None]]:
        """Activity, version and bytes of everything that landed; None for a tombstone."""
        rows: list[tuple[int, int, bytes | None]] = []
        for each in self.landed:
            if each.op == "upsert" and each.kind == "list" and kind == "activity":
                body = json.loads(self._bytes(each))
                rows += [(row["id"], each.version // 1_000_000, b"a list's row") for row in body]
            elif each.op == "upsert" and each.kind == kind:
                rows.append((each.activity_id, each.version, self._bytes(each)))
            elif each.op == "tombstone" and each.kind in {kind, "activity"}:
                rows.append((each.activity_id, each.version, None))
        return rows

    def _bytes(self, landed: Landed) -> bytes:
        blob = self.shared.bronze.get(landed.bronze_name)
        assert blob is not None, "it landed before it was stored"
        return gzip.decompress(blob.data)


def worked(
    delivery: Delivery, act: Callable[[LocalRuntime, Delivery], object], process: LocalRuntime
) -> None:
    """What the push endpoint and the queue make of a step's end."""
    try:
        act(process, delivery)
    except Retryable as error:
        process.bus.nack(delivery, str(error))
    else:
        process.bus.ack(delivery)


def fetch_one(process: LocalRuntime, delivery: Delivery) -> None:
    message = decode_event_message(delivery.data)
    fetch_activity.run(message, process.fetching, attempt=delivery.attempt)


def forget_one(process: LocalRuntime, delivery: Delivery) -> None:
    forget_athlete.run(decode_event_message(delivery.data), process.forgetting)


def newest(rows: list[tuple[int, int, bytes | None]]) -> dict[int, bytes]:
    """As silver is built: the latest version of each activity, unless it is a tombstone."""
    latest = {activity_id: body for activity_id, _, body in sorted(rows, key=lambda row: row[:2])}
    return {activity_id: body for activity_id, body in latest.items() if body is not None}


TestEngineAgainstStrava = Engine.TestCase
TestEngineAgainstStrava.settings = settings(
    max_examples=30, stateful_step_count=40, deadline=None, derandomize=True, database=None
)
