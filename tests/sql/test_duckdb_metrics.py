"""Arrays of metrics on their way through a DuckDB file."""

from typing import Any

from paceline.adapters.local.duckdb import DuckDbWarehouse
from tests.sql.conftest import Opener
from tests.sql.landed import metric, tables, tombstone

CURVE = [{"duration_s": 1, "value": 800.0}, {"duration_s": 5, "value": 640.5}]


def land(warehouse: DuckDbWarehouse, *rows: dict[str, Any]) -> None:
    warehouse.append(tables({"metrics": list(rows)}))
    warehouse.refresh()


def silver(warehouse: DuckDbWarehouse) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = warehouse.query(
        "SELECT activity_id, power_curve, (SELECT COUNT(*) FROM UNNEST(power_curve)) AS points"
        " FROM silver.metrics ORDER BY activity_id"
    ).to_pylist()
    return rows


def test_a_curve_arrives_and_a_tombstone_without_arrays_takes_it_away(
    warehouse: DuckDbWarehouse,
) -> None:
    land(warehouse, metric(1, power_curve=CURVE), metric(2, power_curve=[]))
    assert silver(warehouse) == [
        {"activity_id": 1, "power_curve": CURVE, "points": 2},
        {"activity_id": 2, "power_curve": [], "points": 0},
    ]
    land(warehouse, tombstone(1, 2))
    assert [row["activity_id"] for row in silver(warehouse)] == [2]


def test_rows_from_before_the_arrays_have_none_until_they_are_read_again(
    warehouse: DuckDbWarehouse, reopen: Opener
) -> None:
    land(warehouse, metric(1))
    old = warehouse._connection
    old.execute("DROP INDEX landing.landing_metrics_activity")
    newer = (f"{name}_on_foot" for name in ("speed_curve", "efforts", "speed_coverage"))
    for column in ("power_curve", "efforts", "xpower_w", "speed_coverage", *newer):
        old.execute(f"ALTER TABLE landing.metrics DROP COLUMN {column}")
    warehouse.close()
    again = reopen()
    again.refresh()
    assert silver(again) == [{"activity_id": 1, "power_curve": None, "points": 0}]
    land(again, metric(1, version=2, power_curve=CURVE))
    assert silver(again)[0]["power_curve"] == CURVE
