"""What happens to records and maps when the activity behind them changes."""

from typing import Any

from paceline.adapters.local.duckdb import DuckDbWarehouse
from tests.sql.landed import activity, chunks, metric, tables, tombstone

STANDING = (
    "SELECT activity_id, value, previous_value FROM marts.records WHERE record = 'best_effort'"
)
LINES = "SELECT activity_id FROM marts.routes ORDER BY activity_id"
HEAT = "SELECT activities FROM marts.heat_cells"


def run_5_km(activity_id: int, elapsed_time_s: int) -> dict[str, list[dict[str, Any]]]:
    effort = {"distance_m": 5000, "elapsed_time_s": elapsed_time_s}
    return {
        "activities": [activity(activity_id, day=activity_id)],
        "metrics": [metric(activity_id, efforts=[effort])],
    }


def on_the_map(activity_id: int, **columns: Any) -> dict[str, list[dict[str, Any]]]:
    points = [{"distance_m": 250.0 * k, "lat": 47.0005, "lng": 8.0005} for k in range(3)]
    return {
        "activities": [activity(activity_id, summary_polyline="_p~iF~ps|U", **columns)],
        "streams": [{**row, "points": points} for row in chunks(activity_id)],
    }


def test_when_a_record_is_deleted_the_one_before_stands_again(warehouse: DuckDbWarehouse) -> None:
    warehouse.append(tables(run_5_km(1, 1300)))
    warehouse.append(tables(run_5_km(2, 1200)))
    warehouse.refresh()
    assert warehouse.query(STANDING).to_pylist() == [
        {"activity_id": 2, "value": 1200.0, "previous_value": 1300.0}
    ]
    warehouse.append(tables({"activities": [tombstone(2, 2)], "metrics": [tombstone(2, 2)]}))
    warehouse.refresh()
    assert warehouse.query(STANDING).to_pylist() == [
        {"activity_id": 1, "value": 1300.0, "previous_value": None}
    ]


def test_what_becomes_private_leaves_the_map(warehouse: DuckDbWarehouse) -> None:
    warehouse.append(tables(on_the_map(1)))
    warehouse.append(tables(on_the_map(2)))
    warehouse.refresh()
    assert warehouse.query(HEAT)["activities"].to_pylist() == [2]
    hidden = activity(2, version=2, summary_polyline="_p~iF~ps|U", private=True)
    warehouse.append(tables({"activities": [hidden]}))
    assert warehouse.refresh().blocked == {}
    assert warehouse.query(LINES)["activity_id"].to_pylist() == [1]
    assert warehouse.query(HEAT)["activities"].to_pylist() == [1]
