"""fetch_activity, rule by rule: schedules, what costs a read, what was hidden, what is refused."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from paceline.errors import StravaRefused
from paceline.ledger import LEASE, Entry
from paceline.model.event import EventMessage, decode_event_message
from paceline.model.outcome import Outcome
from paceline.ports import Answer
from paceline.steps import backfill, fetch_activity, release_work
from paceline.steps.backfill import Backfill
from tests.builders import ACTIVITY, ATHLETE, NOW, as_bytes, detail, message, streams
from tests.unit.conftest import House

DETAIL, STREAMS = f"activities/{ACTIVITY}", f"activities/{ACTIVITY}/streams"
HTML = Answer(200, b"<html>edge</html>" + b" " * 5_000, {}, "GET /")


@pytest.fixture
def connected(house: House) -> House:
    house.connect()
    house.strava.details[ACTIVITY] = detail()
    house.strava.streams[ACTIVITY] = streams()
    return house


def told(house: House, aspect: str, **changes: Any) -> Outcome:
    """An event comes in now, and is fetched."""
    event = message(received_at=house.clock.now(), aspect_type=aspect, **changes)
    return fetch_activity.run(event, house.fetching)


def entry(house: House) -> Entry:
    found = house.ledger.get(ACTIVITY)
    assert found is not None
    return found


def released(house: House) -> list[EventMessage]:
    """What release_work sends now."""
    release_work.run(house.releasing, limit=10)
    found = house.bus.pull("fetch_activity", 10)
    for each in found:
        house.bus.ack(each)
    return [decode_event_message(each.data) for each in found]


def waits_s(house: House) -> list[float]:
    """How long parked work waits each time, until nothing is parked."""
    waits: list[float] = []
    while entry(house).state == "parked":
        due = entry(house).not_before
        assert due
        waits.append((due - house.clock.now()).total_seconds())
        house.clock.advance(waits[-1] - 0.001)
        assert released(house) == []
        house.clock.advance(0.001)
        (again,) = released(house)
        fetch_activity.run(again, house.fetching)
    return waits


# Schedules.


def test_what_is_not_found_yet_is_asked_for_after_10_60_300_and_1800_seconds(
    house: House,
) -> None:
    house.connect()
    told(house, "create")

    assert waits_s(house) == [10, 60, 300, 1_800]
    assert entry(house).state == "gone"
    assert house.strava.asked == [DETAIL] * 5


def test_streams_are_asked_for_after_5_15_and_45_minutes(connected: House) -> None:
    connected.strava.streams[ACTIVITY] = {}
    told(connected, "create")

    assert waits_s(connected) == [300, 900, 2_700]
    assert (entry(connected).state, entry(connected).streams) == ("fetched", "none")


# What costs a read.


def test_an_edit_of_what_has_no_streams_costs_one_read(connected: House) -> None:
    connected.strava.streams[ACTIVITY] = {}
    told(connected, "create")
    waits_s(connected)
    connected.strava.asked.clear()
    connected.strava.details[ACTIVITY] = detail(name="Renamed")
    connected.clock.advance(60)

    assert told(connected, "update").name == "fetched"
    assert connected.strava.asked == [DETAIL]


def test_a_burst_of_events_while_streams_wait_costs_one_fetch(connected: House) -> None:
    connected.strava.streams[ACTIVITY] = {}
    burst = [message(received_at=NOW, event_time=number) for number in range(1, 5)]
    connected.clock.advance(1)

    names = [fetch_activity.run(each, connected.fetching).name for each in burst]
    assert names == ["streams_waiting", "covered", "covered", "covered"]
    assert connected.strava.asked == [DETAIL, STREAMS]
    assert waits_s(connected) == [300, 900, 2_700]


def test_of_two_events_in_flight_at_once_the_second_is_covered_by_the_first(
    connected: House,
) -> None:
    second: list[Outcome] = []

    def meanwhile() -> None:
        second.append(fetch_activity.run(message(event_time=2), connected.fetching))

    during_the_first_read(connected, meanwhile)
    assert told(connected, "create").name == "fetched"

    assert [each.name for each in second] == ["parked"]
    assert connected.strava.asked == [DETAIL, STREAMS]
    assert entry(connected).state == "fetched"
    connected.clock.advance(3_600)
    assert released(connected) == []


def test_an_event_that_comes_while_its_activity_is_fetched_is_due_when_that_has_ended(
    connected: House,
) -> None:
    def meanwhile() -> None:
        connected.clock.advance(1)
        assert told(connected, "update").name == "parked"

    during_the_first_read(connected, meanwhile)
    told(connected, "create")

    assert entry(connected).state == "parked"
    (again,) = released(connected)
    assert fetch_activity.run(again, connected.fetching).name == "fetched"
    assert entry(connected).state == "fetched"


def test_a_fetch_that_dies_keeps_nobody_off_for_long_and_loses_nothing(
    connected: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(connected.ledger, "end", lambda _: None)  # it never comes to this
        killed.setattr(fetch_activity, "settle", lambda *_, **__: exec("raise KeyboardInterrupt"))
        with pytest.raises(KeyboardInterrupt):
            told(connected, "create")
    assert told(connected, "create").name == "parked"  # the message comes again

    connected.clock.advance(LEASE.total_seconds())
    (again,) = released(connected)
    assert fetch_activity.run(again, connected.fetching).name == "fetched"


def during_the_first_read(house: House, act: Callable[[], None]) -> None:
    real, acts = house.strava.get, [act]

    def get(path: str, params: Any, token: str) -> Answer:
        answer = real(path, params, token)
        if acts:
            acts.pop()()
        return answer

    house.strava.get = get  # type: ignore[assignment, method-assign]


# Hidden, deleted, shown again.


def test_a_create_after_a_delete_waits_for_what_is_not_readable_yet(connected: House) -> None:
    """Hide, delete, show, create: what activity:read alone is told, with Strava lagging."""
    told(connected, "create")
    hidden = connected.strava.details.pop(ACTIVITY)
    connected.clock.advance(60)
    assert told(connected, "delete").name == "gone"
    connected.clock.advance(60)
    assert told(connected, "create").name == "parked"

    connected.strava.details[ACTIVITY] = hidden
    connected.clock.advance(10)
    (again,) = released(connected)
    assert fetch_activity.run(again, connected.fetching).name == "fetched"
    ops = [(each.kind, each.op) for each in connected.landed()]
    assert ops[-2:] == [("activity", "upsert"), ("streams", "upsert")]


def test_a_create_that_overtakes_its_delete_takes_away_at_once_and_still_waits(
    connected: House,
) -> None:
    told(connected, "create")
    connected.landed()
    shown = connected.strava.details.pop(ACTIVITY)
    connected.clock.advance(60)
    assert told(connected, "create").name == "parked"
    assert [each.op for each in connected.landed()] == ["tombstone"]
    connected.clock.advance(1)
    assert told(connected, "delete").name == "parked"

    connected.strava.details[ACTIVITY] = shown
    connected.clock.advance(60)
    (again,) = released(connected)
    assert fetch_activity.run(again, connected.fetching).name == "fetched"


def test_a_create_that_waited_behind_its_delete_is_not_covered_by_that(connected: House) -> None:
    """Both came in at once, and what was shown again is not readable yet."""
    shown = connected.strava.details.pop(ACTIVITY)
    create = message(received_at=connected.clock.now())
    assert told(connected, "delete").name == "gone"
    connected.clock.advance(1)
    assert fetch_activity.run(create, connected.fetching).name == "parked"

    connected.strava.details[ACTIVITY] = shown
    connected.clock.advance(10)
    (again,) = released(connected)
    assert fetch_activity.run(again, connected.fetching).name == "fetched"


def test_what_stays_away_after_a_create_is_gone_in_the_end(connected: House) -> None:
    told(connected, "create")
    connected.strava.details.clear()
    connected.clock.advance(60)
    told(connected, "delete")
    connected.clock.advance(60)
    told(connected, "create")

    assert waits_s(connected) == [10, 60, 300, 1_800]
    assert entry(connected).state == "gone"


# Streams that cannot be read.


def unreadable(house: House, times: int) -> None:
    real, left = house.strava.get, [HTML] * times

    def get(path: str, params: Any, token: str) -> Answer:
        answer = real(path, params, token)
        return left.pop() if path.endswith("/streams") and left else answer

    house.strava.get = get  # type: ignore[assignment, method-assign]


def test_streams_that_cannot_be_read_are_asked_for_again(connected: House) -> None:
    unreadable(connected, 1)
    assert told(connected, "create").name == "streams_waiting"

    assert waits_s(connected) == [300]
    assert entry(connected).streams == "present"
    assert [each.kind for each in connected.landed() if each.op == "upsert"][-1] == "streams"


def test_streams_that_are_never_readable_fail_by_name_and_point_to_what_came(
    connected: House,
) -> None:
    unreadable(connected, 4)
    told(connected, "create")
    assert waits_s(connected) == [300, 900, 2_700]
    assert (entry(connected).state, entry(connected).streams) == ("fetched", "failed")

    failure = connected.landed()[-1]
    assert (failure.op, failure.kind, failure.attempts) == ("failure", "streams", 4)
    assert failure.note.startswith("PayloadInvalid: ")
    blob = connected.bronze.get(failure.bronze_name)
    assert blob is not None
    assert gzip.decompress(blob.data) == HTML.body


@pytest.mark.parametrize("by", ["sync", "ids"])
def test_what_is_asked_for_by_its_id_is_read_anew_streams_and_all(
    connected: House, by: str
) -> None:
    unreadable(connected, 4)
    told(connected, "create")
    waits_s(connected)
    connected.strava.asked.clear()
    if by == "ids":
        wish, use = Backfill(ATHLETE), connected.backfilling
        assert backfill.want_ids(ATHLETE, [ACTIVITY], wish, use) == 1
    else:
        connected.ledger.put(ACTIVITY, lambda known: _synced(known, connected.clock.now()))
    connected.clock.advance(1)
    (again,) = released(connected)
    fetch_activity.run(again, connected.fetching)

    assert connected.strava.asked == [DETAIL, STREAMS]
    assert entry(connected).streams == "present"


def _synced(known: Entry | None, now: datetime) -> Entry:
    from paceline.cli.work import _wanted_now  # noqa: PLC0415 - the command line is slow to import

    return _wanted_now(known, ATHLETE, now)


# Refusals.


def missing(scope: str) -> dict[str, Any]:
    fault = {"resource": "AccessToken", "field": f"{scope}_permission", "code": "missing"}
    return {"message": "Authorization Error", "errors": [fault]}


def test_a_scope_that_was_not_granted_costs_one_read_until_the_athlete_consents(
    connected: House,
) -> None:
    connected.strava.instead = [connected.strava.answer(401, missing("activity:read"))]
    names = [told(connected, "create", object_id=number).name for number in (5, 6, 7)]

    assert names == ["access_lost", "parked", "parked"]
    assert connected.strava.asked == ["activities/5"]
    assert connected.strava.refreshes == 0
    athlete = connected.vault.athlete(ATHLETE)
    assert athlete
    assert (athlete.status, "activity:read" in (athlete.trouble or "")) == ("needs_reauth", True)

    connected.connect()
    assert told(connected, "create").name == "fetched"


def test_a_scope_that_one_activity_needs_fails_that_one(connected: House) -> None:
    connected.strava.instead = [connected.strava.answer(401, missing("activity:read_all"))]

    assert told(connected, "create", object_id=5).name == "failed"
    assert connected.strava.refreshes == 0
    assert told(connected, "create").name == "fetched"


def test_a_token_that_is_refused_when_fresh_stops_the_athlete_for_an_hour_and_says_so(
    connected: House,
) -> None:
    no = connected.strava.answer(401, {"message": "Authorization Error"})
    connected.strava.instead = [no] * 2
    assert told(connected, "create").name == "access_refused"
    assert told(connected, "create", object_id=5).name == "parked"
    assert len(connected.strava.asked) == 2
    athlete = connected.vault.athlete(ATHLETE)
    assert athlete
    assert (athlete.status, bool(athlete.trouble)) == ("active", True)

    connected.clock.advance(3_600)
    names = {fetch_activity.run(each, connected.fetching).name for each in released(connected)}
    assert names == {"fetched", "parked"}  # the other one is not there
    assert connected.vault.athlete(ATHLETE) == replace(athlete, trouble=None)


def test_an_odd_refusal_of_one_athletes_refresh_stops_nobody_else(connected: House) -> None:
    connected.clock.advance(6 * 3_600)
    connected.strava.faults = [StravaRefused("Strava refused the refresh (Bad Request)")]
    assert told(connected, "create").name == "access_refused"

    assert connected.budget.current().halted is None
    assert connected.budget.current().blocked_until is None
    connected.vault.connect(replace(connected.strava.exchange("code"), athlete_id=ATHLETE + 1))
    other = detail(id=5, athlete={"id": ATHLETE + 1})
    connected.strava.details[5], connected.strava.streams[5] = other, streams()
    assert told(connected, "create", object_id=5, owner_id=ATHLETE + 1).name == "fetched"


def test_a_refusal_is_kept_with_its_answer_and_how_often_it_was_tried(connected: House) -> None:
    connected.strava.instead = [connected.strava.answer(403, {"message": "Forbidden"})]
    fetch_activity.run(message(), connected.fetching, attempt=3)

    (failure,) = connected.landed()
    assert (failure.op, failure.attempts) == ("failure", 3)
    blob = connected.bronze.get(failure.bronze_name)
    assert blob is not None
    assert gzip.decompress(blob.data) == as_bytes({"message": "Forbidden"})
    again = connected.lake.told_of(failure.bronze_name)
    assert again is not None
    assert (again.op, again.note, again.attempts) == ("failure", failure.note, 3)


def test_events_of_unknown_athletes_are_counted(house: House) -> None:
    for number in range(3):
        assert told(house, "create", object_id=number + 1).name == "unknown_athlete"

    assert house.counters.all() == {"events_of_unknown_athletes": 3}


# The way from the event.


@pytest.mark.parametrize("why", ["not found", "no reads"])
def test_what_was_parked_lands_with_the_trace_and_time_of_its_event(
    connected: House, why: str
) -> None:
    if why == "not found":
        connected.strava.details.clear()
    else:
        connected.budget.reserve(100, priority=0)  # type: ignore[arg-type]
    first = message(received_at=connected.clock.now())
    assert fetch_activity.run(first, connected.fetching).name == "parked"
    connected.strava.details[ACTIVITY] = detail()
    connected.clock.advance(901)
    (again,) = released(connected)
    assert (again.trace, again.reason) == (first.trace, "retry")
    fetch_activity.run(again, connected.fetching)

    for landed in connected.landed():
        assert (landed.trace, landed.reason) == (first.trace, "webhook")
        assert landed.received_at == first.received_at.isoformat()


def test_streams_that_came_late_are_no_second_answer_to_the_event(connected: House) -> None:
    connected.strava.streams[ACTIVITY] = {}
    told(connected, "create")
    connected.strava.streams[ACTIVITY] = streams()
    connected.landed()
    connected.clock.advance(timedelta(minutes=5).total_seconds())
    (again,) = released(connected)
    fetch_activity.run(again, connected.fetching)

    assert {(each.trace, each.reason) for each in connected.landed()} == {("t" * 32, "retry")}
