"""Years of training of one athlete as rows of landing, made as Arrow: no streams are parsed."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from paceline.warehouse.tables import load_tables

SQL = Path(__file__).parents[2] / "sql"
TABLES = load_tables(SQL)
POINTS = 4_000
ATHLETE = 4_200_001
LAST_DAY = date(2026, 6, 30)
DAYS_APART = 365.25 / 500
SPORTS = ("Run", "Run", "Run", "Ride", "Ride", "TrailRun", "VirtualRide", "Swim")
DURATIONS_S = (
    1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 360, 480, 600, 720, 900, 1200, 1500,
    1800, 2400, 2700, 3600,
)  # fmt: skip
EFFORTS_M = (400, 805, 1000, 1609, 3219, 5000, 10000)


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
        curves |= {"speed_curve": curve(1.5 * self.speed_mps)}
        on_foot = {name: (found | curves)[name] for name in ("speed_curve", "efforts")}
        found |= {f"{name}_on_foot": value for name, value in on_foot.items()}
        return self.key | found | curves | {"speed_coverage_on_foot": 1.0}


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
