"""The whole script over ten years of one athlete, and what one more activity costs after it.

Rows of landing are made as Arrow and appended as loading appends them; 4,000 points an activity,
500 activities a year. The baseline makes the silver rows and nothing else: one CREATE TABLE AS of
the newest version of each landing table, by the same DuckDB, without marts, checks or a published
file. What is said of single tables leaves out their commits.
"""

import math
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.duckdb_publish import PUBLISHED_LAYERS, publish
from paceline.adapters.local.duckdb_script import DuckDbScript
from paceline.adapters.local.manual import ManualClock
from paceline.warehouse.plan import Build
from paceline.warehouse.tables import load_tables

# ruff: noqa: SLF001 - what is timed here nobody else asks for

SQL = Path(__file__).parents[1] / "sql"
TABLES = load_tables(SQL)
HISTORIES = (500, 625, 1_250, 2_500, 5_000)
POINTS, BATCH, MORE = 4_000, 250, 13
SHARE_AT_MOST, GROWTH_AT_MOST = 0.05, 1.3
ATHLETE = 4_200_001
LAST_DAY = date(2026, 6, 30)
DAYS_APART = 365.25 / 500
SPORTS = ("Run", "Run", "Run", "Ride", "Ride", "TrailRun", "VirtualRide", "Swim")
DURATIONS_S = (
    1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 360, 480, 600, 720, 900, 1200, 1500,
    1800, 2400, 2700, 3600,
)  # fmt: skip
EFFORTS_M = (400, 805, 1000, 1609, 3219, 5000, 10000)
NEWEST = "ROW_NUMBER() OVER (PARTITION BY athlete_id, activity_id ORDER BY version DESC) = 1"


@dataclass(frozen=True)
class Activity:
    """One of the last `of` activities up to LAST_DAY; the one after them is number `of`."""

    number: int
    of: int
    late_days: int = 0  # so much older than its number says

    @property
    def started(self) -> datetime:
        days_before_last = (self.of - 1 - self.number) * DAYS_APART
        noon = datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, 12, tzinfo=UTC)
        return noon - timedelta(days=days_before_last + self.late_days)

    @property
    def key(self) -> dict[str, Any]:
        version = int(self.started.timestamp()) * 1_000_000
        names = {"athlete_id": ATHLETE, "activity_id": self.number + 1, "version": version}
        return names | {"op": "upsert", "source": "api", "bronze_uri": f"file://{self.number}"}

    @property
    def sport(self) -> str:
        return SPORTS[self.number % len(SPORTS)]

    @property
    def speed_mps(self) -> float:
        chance = np.random.default_rng(self.number)
        return float(chance.uniform(*((6, 9) if "Ride" in self.sport else (2.5, 4))))

    def described(self) -> dict[str, Any]:
        chance = np.random.default_rng(self.number)
        local = self.started.replace(tzinfo=None)
        km = {"split": 1, "moving_time_s": 300, "average_grade_adjusted_speed_mps": 3.3}
        told: dict[str, Any] = {"name": f"Number {self.number}", "sport_type": self.sport}
        told |= {"started_at": self.started, "started_local": local, "local_date": local.date()}
        told |= {"detailed": True}
        told |= {"distance_m": round(self.speed_mps * POINTS, 1), "moving_time_s": POINTS}
        told |= {"elapsed_time_s": POINTS + 60, "device_watts": self.sport == "Ride"}
        told |= {"elevation_gain_m": round(float(chance.uniform(0, 900)), 1)}
        told |= {"average_heartrate_bpm": round(float(chance.uniform(120, 160)), 1)}
        told |= {"summary_polyline": "_p~iF~ps|U_ulLnnqC" * 40, "raw_json": '{"a": 1}' * 400}
        return self.key | told | {"splits_metric": [km] * 10}

    def metrics(self) -> dict[str, Any]:
        chance = np.random.default_rng(self.number)
        level = float(chance.uniform(0.8, 1.1))

        def curve(best: float) -> list[dict[str, Any]]:
            return [
                {"duration_s": each, "value": round(best * level * (1 - 0.08 * math.log(each)), 3)}
                for each in DURATIONS_S
            ]

        def histogram(low: int, high: int) -> list[dict[str, int]]:
            seconds = chance.multinomial(POINTS, [1 / (high - low)] * (high - low))
            return [{"value": low + n, "seconds": int(s)} for n, s in enumerate(seconds) if s]

        def effort(metres: int) -> dict[str, int]:
            return {"distance_m": metres, "elapsed_time_s": int(metres / self.speed_mps / level)}

        found: dict[str, Any] = {"points": POINTS, "recorded_s": POINTS, "moving_s": POINTS}
        found |= {"efforts": [effort(metres) for metres in EFFORTS_M]}
        found |= {"average_power_w": 200 * level, "normalized_power_w": 215 * level}
        found |= {"heartrate_coverage": 1.0, "average_heartrate_bpm": 140 * level}
        found |= {"max_heartrate_bpm": round(175 * level), "gap_speed_mps": self.speed_mps}
        found |= {"power_histogram": histogram(0, 400), "heartrate_histogram": histogram(100, 180)}
        curves = {"power_curve": curve(800), "heartrate_curve": curve(180)}
        return self.key | found | curves | {"speed_curve": curve(1.5 * self.speed_mps)}


def rows_of(activities: list[Activity]) -> dict[str, pa.Table]:
    def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
        return pa.Table.from_pylist(rows, schema=TABLES[name].arrow_schema())

    chunk = {"chunk": 0, "chunks": 1}
    streams = table("landing.streams", [each.key | chunk for each in activities])
    place = streams.schema.get_field_index("points")
    streams = streams.set_column(place, streams.schema.field(place), points(activities))
    return {
        "landing.activities": table("landing.activities", [a.described() for a in activities]),
        "landing.metrics": table("landing.metrics", [a.metrics() for a in activities]),
        "landing.streams": streams,
    }


def points(activities: list[Activity]) -> pa.Array:
    """Every value differs, as in a recording; within 30 km of one place, as one lives somewhere."""
    chance = np.random.default_rng(activities[0].number)
    shape = (len(activities), POINTS)
    speed = np.array([[each.speed_mps] for each in activities]) + chance.normal(0, 0.3, shape)
    metres = np.cumsum(np.clip(speed, 0, None), axis=1)
    start = chance.normal(0, 0.05, (2, len(activities), 1))
    turns = np.cumsum(chance.normal(0, 0.05, shape), axis=1)
    kind = TABLES["landing.streams"].arrow_schema().field("points").type.value_type
    values = {
        "index": np.tile(np.arange(POINTS), len(activities)),
        "t": np.tile(np.arange(POINTS), len(activities)),
        "distance_m": metres.round(1),
        "lat": (52.5 + start[0] + np.cumsum(np.cos(turns) * speed, axis=1) / 111_000).round(6),
        "lng": (13.4 + start[1] + np.cumsum(np.sin(turns) * speed, axis=1) / 67_000).round(6),
        "altitude_m": (40 + np.cumsum(chance.normal(0, 0.2, shape), axis=1)).round(1),
        "speed_mps": speed.round(3),
        "heartrate_bpm": chance.integers(110, 180, shape).astype(float),
        "cadence_rpm": chance.integers(60, 100, shape).astype(float),
        "power_w": chance.integers(0, 400, shape).astype(float),
        "temp_c": chance.integers(10, 25, shape).astype(float),
        "moving": speed > 0,
        "grade_pct": chance.normal(0, 3, shape).round(1),
    }
    columns = [pa.array(values[f.name].ravel(), f.type) for f in kind]
    ends = pa.array(np.arange(len(activities) + 1) * POINTS, pa.int32())
    return pa.ListArray.from_arrays(ends, pa.StructArray.from_arrays(columns, fields=list(kind)))


def settings() -> dict[str, pa.Table]:
    values = {"ftp_w": 250.0, "rest_hr_bpm": 50.0, "max_hr_bpm": 190.0, "weight_kg": 70.0}
    said = {"athlete_id": ATHLETE, "version": 1, "op": "upsert", "source": "athlete"}
    said |= {"valid_from": date(2000, 1, 1)}
    rows = [said | {"name": name, "value": value} for name, value in values.items()]
    schema = TABLES["landing.settings"].arrow_schema()
    return {"landing.settings": pa.Table.from_pylist(rows, schema=schema)}


@dataclass(frozen=True)
class TimedScript(DuckDbScript):
    """The script, which notes what each table takes."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def _build(self, build: Build, *, full: bool) -> None:
        build_it = super()._build
        self.seconds[build.table.name] += timed(lambda: build_it(build, full=full)).cpu_s


def timed(work: Callable[[], object]) -> "Taken":
    began, began_cpu = time.perf_counter(), time.process_time()
    work()
    return Taken(time.perf_counter() - began, time.process_time() - began_cpu)


@dataclass(frozen=True, order=True)
class Taken:
    """Ratios are of processor time: others use this machine too."""

    wall_s: float
    cpu_s: float

    def __str__(self) -> str:
        return f"{self.wall_s:.2f} ({self.cpu_s:.2f}) s"


@dataclass(frozen=True)
class Measured:
    activities: int
    bare: Taken
    full: Taken
    more: list[Taken]
    late: Taken  # one from the middle of the history
    no_more: Taken  # a month passes, and nothing lands
    publish: Taken
    full_tables: dict[str, float]
    more_tables: dict[str, float]

    @property
    def one_more(self) -> Taken:
        return median(self.more)

    @property
    def share(self) -> float:
        return self.one_more.cpu_s / self.full.cpu_s

    def told(self) -> str:
        rate = self.activities * POINTS / self.full.wall_s / 1e6
        return (
            f"{self.activities:5} activities: bare silver {self.bare}, full script {self.full},"
            f" {rate:.2f} M points/s; one more {self.one_more}, at most {max(self.more)},"
            f" publishing alone {self.publish}; {self.share:.1%} of full;"
            f" one half as old as the first {self.late}, none for a month {self.no_more}"
        )


def median(taken: list[Taken]) -> Taken:
    return sorted(taken, key=lambda each: each.cpu_s)[len(taken) // 2]


def measure(activities: int, folder: Path) -> Measured:
    marts = folder / "marts.duckdb"
    # What runs to today would else have the more days to fill, the later this is run.
    clock = ManualClock(datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, 18, tzinfo=UTC))
    with closing(DuckDbWarehouse(folder / "lake.duckdb", marts, SQL, clock)) as warehouse:
        warehouse.append(settings())
        for start in range(0, activities, BATCH):
            end = min(start + BATCH, activities)
            warehouse.append(rows_of([Activity(n, activities) for n in range(start, end)]))
        bare_taken = bare(warehouse)
        script = warehouse._script()
        timer = TimedScript(script.plan, script.connection, script.clock)
        warehouse._compiled = timer
        full = timed(warehouse.refresh)
        full_tables = dict(timer.seconds)
        timer.seconds.clear()
        shown = [table for table in TABLES.values() if table.layer in PUBLISHED_LAYERS]
        more, published = [], []
        for n in range(MORE):
            warehouse.append(rows_of([Activity(activities + n, activities)]))
            more.append(timed(warehouse.refresh))
            published.append(timed(lambda: publish(script.connection, marts, shown)))
        more_tables = {name: s / MORE for name, s in timer.seconds.items()}
        late_days = int(activities * DAYS_APART / 2)
        warehouse.append(rows_of([Activity(activities + MORE, activities, late_days)]))
        late = timed(warehouse.refresh)
        clock.advance(30 * 86_400)
        no_more = timed(warehouse.refresh)
    others = (late, no_more, median(published))
    return Measured(activities, bare_taken, full, more, *others, full_tables, more_tables)


def bare(warehouse: DuckDbWarehouse) -> Taken:
    connection = warehouse._connection
    home = connection.execute("SELECT current_database()").fetchall()[0][0]
    beside = Path(f"{warehouse._path}.bare")
    connection.execute(f"ATTACH '{beside}' AS bare")

    def copy() -> None:
        for name in ("activities", "metrics", "streams"):
            newest = f"SELECT * FROM {home}.landing.{name} WHERE op = 'upsert' QUALIFY {NEWEST}"
            connection.execute(f"CREATE TABLE bare.{name} AS {newest}")
        connection.execute("CHECKPOINT bare")

    taken = timed(copy)
    connection.execute("DETACH bare")
    beside.unlink()
    return taken


def costliest(seconds: dict[str, float]) -> str:
    most = sorted(seconds, key=seconds.__getitem__, reverse=True)[:5]
    return ", ".join(f"{name} {1_000 * seconds[name]:.0f} ms" for name in most)


def main() -> None:
    os.sched_setaffinity(0, {0})
    print(f"marts: {POINTS} points an activity, on one core; in brackets: of the processor")
    found = []
    for activities in map(int, sys.argv[1:]) if sys.argv[1:] else HISTORIES:
        with tempfile.TemporaryDirectory() as name:
            found.append(measure(activities, Path(name)))
        print(f"marts: {found[-1].told()}", flush=True)
        print(f"marts:        full: {costliest(found[-1].full_tables)}")
        print(f"marts:        one more: {costliest(found[-1].more_tables)}", flush=True)
    least, most = found[0], found[-1]
    growth = most.one_more.cpu_s / least.one_more.cpu_s
    print(f"marts: full script to bare silver: ratio {most.full.cpu_s / most.bare.cpu_s:.2f}")
    print(f"marts: one more of {most.activities}: share {most.share:.3f} (at most {SHARE_AT_MOST})")
    print(f"marts: one more of {most.activities} to one more of {least.activities}:")
    print(f"marts: ratio {growth:.2f} (at most {GROWTH_AT_MOST})")


if __name__ == "__main__":
    main()
