"""Bronze to silver of 1,000 activities of 3,600 points and 11 streams, on one core.

The baseline reads the same files and does the least that must be done: decompress, parse, and build
the Arrow arrays. Ours validates, computes metrics and appends to DuckDB besides.
"""

import gzip
import json
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from pydantic_core import from_json

from paceline.adapters.local.blobs import FileBlobs
from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.system import SystemClock
from paceline.adapters.strava.wire import StravaWire
from paceline.model.bronze import BronzeObject
from paceline.model.landed import Landed
from paceline.steps import load_silver
from paceline.steps.load_silver import Loading
from paceline.warehouse.tables import load_tables

ROOT = Path(__file__).parents[1]
ACTIVITIES, POINTS, BATCH = 1_000, 3_600, 200
ATHLETE = 4_200_001
BEGAN = datetime(2024, 1, 1, tzinfo=UTC)


def streams(seed: int) -> bytes:
    """A ride that looks like one: every value differs, as in a recording."""
    chance = np.random.default_rng(seed)
    speed = np.clip(8 + np.cumsum(chance.normal(0, 0.1, POINTS)), 1, 18)
    place = np.array([52.5, 13.4]) + np.cumsum(chance.normal(0, 5e-5, (POINTS, 2)), axis=0)
    data = {
        "time": list(range(POINTS)),
        "distance": np.cumsum(speed).round(1).tolist(),
        "latlng": place.round(6).tolist(),
        "altitude": (40 + np.cumsum(chance.normal(0, 0.2, POINTS))).round(1).tolist(),
        "velocity_smooth": speed.round(3).tolist(),
        "heartrate": chance.integers(110, 180, POINTS).tolist(),
        "cadence": chance.integers(60, 100, POINTS).tolist(),
        "watts": chance.integers(0, 400, POINTS).tolist(),
        "temp": chance.integers(10, 25, POINTS).tolist(),
        "moving": (speed > 1).tolist(),
        "grade_smooth": chance.normal(0, 3, POINTS).round(1).tolist(),
    }
    shape = {"series_type": "distance", "original_size": POINTS, "resolution": "high"}
    return json.dumps({key: {"data": values} | shape for key, values in data.items()}).encode()


def detail(activity_id: int, day: int) -> bytes:
    start = (BEGAN + timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {"id": activity_id, "athlete": {"id": ATHLETE}, "name": "Ride", "sport_type": "Ride"}
    numbers = {"distance": 30_000.0, "moving_time": POINTS, "elapsed_time": POINTS}
    return json.dumps(body | numbers | {"start_date": start, "start_date_local": start}).encode()


def fill(bronze: FileBlobs) -> list[Landed]:
    found = []
    for number in range(ACTIVITIES):
        fetched_at = BEGAN + timedelta(days=number)
        for item in (
            BronzeObject(
                "activity", ATHLETE, number + 1, fetched_at, detail(number + 1, number), "", 200
            ),
            BronzeObject("streams", ATHLETE, number + 1, fetched_at, streams(number), "", 200),
        ):
            bronze.put(item.name(), item.packed(), {})
            found.append(
                Landed("upsert", item.kind, ATHLETE, number + 1, item.version, "t", item.name())
            )
    return found


def bare(root: Path, landed: list[Landed]) -> int:
    points = 0
    for each in landed:
        payload = from_json(gzip.decompress((root / each.bronze_name).read_bytes()))
        if "time" in payload:
            columns = {key: pa.array(stream["data"]) for key, stream in payload.items()}
            points += len(pa.table(columns))
    return points


def main() -> None:
    os.sched_setaffinity(0, {0})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bronze = FileBlobs(folder / "bronze")
        landed = fill(bronze)
        warehouse = DuckDbWarehouse(
            folder / "w.duckdb", folder / "marts.duckdb", ROOT / "sql", SystemClock()
        )
        schemas = {name: t.arrow_schema() for name, t in load_tables(ROOT / "sql").items()}
        use = Loading(bronze, StravaWire(), warehouse, schemas, SystemClock())

        bare_s = load_s = 0.0
        for start in range(0, len(landed), BATCH):  # in turns, so that both see the same machine
            batch = landed[start : start + BATCH]
            began = time.perf_counter()
            bare(folder / "bronze", batch)
            bare_s += time.perf_counter() - began
            began = time.perf_counter()
            load_silver.load(batch, use)
            load_s += time.perf_counter() - began

        began = time.perf_counter()
        warehouse.refresh()
        refresh_s = time.perf_counter() - began
        warehouse.close()
    print(f"bronze to silver: {ACTIVITIES} activities of {POINTS} points on one core")
    print(f"bronze to silver: bare {bare_s:.1f} s, load {load_s:.1f} s, script {refresh_s:.1f} s")
    print(f"bronze to silver: ratio {load_s / bare_s:.2f} (at most 2.0)")


if __name__ == "__main__":
    main()
