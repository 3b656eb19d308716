"""One recorded athlete with two activities, and folders of them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulator.config import SimulatorConfig
from tests.simulator.harness import SMALL

MINE = 9_007_199_254_740_993  # beyond what a double holds
RIDE = 9_223_372_036_854_775_001
HAND = 51
ATHLETE: dict[str, Any] = {
    "id": MINE, "firstname": "Rosa", "lastname": "K", "city": "Turin", "premium": True,
    "ftp": 250, "bikes": [{"id": "b1", "name": "Old", "primary": True, "distance": 3}],
    "shoes": [], "resource_state": 3,
}  # fmt: skip
SAMPLES: dict[str, dict[str, Any]] = {
    "watts": {"data": [100, None, 120, 130, 90], "series_type": "distance", "original_size": 5},
    "time": {"data": [0, 60, 120, 180, 240], "series_type": "distance", "original_size": 5},
    "moving": {"data": [False, True, True, False, True]},
    "distance": {"data": [0.0, 300.0, 600.0, 600.0, 900.0]},
    "latlng": {"data": [[45.0, 7.0], [45.01, 7.0], [45.02, 7.0], [45.02, 7.0], [45.03, 7.0]]},
}
DETAIL: dict[str, Any] = {
    "id": RIDE, "athlete": {"id": MINE, "resource_state": 1}, "name": "Superga", "type": "Ride",
    "sport_type": "Ride", "start_date": "2026-05-01T06:00:00Z", "private": False,
    "visibility": "everyone", "start_date_local": "2026-05-01T08:00:00Z", "utc_offset": 7200.0,
    "timezone": "(GMT+01:00) Europe/Rome", "distance": 900.0, "moving_time": 180,
    "elapsed_time": 240, "total_elevation_gain": 12, "gear_id": "b1", "average_speed": 5.0,
    "map": {"id": "a1", "polyline": "abc", "summary_polyline": "ab", "resource_state": 3},
    "description": "caf\u00e9", "from_the_future": {"kept": [1.50]}, "resource_state": 3,
    "laps": [{"id": 1, "end_index": 2}, {"id": 2, "end_index": 4}],
    "splits_metric": [{"split": 1, "elapsed_time": 120}, {"split": 2, "elapsed_time": 120}],
    "start_latlng": [45.0, 7.0], "end_latlng": [45.03, 7.0],
}  # fmt: skip
BY_HAND: dict[str, Any] = {
    "id": HAND, "athlete": {"id": MINE}, "name": "Yoga", "sport_type": "AerialYoga",
    "start_date": "2026-05-02T06:00:00Z", "elapsed_time": 1800, "manual": True, "private": True,
}  # fmt: skip


def write_folder(folder: Path) -> Path:
    """With spaces, as no answer of the simulator is written: so bytes show where they come from."""
    for name, body in (
        (f"athletes/{MINE}.json", ATHLETE),
        (f"activities/{RIDE}.json", DETAIL),
        (f"activities/{HAND}.json", BY_HAND),
        (f"streams/{RIDE}.json", SAMPLES),
    ):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(body, indent=1))
    return folder


def of(folder: Path, athletes: int = 0) -> SimulatorConfig:
    return replace(SMALL, athletes=athletes, recorded=str(folder))
