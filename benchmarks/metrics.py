"""Metrics of one activity from its eleven streams, against parsing the JSON they came in.

The baseline is pydantic's from_json, which is what loading uses; the standard library's json.loads
takes about twice as long. How the cost grows is shown from a quarter of an hour to a day.
"""

import json
import os
import time
import timeit
from collections.abc import Callable

import numpy as np
from pydantic_core import from_json

from paceline.adapters.strava.wire import StravaWire
from paceline.metrics.summary import summarise

POINTS, AT_MOST = 3_600, 3.0
GROWTH = (900, 1_800, 3_600, 7_200, 14_400, 28_800, 57_600, 86_400)
PAUSED_S = 120


def ride(points: int, pause_every: int = 0, mean_mps: float = 8) -> bytes:
    """Values that differ as in a recording, at one point a second; now and then a stop."""
    chance = np.random.default_rng(points)
    steps = np.ones(points, np.int64)
    steps[0] = 0
    if pause_every:
        steps[pause_every::pause_every] = PAUSED_S
    speed = np.clip(mean_mps + np.cumsum(chance.normal(0, 0.05, points)), 1, 18)
    place = np.array([52.5, 13.4]) + np.cumsum(chance.normal(0, 5e-5, (points, 2)), axis=0)
    data = {
        "time": np.cumsum(steps).tolist(),
        "distance": np.cumsum(speed).round(1).tolist(),
        "latlng": place.round(6).tolist(),
        "altitude": (400 + np.cumsum(chance.normal(0, 0.2, points))).round(1).tolist(),
        "velocity_smooth": speed.round(3).tolist(),
        "heartrate": chance.integers(110, 180, points).tolist(),
        "cadence": chance.integers(60, 100, points).tolist(),
        "watts": chance.integers(0, 400, points).tolist(),
        "temp": chance.integers(10, 25, points).tolist(),
        "moving": (speed > 1).tolist(),
        "grade_smooth": chance.normal(0, 3, points).round(1).tolist(),
    }
    return json.dumps({key: {"data": values} for key, values in data.items()}).encode()


def fastest_ms(*jobs: Callable[[], object]) -> list[float]:
    """The least of many runs of each, in turns, in processor time: others use this machine too."""
    best = [float("inf")] * len(jobs)
    for _ in range(25):
        for place, job in enumerate(jobs):
            took_s = timeit.timeit(job, timer=time.process_time, number=2) / 2
            best[place] = min(best[place], took_s * 1_000)
    return best


def measured(body: bytes) -> tuple[float, float, float]:
    streams = StravaWire().streams(body)
    parse, loads, ours = fastest_ms(
        lambda: from_json(body), lambda: json.loads(body), lambda: summarise(streams)
    )
    return parse, loads, ours


def main() -> None:
    os.sched_setaffinity(0, {0})
    parse, loads, ours = measured(ride(POINTS))
    paused = measured(ride(POINTS, pause_every=300))[2]
    fast = measured(ride(POINTS, mean_mps=12))[2]
    print(f"metrics: {POINTS} points, 11 streams, on one core")
    print(f"metrics: from_json {parse:.2f} ms, json.loads {loads:.2f} ms, metrics {ours:.2f} ms")
    print(f"metrics: with a pause every five minutes {paused:.2f} ms")
    print(f"metrics: with steps that are too fast for a runner {fast:.2f} ms")
    print(f"metrics: ratio to json.loads {ours / loads:.2f}, to from_json:")
    print(f"metrics: ratio {ours / parse:.2f} (at most {AT_MOST})")
    print("metrics: points     from_json    metrics   ratio   microseconds a point")
    for points in GROWTH:
        parse, _, ours = measured(ride(points))
        each = ours / points * 1_000
        print(
            f"metrics: {points:6} {parse:10.2f} ms {ours:7.2f} ms {ours / parse:7.2f} {each:8.2f}"
        )


if __name__ == "__main__":
    main()
