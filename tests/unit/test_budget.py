"""The budget: no call that is not reserved, and only headers or the clock change that."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.adapters.local.manual import ManualClock
from paceline.budget import Budget
from paceline.errors import WaitUntil
from paceline.model.priority import Priority
from paceline.windows import LATE, next_day, next_quarter, quarter_of
from tests.builders import NOW
from tests.unit.conftest import House


def headers(limit: str, usage: str) -> dict[str, str]:
    return {"x-readratelimit-limit": limit, "x-readratelimit-usage": usage}


def reserved(house: House, priority: Priority) -> int:
    """How many single reads this class gets before it is told to wait."""
    count = 0
    try:
        while True:
            house.budget.reserve(1, priority)
            count += 1
    except WaitUntil:
        return count


def test_each_class_leaves_a_reserve_for_those_above(house: House) -> None:
    assert reserved(house, Priority.BACKFILL) == 60
    assert reserved(house, Priority.EDIT) == 30
    assert reserved(house, Priority.LIVE) == 10


def test_a_full_quarter_waits_for_the_next_and_starts_empty_there(house: House) -> None:
    reserved(house, Priority.LIVE)
    with pytest.raises(WaitUntil) as wait:
        house.budget.reserve(1, Priority.LIVE)
    assert wait.value.not_before == NOW + timedelta(minutes=15)

    house.clock.advance(15 * 60)
    assert reserved(house, Priority.LIVE) == 100


def test_a_full_day_waits_for_midnight_in_utc(house: House) -> None:
    house.budget.observe(headers("100,1000", "0,1000"), NOW)

    with pytest.raises(WaitUntil) as wait:
        house.budget.reserve(1, Priority.LIVE)
    assert wait.value.not_before == datetime(2026, 11, 22, tzinfo=UTC) + LATE


def test_limits_are_learnt_and_usage_is_only_corrected_upwards(house: House) -> None:
    house.budget.reserve(5, Priority.LIVE)
    house.budget.observe(headers("200,2000", "3,3"), NOW)
    assert house.budget.free(Priority.LIVE) == 195

    house.budget.observe(headers("200,2000", "50,50"), NOW)
    assert house.budget.free(Priority.LIVE) == 150


@pytest.mark.parametrize("value", [",", "", "a,b", "1", "1,2,3", "-1,2"])
def test_a_malformed_header_teaches_nothing(house: House, value: str) -> None:
    house.budget.observe(headers(value, value), NOW)

    assert house.budget.free(Priority.LIVE) == 100


def test_a_429_stops_everybody_until_the_boundary(house: House) -> None:
    assert house.budget.exhausted(headers("100,1000", "101,500")) == next_quarter(NOW) + LATE
    assert house.budget.exhausted(headers("100,1000", "101,1000")) == next_day(NOW) + LATE
    assert house.budget.free(Priority.LIVE) == 0

    house.clock.advance(15 * 3_600)
    assert house.budget.free(Priority.LIVE) > 0


def test_an_answer_that_crosses_a_boundary_does_not_charge_the_new_window(house: House) -> None:
    asked_at = house.budget.reserve(1, Priority.LIVE)
    house.clock.advance(15 * 60)
    house.budget.observe(headers("100,1000", "100,100"), asked_at)

    assert house.budget.free(Priority.LIVE) == 100
    assert house.budget.current().long.used == 100


def test_a_longer_stop_is_not_shortened_by_a_later_429(house: House) -> None:
    until = house.budget.halt("inactive").not_before

    assert house.budget.exhausted(headers("100,1000", "101,500")) == until
    assert house.budget.current().halted == "inactive"


def test_a_reserve_melts_down_to_the_reads_of_a_live_activity_and_an_edit(house: House) -> None:
    house.budget.observe(headers("1000,1000", "0,0"), NOW)
    taken = 0
    midnight = next_day(NOW)
    while house.clock.now() < midnight:
        taken += reserved(house, Priority.BACKFILL)
        assert house.budget.free(Priority.EDIT) >= 2
        assert house.budget.free(Priority.LIVE) >= 4
        house.clock.advance(60)

    assert taken == 996


def test_a_refused_backfill_is_told_when_its_reserve_has_melted(house: House) -> None:
    house.budget.observe(headers("1000,1000", "0,0"), NOW)
    reserved(house, Priority.BACKFILL)
    with pytest.raises(WaitUntil) as wait:
        house.budget.reserve(2, Priority.BACKFILL)

    house.clock.advance((wait.value.not_before - NOW).total_seconds())
    assert NOW < house.clock.now() < next_day(NOW)
    house.budget.reserve(2, Priority.BACKFILL)


def test_a_closed_application_is_asked_again_by_one_and_opens_for_all(house: House) -> None:
    house.budget.halt("inactive")
    house.budget.halt("inactive")
    assert house.alerts == ["inactive"]
    assert house.budget.free(Priority.LIVE) == 0

    house.clock.advance(3_600)
    assert house.budget.free(Priority.LIVE) == 2
    house.budget.reserve(1, Priority.LIVE)
    with pytest.raises(WaitUntil, match="inactive"):
        house.budget.reserve(1, Priority.LIVE)

    house.budget.resume(house.clock.now())
    assert house.budget.free(Priority.LIVE) == 99


def test_an_answer_from_before_the_application_was_closed_does_not_open_it(house: House) -> None:
    asked_at = house.budget.reserve(1, Priority.LIVE)
    house.clock.advance(1)
    house.budget.halt("inactive")
    house.budget.resume(asked_at)

    assert house.budget.free(Priority.LIVE) == 0
    house.budget.halt("inactive")
    assert house.alerts == ["inactive"]


MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


def at(house: House, moment: datetime) -> None:
    """Our clock moves on to this moment."""
    house.clock.advance((moment - house.clock.now()).total_seconds())


def dated(moment: datetime, usage: str) -> dict[str, str]:
    """As Strava answers when its own clock shows this moment."""
    return headers("100,1000", usage) | {"date": format_datetime(moment, usegmt=True)}


def test_usage_of_the_last_window_does_not_count_in_the_new_one(house: House) -> None:
    at(house, MIDNIGHT + timedelta(seconds=0.3))
    asked_at = house.budget.reserve(1, Priority.LIVE)
    house.budget.observe(dated(MIDNIGHT - timedelta(seconds=0.1), "97,997"), asked_at)
    assert house.budget.free(Priority.LIVE) == 3  # Strava is in the old window, and so are we

    at(house, MIDNIGHT + timedelta(seconds=3))
    assert house.budget.free(Priority.LIVE) == 99  # the one read may have come after midnight
    assert house.budget.current().long.used == 1


def test_an_answer_that_took_its_time_over_midnight_does_not_fill_the_new_day(
    house: House,
) -> None:
    """Strava counts when it is asked, and dates its answer when that leaves."""
    at(house, MIDNIGHT - timedelta(seconds=1))
    asked_at = house.budget.reserve(1, Priority.LIVE)
    at(house, MIDNIGHT + timedelta(seconds=5))
    house.budget.observe(dated(MIDNIGHT + timedelta(seconds=4), "97,997"), asked_at)

    assert house.budget.free(Priority.LIVE) == 99


@pytest.mark.parametrize("ahead_s", [-400.0, -3.0, -0.6, 0.0, 0.6, 3.0, 400.0])
def test_windows_begin_by_stravas_clock_however_wrong_ours_is(house: House, ahead_s: float) -> None:
    """Strava counts by its clock, takes a moment to answer, and is never asked too often."""
    ahead, usage = timedelta(seconds=ahead_s), Counter[datetime]()
    while house.clock.now() < NOW + timedelta(minutes=50):
        house.clock.advance(0.25)
        try:
            asked_at = house.budget.reserve(1, Priority.LIVE)
        except WaitUntil as wait:
            at(house, wait.not_before)
            continue
        house.clock.advance(0.125)
        there = house.clock.now() - ahead
        quarter = quarter_of(there)
        usage[quarter] += 1
        assert usage[quarter] <= 100
        has_headers = usage.total() % 2
        told = dated(there, f"{usage[quarter]},{usage.total()}") if has_headers else {}
        house.clock.advance(0.125)
        house.budget.observe(told, asked_at)

    assert sorted(usage.values())[-3:] == [100] * 3


def test_a_process_whose_clock_is_behind_does_not_open_the_last_window_again(
    house: House,
) -> None:
    at(house, MIDNIGHT + LATE)
    house.budget.reserve(7, Priority.LIVE)
    behind = Budget(house.state, ManualClock(MIDNIGHT + timedelta(seconds=1)))

    assert behind.free(Priority.LIVE) == 93
    behind.reserve(1, Priority.LIVE)
    assert house.budget.current().long.used == 8


def test_a_clock_that_was_set_back_keeps_what_is_used_and_goes_on(house: House) -> None:
    house.budget.reserve(7, Priority.LIVE)
    corrected = Budget(house.state, ManualClock(NOW - timedelta(days=400)))

    assert corrected.current().long.used == 7
    with pytest.raises(WaitUntil) as wait:
        corrected.reserve(99, Priority.LIVE)
    assert wait.value.not_before == NOW - timedelta(days=400) + timedelta(minutes=15)


def test_calls_of_every_kind_have_a_limit_too_and_the_smaller_room_rules(house: House) -> None:
    every = {"x-ratelimit-limit": "200,2000", "x-ratelimit-usage": "195,500"}
    house.budget.observe(headers("100,1000", "50,500") | every, NOW)
    assert house.budget.free(Priority.LIVE) == 5

    house.budget.reserve(5, Priority.LIVE)
    with pytest.raises(WaitUntil) as wait:
        house.budget.reserve(1, Priority.LIVE)
    assert wait.value.not_before == next_quarter(NOW) + LATE

    house.budget.observe({"x-ratelimit-usage": "0,2001"}, NOW)
    with pytest.raises(WaitUntil, match="day") as wait:
        house.budget.reserve(1, Priority.LIVE)
    assert wait.value.not_before == next_day(NOW) + LATE


def test_a_429_for_calls_of_every_kind_waits_for_the_day_when_that_is_full(house: House) -> None:
    every = {"x-ratelimit-limit": "200,2000", "x-ratelimit-usage": "1,2001"}

    until = house.budget.exhausted(headers("100,1000", "50,500") | every)
    assert until == next_day(NOW) + LATE


def test_a_429_is_waited_for_by_stravas_clock(house: House) -> None:
    at(house, MIDNIGHT + timedelta(seconds=5))
    late = dated(MIDNIGHT - timedelta(seconds=1), "101,1001")
    house.budget.observe(late, house.clock.now())

    until = house.budget.exhausted(late)
    assert MIDNIGHT + timedelta(seconds=6) < until < MIDNIGHT + timedelta(seconds=10)


@pytest.mark.parametrize("limit", ["4,40", "1,1", "0,0"])
def test_a_forecast_ends_whatever_limit_was_learnt(
    house: House, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paceline.budget.HORIZON", timedelta(days=7))  # a year takes seconds
    house.budget.observe(headers(limit, "0,0"), NOW)

    assert house.budget.done_at(10) <= NOW + timedelta(days=7, minutes=5)


def test_the_smallest_limit_leaves_a_backfill_something(house: House) -> None:
    house.budget.observe(headers("4,40", "0,0"), NOW)

    assert house.budget.free(Priority.BACKFILL) == 2
    assert house.budget.done_at(10) < NOW + timedelta(hours=2)


def test_the_budget_survives_a_restart(house: House) -> None:
    house.budget.reserve(40, Priority.LIVE)
    house.__post_init__()

    assert house.budget.free(Priority.LIVE) == 60


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1)))  # noqa: DTZ001
def test_boundaries_are_ahead_and_natural(moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    quarter, day = next_quarter(now), next_day(now)

    assert now < quarter <= now + timedelta(minutes=15)
    assert quarter.minute % 15 == quarter.second == 0
    assert now < day <= now + timedelta(days=1)
    assert (day.hour, day.minute, day.second) == (0, 0, 0)
