"""What every warehouse promises."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from paceline.adapters.gcp.bigquery import BigQueryWarehouse
from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.manual import ManualClock
from paceline.errors import PayloadInvalid
from paceline.ports import Warehouse
from paceline.warehouse.lint import SqlRefused
from tests.bigquery import few_tables, stand_in, warehouse_on
from tests.sql.landed import SQL, TABLES, activity, chunks, metric, tables, tombstone


@contextmanager
def opened(adapter: str, folder: Path, clock: ManualClock) -> Iterator[Warehouse]:
    warehouse: DuckDbWarehouse | BigQueryWarehouse
    if adapter == "duckdb":
        warehouse = DuckDbWarehouse(folder / "lake.duckdb", folder / "marts.duckdb", SQL, clock)
        with closing(warehouse):
            yield warehouse
    else:
        sql = few_tables(folder / "sql")
        with stand_in(folder / "bigquery"), warehouse_on(sql, clock) as warehouse:
            warehouse.create_tables()
            yield warehouse


@pytest.fixture(params=["duckdb", "bigquery"])
def warehouse(
    request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock
) -> Iterator[Warehouse]:
    with opened(request.param, tmp_path, clock) as warehouse:
        yield warehouse


@pytest.fixture(scope="module", params=["duckdb", "bigquery"])
def empty_warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """One for all tests that write nothing: making the tables takes BigQuery's stand-in seconds."""
    clock = ManualClock(datetime(2024, 6, 1, 6, 0, tzinfo=UTC))
    with opened(request.param, tmp_path_factory.mktemp("empty"), clock) as warehouse:
        yield warehouse


def names(warehouse: Warehouse) -> list[str]:
    found = warehouse.query("SELECT name FROM marts.activity_summary ORDER BY name")
    return list(found["name"].to_pylist())


def landed(warehouse: Warehouse) -> dict[str, list[tuple[int, int]]]:
    """Which versions of which activities landing has."""
    found = {
        name: warehouse.query(f"SELECT activity_id, version FROM landing.{name} ORDER BY 1, 2")
        for name in ("activities", "streams", "metrics")
    }
    return {
        name: [(row["activity_id"], row["version"]) for row in rows.to_pylist()]
        for name, rows in found.items()
    }


def failed(activity_id: int | None, at: datetime) -> pa.Table:
    event = {"stage": "load_silver", "error_type": "PayloadInvalid", "message": "no start"}
    row = {**event, "payload_uri": "file://x", "attempts": 1, "failed_at": at}
    row |= {"athlete_id": 1, "activity_id": activity_id}
    return pa.Table.from_pylist([row], schema=TABLES["ops.failed_events"].arrow_schema())


def test_rows_are_in_the_marts_after_a_refresh(warehouse: Warehouse) -> None:
    warehouse.append(tables({"activities": [activity(1)], "metrics": [metric(1)]}))
    report = warehouse.refresh()
    assert (report.touched_activities, report.blocked) == (1, {})
    assert set(report.built) > {"silver.activities", "marts.monthly_summary"}
    assert names(warehouse) == ["Run 1"]


def test_the_same_rows_appended_twice_are_one_row(warehouse: Warehouse) -> None:
    rows = tables({"activities": [activity(1)], "streams": chunks(1, count=3)})
    warehouse.append(rows)
    warehouse.append(rows)
    warehouse.refresh()
    warehouse.append(rows)
    warehouse.refresh()
    assert names(warehouse) == ["Run 1"]
    points = warehouse.query("SELECT t FROM silver.points ORDER BY t")
    assert points["t"].to_pylist() == [0, 1, 10, 11, 20, 21]


def test_a_refresh_with_nothing_new_does_no_work(warehouse: Warehouse) -> None:
    warehouse.append(tables({"activities": [activity(1)]}))
    warehouse.refresh()
    report = warehouse.refresh()
    assert (report.touched_activities, report.built, report.blocked) == (0, (), {})


def test_a_refresh_of_an_empty_warehouse_does_no_work(empty_warehouse: Warehouse) -> None:
    assert empty_warehouse.refresh().built == ()


def test_a_tombstone_reaches_every_mart(warehouse: Warehouse) -> None:
    warehouse.append(tables({"activities": [activity(1), activity(2, day=3)]}))
    warehouse.refresh()
    warehouse.append(tables({"activities": [tombstone(1, 2)]}))
    warehouse.refresh()
    assert names(warehouse) == ["Run 2"]
    months = warehouse.query("SELECT year, month, activities FROM marts.monthly_summary")
    assert months.to_pylist() == [{"year": 2024, "month": 2, "activities": 1}]


def test_what_is_erased_leaves_landing_but_for_its_newest_version_and_what_is_not_its_own(
    warehouse: Warehouse, clock: ManualClock
) -> None:
    failures = [failed(1, clock.now()), failed(2, clock.now())]
    warehouse.append(
        tables(
            {"activities": [activity(1), activity(2)], "streams": chunks(1), "metrics": [metric(1)]}
        )
        | {"ops.failed_events": failures[0]}
    )
    warehouse.append({"ops.failed_events": failures[1]})
    gone = [tombstone(1, 9)]
    no_points = [tombstone(1, 9) | {"chunk": 0, "chunks": 0, "points": []}]
    warehouse.append(tables({"activities": gone, "streams": no_points, "metrics": gone}))
    warehouse.refresh()
    clock.advance(7_200)
    for _ in range(2):
        warehouse.erase(1, 1, version=9, failed_before=clock.now())
    assert landed(warehouse) == {
        "activities": [(1, 9), (2, 1)],
        "streams": [(1, 9)],
        "metrics": [(1, 9)],
    }
    found = warehouse.query("SELECT activity_id FROM ops.failed_events")
    assert found["activity_id"].to_pylist() == [2]
    assert warehouse.refresh().built == ()
    assert warehouse.refresh(full=True).drifted == {}
    assert names(warehouse) == ["Run 2"]


def test_of_what_came_back_only_the_versions_before_it_was_gone_are_erased(
    warehouse: Warehouse, clock: ManualClock
) -> None:
    warehouse.append(tables({"activities": [activity(1), tombstone(1, 5), activity(1, 7)]}))
    warehouse.append({"ops.failed_events": failed(1, clock.now())})
    warehouse.erase(1, 1, version=5, failed_before=clock.now())
    warehouse.refresh()
    assert landed(warehouse)["activities"] == [(1, 5), (1, 7)]
    assert names(warehouse) == ["Run 1"]
    assert warehouse.query("SELECT 1 FROM ops.failed_events").num_rows == 1


def test_an_activity_that_moves_to_another_day_leaves_the_old_one(warehouse: Warehouse) -> None:
    warehouse.append(tables({"activities": [activity(1, day=0)]}))
    warehouse.refresh()
    warehouse.append(tables({"activities": [activity(1, version=2, day=4)]}))
    warehouse.refresh()
    days = warehouse.query("SELECT local_date, activities FROM marts.daily_summary").to_pylist()
    assert days == [{"local_date": date(2024, 2, 3), "activities": 1}]


def test_sums_do_not_show_the_order_of_arrival(warehouse: Warehouse) -> None:
    tenths = [activity(n, distance_m=n / 10) for n in range(1, 8)]
    assert sum(n / 10 for n in range(1, 8)) != sum([*(n / 10 for n in range(2, 8)), 0.1])
    warehouse.append(tables({"activities": tenths}))
    warehouse.refresh()
    sql = "SELECT distance_m FROM marts.daily_summary"
    before = warehouse.query(sql)
    warehouse.append(tables({"activities": [activity(1, version=2, distance_m=0.1)]}))
    warehouse.refresh()
    assert warehouse.query(sql).equals(before)


def test_a_full_refresh_gives_the_same_again(warehouse: Warehouse) -> None:
    rows = [activity(n, day=n, distance_m=0.1 * n) for n in range(5)]
    warehouse.append(tables({"activities": rows}))
    warehouse.refresh()
    sql = "SELECT * FROM marts.monthly_summary WHERE year = 2024 ORDER BY month"
    before = warehouse.query(sql)
    report = warehouse.refresh(full=True)
    assert report.touched_activities == 5
    assert report.drifted == {}
    assert warehouse.query(sql).equals(before)
    runs = warehouse.query("SELECT compared_tables > 0 AS compared FROM ops.script_runs")
    assert sorted(runs["compared"].to_pylist()) == [False, True]


def test_parameters_are_named_and_typed(warehouse: Warehouse) -> None:
    warehouse.append(tables({"activities": [activity(n, day=n) for n in range(4)]}))
    warehouse.refresh()
    found = warehouse.query(
        "SELECT activity_id FROM marts.activity_summary AS a"
        " WHERE a.local_date >= @since AND a.started_at < @until AND a.sport_type = @sport",
        {
            "since": date(2024, 1, 31),
            "until": datetime(2024, 2, 1, 7, tzinfo=UTC),
            "sport": "Run",
        },
    )
    assert found["activity_id"].to_pylist() == [1]


def test_answers_have_the_types_of_googlesql_and_times_in_utc(warehouse: Warehouse) -> None:
    warehouse.append(tables({"activities": [activity(1)]}))
    warehouse.refresh()
    found = warehouse.query(
        "SELECT SUM(moving_time_s) AS total, COUNT(*) AS n, 1.5 AS half, MAX(started_at) AS at,"
        " COUNTIF(private) AS hidden FROM marts.activity_summary"
    )
    utc = pa.timestamp("us", tz="UTC")
    assert found.schema.types == [pa.int64(), pa.int64(), pa.float64(), utc, pa.int64()]
    assert found["at"].to_pylist() == [datetime(2024, 1, 30, 7, tzinfo=UTC)]


def test_integers_divide_as_in_googlesql(empty_warehouse: Warehouse) -> None:
    found = empty_warehouse.query("SELECT 7 / 2 AS a, DIV(-7, 2) AS b, SAFE_DIVIDE(1, 0) AS c")
    assert found.to_pylist() == [{"a": 3.5, "b": -3, "c": None}]


def test_fractions_are_floating_point_as_in_googlesql(empty_warehouse: Warehouse) -> None:
    assert empty_warehouse.query("SELECT 1.1 * 1.1 AS x")["x"].to_pylist() == [1.1 * 1.1]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM silver.activities WHERE TRUE",
        "SELECT x FROM marts.activity_summary",
        "SELECT 1 FROM marts.nothing",
        "SELECT @missing AS x",
        "SELECT COUNT(*) / COUNT(*) AS x FROM marts.daily_summary",
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(empty_warehouse: Warehouse, sql: str) -> None:
    with pytest.raises(SqlRefused, match="the query"):
        empty_warehouse.query(sql)
    assert empty_warehouse.query("SELECT 1 AS one")["one"].to_pylist() == [1]


def test_rows_that_do_not_fit_are_refused_and_nothing_is_written(
    empty_warehouse: Warehouse,
) -> None:
    good = tables({"activities": [activity(1)], "metrics": [metric(1)]})
    metrics = good["landing.metrics"]
    wrong = {
        "landing.metrics.points takes int64, not double": metrics.set_column(
            metrics.schema.get_field_index("points"), "points", pa.array([2.0])
        ),
        "landing.metrics: the column points is missing": metrics.drop_columns(["points"]),
        "landing.metrics does not take a column watts": metrics.append_column(
            "watts", pa.array([1])
        ),
        "landing.metrics.version must have a value": tables(
            {"metrics": [{**metric(1), "version": None}]}
        )["landing.metrics"],
        "landing.metrics.op must be upsert or tombstone": tables(
            {"metrics": [{**metric(1), "op": "delete"}]}
        )["landing.metrics"],
    }
    for why, rows in wrong.items():
        with pytest.raises(PayloadInvalid, match=why):
            empty_warehouse.append({**good, "landing.metrics": rows})
    assert empty_warehouse.refresh().touched_activities == 0


def test_an_upsert_that_silver_could_not_take_is_refused_at_the_door(
    empty_warehouse: Warehouse,
) -> None:
    with pytest.raises(PayloadInvalid, match="local_date must have a value unless op is tombstone"):
        empty_warehouse.append(
            tables({"activities": [tombstone(2, 1), activity(1, local_date=None)]})
        )


def test_only_landing_tables_take_rows(empty_warehouse: Warehouse) -> None:
    with pytest.raises(PayloadInvalid, match=r"silver.activities does not take rows; these do: l"):
        empty_warehouse.append({"silver.activities": pa.table({"x": [1]})})


def test_failed_events_are_appended_and_readable(warehouse: Warehouse, clock: ManualClock) -> None:
    warehouse.append({"ops.failed_events": failed(None, clock.now())})
    found = warehouse.query("SELECT stage, failed_at FROM ops.failed_events").to_pylist()
    assert found == [{"stage": "load_silver", "failed_at": clock.now()}]
