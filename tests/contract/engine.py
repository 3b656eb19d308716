"""The engine in a world of its own: stores that outlive every process, and things that happen."""

import base64
import gzip
import json
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from paceline.adapters.cipher import AesGcmCipher
from paceline.adapters.local.blobs import FileBlobs
from paceline.adapters.local.bus import SqliteBus
from paceline.adapters.local.manual import CountingIds, ManualClock
from paceline.adapters.local.sqlite import Database
from paceline.adapters.local.state import SqliteState
from paceline.budget import Budget
from paceline.errors import (
    Busy,
    Permanent,
    PublishUnavailable,
    Retryable,
    StoreUnavailable,
    StravaUnavailable,
    WaitUntil,
)
from paceline.ledger import Entry
from paceline.model.bronze import parse_name
from paceline.model.event import Event, decode_event_message
from paceline.model.landed import decode_landed
from paceline.model.routes import SUBSCRIPTIONS
from paceline.ports import Delivery, TokenPair
from paceline.reading import Reading
from paceline.runtime.local import LocalRuntime
from paceline.runtime.settings import Settings
from paceline.steps import (
    backfill,
    connect_athlete,
    fetch_activity,
    forget_athlete,
    receive_webhook,
    release_work,
)
from paceline.steps.backfill import Backfill
from paceline.vault import Vault
from tests.builders import ATHLETE, NOW, as_bytes, detail, event, streams
from tests.contract.landed_rows import LISTED, newest, rows
from tests.contract.mortal import KillNow, Life, Mortal
from tests.contract.watchful import LIMITS, WatchfulStrava

SETTINGS = Settings.from_env(
    {
        "PACELINE_STRAVA_CLIENT_ID": "12345",
        "PACELINE_STRAVA_CLIENT_SECRET": "a-made-up-secret",
        "PACELINE_VERIFY_TOKEN": "verify-token",
        "PACELINE_WEBHOOK_SECRET": "webhook-secret-of-the-model",
    }
)


class Engine:
    """Every step runs in a process of its own; all that it leaves is in the stores."""

    def __init__(self) -> None:
        self._open = ExitStack()
        memory = Path("/dev/shm")
        folder = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
        root = Path(self._open.enter_context(folder))
        self._bus_file, state_file = (
            self._open.enter_context(Database(root / name)) for name in ("bus", "state")
        )
        self.clock, self._ids = ManualClock(NOW), CountingIds()
        self.bus = SqliteBus(
            self._bus_file, SUBSCRIPTIONS, self.clock, self._ids, jitter=lambda: 1.0
        )
        self.state, self.bronze = SqliteState(state_file), FileBlobs(root / "bronze")
        self._cipher = AesGcmCipher("k1", {"k1": base64.b64decode(b"a" * 43 + b"=")})
        self.strava = WatchfulStrava(
            self.clock, reserved=Budget(self.state, self.clock).current, token=self.token
        )
        self.news: list[Event] = []  # what Strava still has to send
        self.deleted: dict[int, tuple[dict[str, Any], dict[str, Any] | None]] = {}
        self.wanted_since = datetime.max.replace(tzinfo=UTC)  # what started before may be left out
        self._versions = 0

    def close(self) -> None:
        self._open.close()

    # Processes.

    def process(self, life: Life | None = None) -> LocalRuntime:
        """A process that starts now."""
        self.clock.advance(0.001)
        life, runtime = life or Life(), LocalRuntime(SETTINGS)
        publishing = Mortal(self.bus, life, PublishUnavailable, {"publish"})
        runtime.built.update(
            clock=self.clock,
            ids=self._ids,
            cipher=self._cipher,
            bus=Mortal(publishing, life, StoreUnavailable, {"ack", "nack"}),
            state=Mortal(self.state, life, StoreUnavailable, {"create", "replace", "delete"}),
            bronze=Mortal(self.bronze, life, StoreUnavailable, {"put", "replace", "delete"}),
        )
        calls = {"get", "exchange", "refresh", "revoke"}
        strava: Any = Mortal(self.strava, life, StravaUnavailable, calls)
        pause = self.clock.advance
        vault = Vault(runtime.state, self._cipher, strava, self.clock, self._ids, pause=pause)
        reading = Reading(strava, runtime.budget, vault)
        runtime.built.update(oauth=strava, vault=vault, reading=reading)
        runtime.built.update(backfilling=replace(runtime.backfilling, pause=pause))
        return runtime

    def run(self, act: Callable[[LocalRuntime], object], life: Life | None = None) -> None:
        life = life or Life()
        try:
            act(self.process(life))
        except (KillNow, Retryable):
            self.strava.pair_is_lost |= not self.holds_the_pair()
            return
        except Busy:
            return
        if life.told_to_wait and not life.has_failed:
            blocked = self.process().budget.current().blocked_until
            assert blocked
            assert datetime.fromisoformat(blocked) >= life.told_to_wait

    def deliver(self, step: str, life: Life | None = None) -> None:
        for delivery in self.bus.pull(step, 1):
            self.run(partial(STEPS[step], delivery), life)

    def release(self, life: Life | None = None) -> None:
        self.run(lambda process: release_work.run(process.releasing, limit=10), life)

    def import_by_hand(self, wish: Mapping[str, Any], life: Life | None = None) -> None:
        """`paceline backfill`, of a part of the history or of all."""

        def plan(process: LocalRuntime) -> None:
            with suppress(WaitUntil, Permanent):  # told to the operator
                backfill.plan(Backfill(ATHLETE, **wish), process.backfilling)

        self.run(plan, life)
        self.see_what_is_wanted()

    def see_what_is_wanted(self) -> None:
        """What once was asked for is wanted for ever."""
        wish = backfill.stored(ATHLETE, self.process().backfilling)
        if wish and wish.oldest_wanted:
            self._want_since(wish.oldest_wanted)
        if wish and wish.state == "listing" and wish.limit is None:
            self._want_since(wish.since or backfill.EVERYTHING)

    def _want_since(self, moment: str) -> None:
        self.wanted_since = min(self.wanted_since, datetime.fromisoformat(moment))

    def connect(self, life: Life | None = None) -> None:
        self.strava.recorded_at.clear()  # a person takes longer than a recording
        self.run(lambda process: connect_athlete.connect("code", process.connecting), life)

    def receive(self, number: int, life: Life | None = None, *, twice: bool = False) -> None:
        """One of the news arrives."""
        news = self.news[number % len(self.news)]

        def receive(process: LocalRuntime) -> None:
            body = json.dumps(news.as_json()).encode()
            request = receive_webhook.Request(
                "POST", SETTINGS.webhook_secret, {}, len(body), BytesIO(body)
            )
            assert receive_webhook.handle(request, process.receiving).status == 200
            if not twice:
                self.news.remove(news)

        self.run(receive, life)

    def is_due(self, step: str) -> bool:
        due = self.bus.next_due(step)
        return due is not None and due <= self.clock.now()

    def left(self) -> tuple[int, ...]:
        """What still has to be done, of each kind."""
        process = self.process()
        return (
            process.ledger.counts()["parked"],
            *(self.bus.backlog(step) for step in STEPS),
            len(backfill.unfinished(process.backfilling)),
            process.claims.open(),
            int(self.is_cut_off()),
        )

    # What happens at Strava.

    def begin(self, days_ago: list[int], wish: Mapping[str, Any] | None = None) -> None:
        """The athlete connects, with a history that nobody was told of.

        All of it is imported, or a part of it by hand.
        """
        for each in days_ago:
            self.upload(each)
        self.run(lambda process: process.budget.observe(LIMITS, self.clock.now()))
        if wish:
            self.run(lambda process: process.vault.connect(process.oauth.exchange("code")))
            self.import_by_hand(wish)
        else:
            self.connect()

    def change(self, kind: str, number: int, after_s: int = 0, *, told: bool = True) -> None:
        """The athlete does something; the news of it arrive at once, or wait to be received."""
        if kind == "upload":
            activity_id = self.upload((0, 3, 40)[number], after_s)
        elif changed := self.deleted if kind == "restore" else self.strava.details:
            activity_id = sorted(changed)[number % len(changed)]
            self._do(kind, activity_id, after_s)
        else:
            return
        aspect = {"upload": "create", "delete": "delete", "restore": "create"}.get(kind, "update")
        self.news.append(event(object_id=activity_id, aspect_type=aspect))
        if told:
            self.receive(-1)

    def upload(self, days_ago: int, after_s: int = 0) -> int:
        """It may be found only after a while, and its recording later still."""
        activity_id = len(self.strava.details) + len(self.deleted) + 1
        now = self.clock.now()
        ago = timedelta(days=days_ago, hours=1, seconds=activity_id)  # no two at once
        started = (now - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.strava.seen_at[activity_id] = now + timedelta(seconds=after_s)
        self.strava.details[activity_id] = detail(id=activity_id, start_date=started)
        self._record(activity_id, 2 * after_s)
        return activity_id

    def deauthorise(self) -> None:
        """The news of it, true or not."""
        updates = {"authorized": "false"}
        self.news.append(
            event(object_type="athlete", object_id=ATHLETE, aspect_type="update", updates=updates)
        )

    def _do(self, kind: str, activity_id: int, after_s: int) -> None:
        if kind == "edit":
            self._versions += 1
            self.strava.details[activity_id]["name"] = f"Version {self._versions}"
        elif kind == "delete":
            recording = self.strava.streams.pop(activity_id, None)
            self.deleted[activity_id] = self.strava.details.pop(activity_id), recording
        elif kind == "restore":
            self.strava.details[activity_id], recording = self.deleted.pop(activity_id)
            if recording:
                self.strava.streams[activity_id] = recording
        else:
            self._record(activity_id, after_s, has_streams=kind == "crop")

    def _record(self, activity_id: int, after_s: int, *, has_streams: bool = True) -> None:
        """The device's recording, or another one: both show in the detail."""
        self._versions += 1
        self.strava.details[activity_id]["elapsed_time"] = 4_000 + self._versions
        if self._is_for_a_backfill(activity_id):
            after_s = 0  # it takes it that what is old was recorded long ago
        self.strava.recorded_at[activity_id] = self.clock.now() + timedelta(seconds=after_s)
        if has_streams:
            self.strava.streams[activity_id] = streams(time=[0, self._versions])
        else:
            self.strava.streams.pop(activity_id, None)

    def _is_for_a_backfill(self, activity_id: int) -> bool:
        started = datetime.fromisoformat(self.strava.details[activity_id]["start_date"])
        entry = self.process().ledger.get(activity_id)
        wanted = entry is None or (entry.state, entry.reason) == ("parked", "backfill")
        return wanted and started < self.clock.now() - timedelta(hours=20)

    # What is known.

    def token(self) -> TokenPair | None:
        stored = self.state.get("tokens", str(ATHLETE))
        if stored is None or stored.data["status"] != "active":
            return None
        return self.process().vault._open(stored)

    def holds_the_pair(self) -> bool:
        pair = self.token()
        return pair is None or pair.refresh_token == f"refresh-{self.strava.refreshes}"

    def is_cut_off(self) -> bool:
        return self.token() is None or self.strava.dead or self.strava.pair_is_lost

    def has_the_truth(self) -> bool:
        landed = [decode_landed(data) for data in self._landed()]
        self.see_what_is_wanted()
        known = self.process().ledger.of_athlete(ATHLETE)
        details, streams = self.strava.details, self.strava.streams
        whole = {each for each in details if self._is_wanted(each, known.get(each))}
        listed = {each for each in details if each in known and each not in whole}
        truth = {
            "activity": {each: as_bytes(details[each]) for each in whole}
            | {each: LISTED + as_bytes(details[each]) for each in listed},
            "streams": {each: as_bytes(streams[each]) for each in whole & streams.keys()},
        }
        for kind, held in truth.items():
            assert held == newest(row for each in landed for row in rows(each, kind, self.bronze))
        return True

    def has_forgotten(self) -> bool:
        """Of what is deleted bronze has the answer that it is gone, and no list tells of it."""
        for name in self.bronze.names("strava/"):
            kind, subject = parse_name(name)
            blob = self.bronze.get(name)
            assert blob
            if kind == "list":
                page = {row["id"] for row in json.loads(gzip.decompress(blob.data))}
                assert not page & self.deleted.keys(), name
            elif subject.activity_id in self.deleted:
                assert blob.metadata["op"] == "tombstone", name
        return True

    def _is_wanted(self, activity_id: int, entry: Entry | None) -> bool:
        """Not left out on purpose; and what ever was fetched is kept current."""
        started = datetime.fromisoformat(self.strava.details[activity_id]["start_date"])
        left_out = entry is None or entry.state == "listed"
        return not left_out or started >= self.wanted_since

    def _landed(self) -> list[bytes]:
        query = "SELECT data FROM messages WHERE subscription = 'load_silver'"
        with self._bus_file.reading() as connection:
            return [data for (data,) in connection.execute(query)]


def _worked(
    step: Callable[[LocalRuntime, Delivery], object], delivery: Delivery, process: LocalRuntime
) -> None:
    """What the push endpoint and the queue make of a step's end."""
    try:
        step(process, delivery)
    except Retryable as error:
        process.bus.nack(delivery, str(error))
    else:
        process.bus.ack(delivery)


def _fetch(process: LocalRuntime, delivery: Delivery) -> None:
    message = decode_event_message(delivery.data)
    fetch_activity.run(message, process.fetching, attempt=delivery.attempt)


def _forget(process: LocalRuntime, delivery: Delivery) -> None:
    message = decode_event_message(delivery.data)
    forget_athlete.run(message, process.forgetting, attempt=delivery.attempt)


STEPS: dict[str, Callable[[Delivery, LocalRuntime], None]] = {
    "forget_athlete": partial(_worked, _forget),
    "fetch_activity": partial(_worked, _fetch),
}
