"""The budget: no call that is not reserved, and only headers or the clock change that."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.budget import next_day, next_quarter
from paceline.errors import WaitUntil
from paceline.model.priority import Priority
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
    assert wait.value.not_before == datetime(2026, 11, 22, tzinfo=UTC)


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
    assert house.budget.exhausted(headers("100,1000", "101,500")) == next_quarter(NOW)
    assert house.budget.exhausted(headers("100,1000", "101,1000")) == next_day(NOW)
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

    house.budget.resume()
    assert house.budget.free(Priority.LIVE) == 99


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
