"""`paceline balance`, over the marts and the streams as Strava answered them."""

import asyncio
import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from paceline.cli import main
from paceline.model.bronze import BronzeObject, Kind
from paceline.model.landed import Landed
from paceline.runtime.local import LocalRuntime
from paceline.steps.load_silver import load
from tests.builders import as_bytes, streams
from tests.simulator.harness import ADA, SMALL, strava
from tests.sql.landed import activity, metric, tables

RIDE, RUN = 9_007_199_254_740_993, 8
# On the line of CP 270 W and W' 14,400 J.
CURVE = [{"duration_s": s, "value": 270 + 14_400 / s} for s in (180, 300, 600, 900, 1200)]
WATTS = [0, *[370] * 60, *[170] * 60]


def balance(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["balance", *words])
    said = capsys.readouterr()
    return status, said.out, said.err


def keep_streams(runtime: LocalRuntime, activity_id: int, minute: int, **data: list[Any]) -> str:
    at = datetime(2024, 2, 1, 6, minute, tzinfo=UTC)
    body = as_bytes(streams(time=list(range(len(WATTS))), **data))
    item = BronzeObject("streams", 1, activity_id, at, body, "GET /", 200)
    runtime.bronze.put(item.name(), item.packed(), item.metadata())
    return item.name()


@pytest.fixture
def stored(runtime: LocalRuntime) -> str:
    """A ride with power, its newest answer in bronze, and a run without; the newest's name."""
    on_a_bike: dict[str, Any] = {"sport_type": "Ride", "device_watts": True}
    rows = {
        "activities": [activity(RIDE, **on_a_bike), activity(RUN), activity(9, **on_a_bike)],
        "metrics": [metric(RIDE, power_curve=CURVE), metric(RUN)],
    }
    runtime.warehouse.append(tables(rows))
    assert runtime.duckdb.refresh(as_of=datetime(2024, 4, 1, tzinfo=UTC)).blocked == {}
    keep_streams(runtime, RIDE, 0, watts=[999] * len(WATTS))
    newest = keep_streams(runtime, RIDE, 1, watts=WATTS)
    keep_streams(runtime, RUN, 0, heartrate=[140] * len(WATTS))
    runtime.close()
    return newest


def test_critical_power_is_that_of_the_days_of_the_activity(
    stored: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = balance(capsys, str(RIDE), "--json")

    assert status == 0
    report = json.loads(out)
    assert (report["activity_id"], report["cp_w"], report["w_prime_j"]) == (RIDE, 270, 14_400)
    assert report["cp_source"] == "marts.critical_power of ride, 90 days (R squared 1.000)"
    assert report["bronze"] == stored
    told = report["differential"]
    assert (told["least_j"], told["least_at_s"], told["cp_too_low"]) == (
        pytest.approx(14_400 - 6_000),
        60,
        False,
    )
    assert told["end_j"] > told["least_j"]
    assert "Skiba et al. 2012" in report["integral"]["formula"]


def test_both_can_be_given_by_hand(stored: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = balance(capsys, str(RIDE), "--cp-w", "270", "--w-prime-j", "20000")

    assert status == 0
    assert "CP 270 W and W' 20000 J: given by hand" in out
    assert "differential: least 14000 J (70 %) at 0:01:00, in the end 15558 J" in out
    assert "too low" not in out
    _, out, _ = balance(capsys, str(RIDE), "--cp-w", "200", "--w-prime-j", "5000")
    assert "below 0, which nobody reaches: CP or W' is set too low" in out


def test_an_activity_of_long_ago_is_seen_with_the_power_of_its_year(
    runtime: LocalRuntime, stored: str, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime.duckdb.refresh(as_of=datetime(2024, 6, 1, tzinfo=UTC))
    runtime.close()

    _, out, _ = balance(capsys, str(RIDE), "--json")
    assert json.loads(out)["cp_source"].startswith("marts.critical_power of ride, 2024 ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["7"], "The marts have no activity 7."),
        ([str(RUN)], "no critical power of run for the days of this activity (90 days: no"),
        ([str(RUN), "--cp-w", "270", "--w-prime-j", "20000"], "has no power for more than half"),
        (["9", "--cp-w", "270", "--w-prime-j", "20000"], "Activity 9 has no streams"),
        ([str(RIDE), "--cp-w", "270"], "Give both of one test"),
        ([str(RIDE), "--cp-w", "nan", "--w-prime-j", "20000"], "within 0 to 2500 W"),
        ([str(RIDE), "--cp-w", "270", "--w-prime-j", "20"], "W' within 1000 to 60000 J"),
    ],
)
def test_what_cannot_be_told_is_said_with_what_to_do(
    stored: str, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    status, out, err = balance(capsys, *words)

    assert (status, out) == (1, "")
    assert said in err


def test_before_there_are_marts_it_says_so(
    runtime: LocalRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = balance(capsys, "7")

    assert status == 1
    assert "There are no marts yet" in err


async def _rides() -> dict[int, tuple[bytes, bytes]]:
    """What the simulated Strava answers of some rides with a power meter."""
    sim = strava(replace(SMALL, years=0.1, max_points=None))
    await sim.signed_in()
    found = {}
    for row in await sim.truth():
        path = f"/activities/{row['id']}"
        detail = await sim.http.get(path)
        if detail.json().get("device_watts") and "Ride" in row["sport_type"]:
            keys = {"keys": "time,watts", "key_by_type": "true"}
            found[row["id"]] = (
                detail.content,
                (await sim.http.get(f"{path}/streams", params=keys)).content,
            )
    return found


def plainly(body: bytes, cp_w: float, w_prime_j: float) -> tuple[float, int, float]:
    """Least, when, and the end: second by second; a step of more than 10 s is a pause at 0 W."""
    told = json.loads(body)
    t, watts = told["time"]["data"], told["watts"]["data"]
    left, least, at = w_prime_j, float("inf"), 0
    for i in range(1, len(t)):
        is_pause = t[i] - t[i - 1] > 10
        if is_pause:
            fill = math.exp(-cp_w * (t[i] - t[i - 1]) / w_prime_j)
            left = w_prime_j - (w_prime_j - left) * fill
            continue
        for second in range(t[i - 1] + 1, t[i] + 1):
            spent = (watts[i] or 0) - cp_w
            left -= spent if spent >= 0 else spent * (w_prime_j - left) / w_prime_j
            if left < least:
                least, at = left, second
    return least, at, left


def test_rides_of_the_simulated_strava_are_told_as_a_plain_loop_tells_them(
    runtime: LocalRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    rides = asyncio.run(_rides())
    assert len(rides) > 4
    at, batch = datetime(2026, 11, 21, 12, tzinfo=UTC), []
    kinds: tuple[Kind, Kind] = ("activity", "streams")
    for activity_id, bodies in rides.items():
        for kind, body in zip(kinds, bodies, strict=True):
            item = BronzeObject(kind, ADA, activity_id, at, body, "GET /", 200)
            runtime.bronze.put(item.name(), item.packed(), item.metadata())
            batch.append(Landed("upsert", kind, ADA, activity_id, item.version, "", item.name()))
    assert {outcome.name for outcome in load(batch, runtime.loading)} == {"loaded"}
    assert runtime.duckdb.refresh(as_of=at).blocked == {}
    query = "SELECT period, critical_power_w, w_prime_j FROM marts.critical_power"
    lines = runtime.warehouse.query(query).to_pylist()
    runtime.close()

    (line,) = (row for row in lines if row["period"] == "90 days")
    for activity_id, (_, body) in rides.items():
        status, out, err = balance(capsys, str(activity_id), "--json")
        assert (status, err) == (0, "")
        report = json.loads(out)
        assert (report["cp_w"], report["w_prime_j"]) == (
            line["critical_power_w"],
            line["w_prime_j"],
        )
        told = report["differential"]
        least, at_s, end = plainly(body, report["cp_w"], report["w_prime_j"])
        assert (told["least_j"], told["end_j"]) == (pytest.approx(least), pytest.approx(end))
        assert told["least_at_s"] == at_s
        assert told["cp_too_low"] == (least < 0)
