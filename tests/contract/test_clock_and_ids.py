"""The ports Clock and Ids: what every adapter promises."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from paceline.adapters.local.manual import CountingIds, ManualClock
from paceline.adapters.local.system import RandomIds, SystemClock
from paceline.ports import Clock, Ids


@pytest.fixture(params=["system", "manual"])
def clock(request: pytest.FixtureRequest) -> Clock:
    if request.param == "system":
        return SystemClock()
    return ManualClock(datetime(2026, 11, 21, tzinfo=UTC))


@pytest.fixture(params=["random", "counting"])
def ids(request: pytest.FixtureRequest) -> Ids:
    return RandomIds() if request.param == "random" else CountingIds()


class TestClock:
    def test_the_time_carries_its_zone_and_is_utc(self, clock: Clock) -> None:
        assert clock.now().utcoffset() == timedelta(0)

    def test_time_does_not_run_backwards(self, clock: Clock) -> None:
        times = [clock.now() for _ in range(100)]

        assert times == sorted(times)


class TestIds:
    def test_an_id_is_32_characters_that_fit_in_a_name(self, ids: Ids) -> None:
        assert re.fullmatch(r"[0-9a-f]{32}", ids.new())

    def test_no_id_comes_twice_whichever_thread_asks(self, ids: Ids) -> None:
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda _: ids.new(), range(2_000)))

        assert len(set(found)) == len(found)
