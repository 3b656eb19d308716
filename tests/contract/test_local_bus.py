"""What the bus in SQLite promises beyond the port."""

import os
import signal
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from paceline.adapters.local.bus import SqliteBus
from paceline.adapters.local.manual import CountingIds, ManualClock
from paceline.adapters.local.sqlite import Database
from paceline.adapters.local.system import RandomIds, SystemClock
from paceline.errors import PublishUnavailable, StoreUnavailable
from paceline.model.routes import Subscription
from tests.contract.plans import plans
from tests.contract.processes import RIDES, read_line, run_together, start

COPIES = Subscription("copies", "rides")

MakeBus = Callable[[Callable[[], float]], SqliteBus]


@pytest.fixture
def with_jitter(database: Database, clock: ManualClock) -> MakeBus:
    def make(jitter: Callable[[], float]) -> SqliteBus:
        return SqliteBus(database, [RIDES, COPIES], clock, CountingIds(), jitter=jitter)

    return make


@pytest.fixture
def bus(with_jitter: MakeBus) -> SqliteBus:
    return with_jitter(lambda: 0.5)


def pauses_s(bus: SqliteBus, clock: ManualClock) -> list[float]:
    """How long the bus holds one message back after each failed attempt."""
    bus.publish("rides", b"x", {})
    pauses = []
    while deliveries := bus.pull("rides", 1):
        bus.nack(deliveries[0], "failed")
        if due := bus.next_due("rides"):
            pauses.append((due - clock.now()).total_seconds())
            clock.advance(pauses[-1])
    return pauses


def test_what_a_backfill_wants_is_delivered_after_everything_else_that_is_due(
    bus: SqliteBus, clock: ManualClock
) -> None:
    for number in range(40):
        bus.publish("rides", f"backfill {number}".encode(), {"reason": "backfill"})
    bus.publish("rides", b"reconcile", {"reason": "reconcile"})
    clock.advance(1)
    for reason in ("webhook", "retry"):
        bus.publish("rides", reason.encode(), {"reason": reason})
    bus.publish("rides", b"no reason", {})

    found = [each.data for each in bus.pull("rides", 5)]
    assert found == [b"webhook", b"retry", b"no reason", b"backfill 0", b"backfill 1"]
    assert len(bus.pull("rides", 100)) == 39


def test_a_message_is_on_disk_before_publish_returns(tmp_path: Path) -> None:
    with start("publish", tmp_path / "paceline.db") as process:
        message_id = read_line(process)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    with Database(tmp_path / "paceline.db") as database:
        bus = SqliteBus(database, [RIDES], SystemClock(), RandomIds())
        (delivery,) = bus.pull("rides", 10)
    assert (delivery.message_id, delivery.data) == (message_id, b"a ride")
    assert delivery.attributes == {"kind": "ride"}


def test_a_publish_that_fails_half_way_leaves_nothing(bus: SqliteBus, database: Database) -> None:
    database.define(
        "CREATE TRIGGER full BEFORE INSERT ON messages WHEN NEW.subscription = 'copies'"
        " BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
    )
    with pytest.raises(PublishUnavailable, match="disk is full") as raised:
        bus.publish("rides", b"x", {})
    assert isinstance(raised.value.__cause__, StoreUnavailable)
    assert bus.backlog("rides") == bus.backlog("copies") == 0
    with database.transaction() as connection:
        connection.execute("DROP TRIGGER full")
    bus.publish("rides", b"x", {})
    assert bus.backlog("rides") == bus.backlog("copies") == 1


def test_a_publish_while_another_program_holds_the_file_is_refused(
    tmp_path: Path, clock: ManualClock
) -> None:
    with Database(tmp_path / "paceline.db", busy_timeout_s=0.01) as database:
        bus = SqliteBus(database, [RIDES], clock, CountingIds())
        other = sqlite3.connect(database.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(PublishUnavailable, match="locked"):
            bus.publish("rides", b"x", {})
        other.execute("ROLLBACK")
        other.close()
        assert bus.backlog("rides") == 0
        bus.publish("rides", b"x", {})


def test_a_message_that_no_filter_takes_would_be_lost_and_is_refused(
    database: Database, clock: ManualClock
) -> None:
    only_runs = Subscription("runs", "rides", {"kind": "run"})
    bus = SqliteBus(database, [only_runs], clock, CountingIds())
    with pytest.raises(ValueError, match="would be lost"):
        bus.publish("rides", b"x", {"kind": "ride"})


def test_a_subscription_nobody_defined_is_a_mistake_of_the_caller(bus: SqliteBus) -> None:
    for ask in (bus.backlog, bus.dead_letters, bus.next_due, bus.replay):
        with pytest.raises(ValueError, match="'rdies' is none of"):
            ask("rdies")
    with pytest.raises(ValueError, match="'rdies' is none of"):
        bus.pull("rdies", 1)


def test_the_longest_pauses_double_up_to_ten_minutes(
    with_jitter: MakeBus, clock: ManualClock
) -> None:
    pauses = pauses_s(with_jitter(lambda: 1.0), clock)
    assert pauses == [10, 20, 40, 80, 160, 320, 600, 600, 600]


def test_the_shortest_pauses_are_half_the_longest(with_jitter: MakeBus, clock: ManualClock) -> None:
    pauses = pauses_s(with_jitter(lambda: 0.0), clock)
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_messages_that_fail_together_come_back_apart(
    with_jitter: MakeBus, clock: ManualClock
) -> None:
    rolls = iter([0.0, 0.5, 0.9])
    bus = with_jitter(lambda: next(rolls))
    for _ in range(3):
        bus.publish("rides", b"x", {})
    for delivery in bus.pull("rides", 3):
        bus.nack(delivery, "failed together")
    came_back = []
    while due := bus.next_due("rides"):
        clock.advance((due - clock.now()).total_seconds())
        came_back.append(due)
        bus.ack(*bus.pull("rides", 10))
    assert len(set(came_back)) == 3


def test_a_huge_number_of_attempts_does_not_overflow_the_pause(
    database: Database, clock: ManualClock
) -> None:
    bus = SqliteBus(database, [RIDES], clock, CountingIds(), max_attempts=5_000)
    bus.publish("rides", b"x", {})
    with database.transaction() as connection:
        connection.execute("UPDATE messages SET attempts = 4000")
    bus.nack(bus.pull("rides", 1)[0], "again")
    due = bus.next_due("rides")
    assert due
    assert due <= clock.now() + timedelta(seconds=600)


def test_what_is_due_longest_is_delivered_first(bus: SqliteBus, clock: ManualClock) -> None:
    for data in (b"1", b"2", b"3"):
        bus.publish("rides", data, {})
    (first,) = bus.pull("rides", 1)
    bus.nack(first, "later")
    clock.advance(60)
    bus.publish("rides", b"4", {})
    assert [delivery.data for delivery in bus.pull("rides", 10)] == [b"2", b"3", b"1", b"4"]


def test_next_due_is_the_moment_pull_has_something(bus: SqliteBus, clock: ManualClock) -> None:
    assert bus.next_due("rides") is None
    bus.publish("rides", b"x", {})
    assert bus.next_due("rides") == clock.now()
    (delivery,) = bus.pull("rides", 1)
    assert bus.next_due("rides") == clock.now() + timedelta(seconds=60)
    bus.ack(delivery)
    assert bus.next_due("rides") is None


def bury_three(bus: SqliteBus, clock: ManualClock) -> list[str]:
    published = [bus.publish("rides", str(n).encode(), {"n": str(n)}) for n in range(3)]
    for _ in range(10):
        for delivery in bus.pull("rides", 10):
            bus.nack(delivery, "failed")
        clock.advance(600)
    assert len(bus.dead_letters("rides")) == 3
    return published


def test_replay_puts_the_chosen_dead_letters_back_as_new(
    bus: SqliteBus, clock: ManualClock
) -> None:
    published = bury_three(bus, clock)
    assert bus.replay("rides", {published[1], "unknown"}) == 1
    (delivery,) = bus.pull("rides", 10)
    assert (delivery.message_id, delivery.data, delivery.attempt) == (published[1], b"1", 1)
    assert delivery.attributes == {"n": "1"}
    assert delivery.published_at == clock.now() - timedelta(seconds=6_000)
    assert [d.message_id for d in bus.dead_letters("rides")] == [published[0], published[2]]


def test_replay_puts_every_dead_letter_back_once(bus: SqliteBus, clock: ManualClock) -> None:
    published = bury_three(bus, clock)
    assert bus.replay("rides") == 3
    assert bus.replay("rides") == 0
    assert [d.message_id for d in bus.pull("rides", 10)] == published
    assert list(bus.dead_letters("rides")) == []


def test_two_processes_share_the_work_and_do_nothing_twice(tmp_path: Path) -> None:
    path = tmp_path / "paceline.db"
    with Database(path) as database:
        bus = SqliteBus(database, [RIDES], SystemClock(), RandomIds())
        published = [bus.publish("rides", b"x", {}) for _ in range(400)]
        left, right = run_together(("drain", path), ("drain", path))
        assert len(left) >= 5
        assert len(right) >= 5
        assert sorted(left + right) == sorted(published)
        assert bus.backlog("rides") == 0


def test_no_operation_scans_the_queue(bus: SqliteBus, database: Database) -> None:
    for _ in range(3):
        bus.publish("rides", b"x", {})

    def everything() -> None:
        acked, given_back = bus.pull("rides", 2)
        bus.ack(acked)
        bus.nack(given_back, "later")
        bus.next_due("rides")
        bus.backlog("rides")
        bus.dead_letters("rides")
        bus.replay("rides")

    seen = plans(database, everything)
    assert len(seen) >= 9
    for sql, plan in seen.items():
        assert "SCAN" not in plan, sql
        assert "TEMP B-TREE" not in plan, sql
    assert any(
        "messages_in_turn (subscription=? AND <expr>=? AND due_us<?)" in plan
        for plan in seen.values()
    )


def test_a_new_process_does_not_need_the_old_ones_to_end(tmp_path: Path) -> None:
    path = tmp_path / "paceline.db"
    with start("publish", path) as process:
        message_id = read_line(process)
        with Database(path) as database:
            bus = SqliteBus(database, [RIDES], SystemClock(), RandomIds())
            assert bus.pull("rides", 1)[0].message_id == message_id
        os.kill(process.pid, signal.SIGKILL)
