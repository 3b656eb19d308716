"""The simulated present: by itself, faster, or by hand."""

import asyncio
import time
from email.utils import formatdate

import pytest

from simulator.clock import Clock
from tests.simulator.harness import NOW_S, strava

pytestmark = pytest.mark.anyio


async def finish(clock: Clock, name: str, after_s: float, finished: list[str]) -> None:
    await clock.sleep(after_s)
    finished.append(name)


async def breathe() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_sleepers_wake_in_order_when_time_is_moved_by_hand() -> None:
    clock, finished = Clock(NOW_S, speed=0.0), list[str]()
    async with asyncio.TaskGroup() as group:
        for name, after_s in (("late", 90.0), ("soon", 30.0), ("at once", 0.0), ("then", 60.0)):
            group.create_task(finish(clock, name, after_s, finished))
        await breathe()
        assert finished == ["at once"]
        clock.advance(29.9)
        await breathe()
        assert finished == ["at once"]
        clock.advance(50.1)
        await breathe()
        assert finished == ["at once", "soon", "then"]
        clock.advance(1000)
    assert finished[-1] == "late"


async def test_ten_simulated_minutes_pass_in_a_moment_at_a_high_speed() -> None:
    clock = Clock(NOW_S, speed=60_000.0)
    began_s = time.perf_counter()
    await clock.sleep(600.0)
    assert 0.009 < time.perf_counter() - began_s < 0.5
    assert clock.now_s() >= NOW_S + 600


async def test_a_sleeper_notices_that_time_has_become_faster() -> None:
    clock = Clock(NOW_S, speed=0.0)
    sleeper = asyncio.create_task(clock.sleep(3600))
    await breathe()
    clock.speed = 1.0
    await breathe()
    assert not sleeper.done()
    clock.speed = 1e6
    async with asyncio.timeout(1):
        await sleeper


async def test_a_change_of_speed_does_not_move_the_present() -> None:
    clock = Clock(NOW_S, speed=0.0)
    clock.advance(5)
    for speed in (1.0, 0.0):
        clock.speed = speed
        assert NOW_S + 5 <= clock.now_s() < NOW_S + 6


async def test_without_a_start_it_is_now() -> None:
    assert abs(Clock(None).now_s() - time.time()) < 1


async def test_a_sleeper_that_gives_up_leaves_nothing_behind() -> None:
    clock = Clock(NOW_S, speed=0.0)
    sleepers = [asyncio.create_task(clock.sleep(3600)) for _ in range(50)]
    await breathe()
    assert len(clock._alarms) == 50
    for sleeper in sleepers:
        sleeper.cancel()
    await asyncio.gather(*sleepers, return_exceptions=True)
    await breathe()
    assert clock._alarms == []


async def test_the_speed_is_set_over_the_admin_api() -> None:
    sim = strava()
    answer = await sim.http.post("/_sim/clock", json={"seconds": 10, "speed": 1e4})
    assert answer.json()["speed"] == 1e4
    await asyncio.sleep(0.01)
    state = await sim.json("/_sim/state")
    assert state["clock_speed"] == 1e4
    assert state["now_s"] > NOW_S + 100
    stopped = await sim.http.post("/_sim/clock", json={"speed": 0})
    assert (await sim.json("/_sim/state"))["now_s"] == stopped.json()["now_s"]
    assert (await sim.http.post("/_sim/clock", json={"speed": -1})).status_code == 400


async def test_answers_carry_the_simulated_date() -> None:
    sim = strava()
    await sim.http.post("/_sim/clock", json={"seconds": 86_400, "speed": 0})
    answer = await sim.http.get("/api/v3/athlete")
    assert answer.headers["date"] == formatdate(NOW_S + 86_400, usegmt=True)
