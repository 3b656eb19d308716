"""release_work: parked work comes back when due, within the budget, and is never lost."""

from datetime import timedelta

from paceline.ledger import Entry
from paceline.model.event import decode_event_message
from paceline.model.priority import Priority
from paceline.steps import backfill, fetch_activity, release_work
from paceline.steps.backfill import Backfill
from tests.builders import ATHLETE, NOW, detail, streams
from tests.unit.conftest import House


def parked(house: House, activity_id: int, due_in_s: float, priority: Priority) -> None:
    not_before = NOW + timedelta(seconds=due_in_s)
    entry = Entry(ATHLETE, NOW, "parked", "retry", priority, not_before=not_before)
    house.ledger.put(activity_id, lambda _: entry)


def released(house: House) -> list[int]:
    found = house.bus.pull("fetch_activity", 100)
    for delivery in found:
        house.bus.ack(delivery)
    return [decode_event_message(each.data).event.object_id for each in found]


def test_only_what_is_due_is_released_and_the_urgent_first(house: House) -> None:
    parked(house, 1, -10, Priority.BACKFILL)
    parked(house, 2, -5, Priority.LIVE)
    parked(house, 3, +60, Priority.LIVE)
    release_work.run(house.releasing, limit=10)

    assert released(house) == [2, 1]


def test_released_work_falls_due_again_when_its_message_is_lost(house: House) -> None:
    parked(house, 1, -1, Priority.LIVE)
    release_work.run(house.releasing, limit=10)
    assert released(house) == [1]
    release_work.run(house.releasing, limit=10)
    assert released(house) == []

    house.clock.advance(release_work.CLAIM.total_seconds() + 1)
    release_work.run(house.releasing, limit=10)
    assert released(house) == [1]


def test_backfill_leaves_the_reserve_to_live_work(house: House) -> None:
    house.budget.reserve(60, Priority.LIVE)
    parked(house, 1, -1, Priority.BACKFILL)
    parked(house, 2, -1, Priority.LIVE)
    release_work.run(house.releasing, limit=10)

    assert released(house) == [2]


def test_no_more_of_a_backfill_is_on_the_bus_than_its_reads_allow(house: House) -> None:
    house.connect()
    for each in range(1, 51):
        parked(house, each, -1, Priority.BACKFILL)
    for _ in range(3):  # nobody comes to them
        house.clock.advance(60)
        release_work.run(house.releasing, limit=100)
    first = house.bus.pull("fetch_activity", 100)
    assert len(first) < 50 * 0.7
    fetch_activity.run(decode_event_message(first[0].data), house.fetching)
    assert house.ledger.in_flight(Priority.BACKFILL, house.clock.now()) == len(first) - 1

    house.clock.advance(release_work.CLAIM.total_seconds())  # they were lost
    release_work.run(house.releasing, limit=100)
    assert house.bus.pull("fetch_activity", 100)


def test_a_backfill_parks_everything_newest_first_and_ends_in_the_lake(house: House) -> None:
    house.connect()
    for each in range(1, 4):
        house.strava.details[each] = detail(id=each)
        house.strava.streams[each] = streams()
        house.strava.details[each]["start_date"] = f"2026-10-0{each}T08:00:00Z"

    assert backfill.plan(Backfill(ATHLETE), house.backfilling).planned == 3
    assert backfill.plan(Backfill(ATHLETE), house.backfilling).planned == 0
    house.clock.advance(1)
    release_work.run(house.releasing, limit=2)
    found = house.bus.pull("fetch_activity", 10)
    messages = [decode_event_message(each.data) for each in found]
    assert [(each.event.object_id, each.reason) for each in messages] == [
        (3, "backfill"),
        (2, "backfill"),
    ]
    assert [fetch_activity.run(each, house.fetching).name for each in messages] == ["fetched"] * 2
