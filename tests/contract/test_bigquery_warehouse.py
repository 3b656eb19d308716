"""What is true of BigQuery alone: its requests, its jobs, its refusals. Run on a stand-in."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery

from paceline.adapters.gcp.bigquery import BigQueryWarehouse, Limits
from paceline.adapters.gcp.bigquery_rows import REQUEST_BYTES, Row, as_json, requests_of
from paceline.adapters.local.blobs import FileBlobs
from paceline.adapters.local.manual import ManualClock
from paceline.adapters.strava.wire import StravaWire
from paceline.cli.emulators.process import Emulator
from paceline.errors import PayloadInvalid, StoreUnavailable
from paceline.model.bronze import BronzeObject, Kind
from paceline.model.landed import Landed
from paceline.steps import load_silver
from paceline.steps.load_silver import Loading
from paceline.warehouse.bigquery import OVERLAP_S, render_script
from paceline.warehouse.plan import compile_plan
from paceline.warehouse.tables import load_tables
from tests.bigquery import LAKE, few_tables, stand_in, warehouse_on
from tests.builders import ACTIVITY, ATHLETE, NOW, as_bytes, detail, streams
from tests.sql.landed import SQL, TABLES, activity, chunks, metric, tables


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Landing, and where what it refuses is recorded."""
    folder = tmp_path_factory.mktemp("landing")
    for name in ("landing/activities", "landing/metrics", "landing/streams", "ops/failed_events"):
        shutil.copytree(SQL / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory, sql: Path) -> Iterator[Emulator]:
    with stand_in(tmp_path_factory.mktemp("bigquery")) as emulator:
        yield emulator


@pytest.fixture
def warehouse(emulator: Emulator, sql: Path, clock: ManualClock) -> Iterator[BigQueryWarehouse]:
    with warehouse_on(sql, clock, Limits(requests=3)) as warehouse:
        _run(warehouse, *(f"DROP TABLE IF EXISTS {LAKE}landing.{name}" for name in _names(sql)))
        warehouse.create_tables()
        yield warehouse


def _names(sql: Path) -> list[str]:
    return sorted(folder.name for folder in (sql / "landing").iterdir())


def _run(warehouse: BigQueryWarehouse, *statements: str) -> None:
    client: bigquery.Client = warehouse._client
    client.query("; ".join(statements)).result()


def _count(warehouse: BigQueryWarehouse, name: str) -> int:
    found = warehouse.query(f"SELECT COUNT(*) AS n FROM landing.{name}")["n"][0].as_py()
    assert isinstance(found, int)
    return found


def test_what_is_landed_is_read_back_to_the_last_bit(
    warehouse: BigQueryWarehouse, clock: ManualClock
) -> None:
    exact: dict[str, Any] = {
        "name": "Rúnning 🏃 'on' \"the\" \\edge\\\t\r\n`; -- \u2028",
        "raw_json": '{"id": 9007199254740993, "x": null}',
        "started_at": datetime(2024, 1, 30, 6, 7, 8, 123456, tzinfo=UTC),
        "started_local": datetime(2024, 1, 30, 7, 7, 8, 654321),  # noqa: DTZ001 - a wall clock
        "local_date": date(2024, 2, 29),
        "distance_m": 0.1 + 0.2,
        "average_speed_mps": 1e-300,
        "upload_id": 2**63 - 1,
        "private": False,
        "start_lat": -0.0,
    }
    first = activity(2**53 + 1, **exact, laps=[{"lap_id": 2**60 + 1, "name": None}])
    warehouse.append(tables({"activities": [first]}))
    found = warehouse.query("SELECT * FROM landing.activities").to_pylist()[0]
    assert {name: found[name] for name in exact} == exact
    assert found["activity_id"] == 2**53 + 1
    assert found["laps"][0]["lap_id"] == 2**60 + 1
    assert found["laps"][0]["name"] is None
    assert found["ingested_at"] == clock.now()
    assert found["best_efforts"] == []  # NULL when it was sent


def test_rows_are_sent_in_requests_that_are_small_enough(warehouse: BigQueryWarehouse) -> None:
    warehouse.append(tables({"metrics": [metric(number) for number in range(1_100)]}))
    assert _count(warehouse, "metrics") == 1_100


def test_what_is_redelivered_at_once_is_known_again(warehouse: BigQueryWarehouse) -> None:
    for _ in range(2):
        warehouse.append(tables({"metrics": [metric(1, version=7)]}))
    assert _count(warehouse, "metrics") == 1


def test_a_large_batch_is_loaded_by_one_job_once(
    warehouse: BigQueryWarehouse, clock: ManualClock
) -> None:
    rows = tables({"metrics": [metric(number, version=3) for number in range(1_600)]})
    warehouse.append(rows)
    warehouse.append(rows)
    assert _count(warehouse, "metrics") == 1_600
    clock.advance(3_600)  # for whoever has emptied the table
    warehouse.append(rows)
    assert _count(warehouse, "metrics") == 3_200


def test_rows_that_bigquery_refuses_are_invalid_and_the_column_is_named(
    warehouse: BigQueryWarehouse,
) -> None:
    _run(warehouse, f"ALTER TABLE {LAKE}landing.metrics DROP COLUMN points")
    with pytest.raises(PayloadInvalid, match=r"landing\.metrics\.points: "):
        warehouse.append(tables({"metrics": [metric(1, version=5)]}))


def test_a_payload_whose_row_bigquery_refuses_is_recorded_and_the_rest_of_its_batch_lands(
    warehouse: BigQueryWarehouse, clock: ManualClock, tmp_path: Path
) -> None:
    schemas = {name: table.arrow_schema() for name, table in TABLES.items()}
    use = Loading(FileBlobs(tmp_path), StravaWire(), warehouse, schemas, clock)
    points = _stored(use, "streams", streams(time=[0, 1], watts=[200, 210]))
    ride = _stored(use, "activity", detail())
    _run(warehouse, f"ALTER TABLE {LAKE}landing.metrics DROP COLUMN points")

    outcomes = load_silver.load([points, ride], use)

    assert [outcome.name for outcome in outcomes] == ["quarantined", "loaded"]
    assert _count(warehouse, "activities") == 1
    (failed,) = warehouse.query("SELECT * FROM ops.failed_events").to_pylist()
    assert failed["payload_uri"] == points.bronze_name
    assert failed["message"].startswith("landing.metrics.points: ")


def _stored(use: Loading, kind: Kind, payload: Any) -> Landed:
    item = BronzeObject(kind, ATHLETE, ACTIVITY, NOW, as_bytes(payload), "GET /", 200)
    use.bronze.put(item.name(), item.packed(), item.metadata())
    return Landed("upsert", kind, ATHLETE, ACTIVITY, item.version, "trace", item.name())


def test_a_batch_that_bigquery_refuses_is_invalid_and_can_be_loaded_once_the_table_takes_it(
    warehouse: BigQueryWarehouse,
) -> None:
    rows = tables({"metrics": [metric(number, version=11) for number in range(1_600)]})
    _run(warehouse, f"CREATE OR REPLACE TABLE {LAKE}landing.metrics (alien INT64 NOT NULL)")
    for _ in range(2):
        with pytest.raises(PayloadInvalid, match=r"landing\.metrics: .*alien"):
            warehouse.append(rows)
    _run(warehouse, f"DROP TABLE {LAKE}landing.metrics")
    warehouse.create_tables()
    for _ in range(2):
        warehouse.append(rows)
    assert _count(warehouse, "metrics") == 1_600


def test_a_load_job_ends_before_the_script_would_no_longer_look_back_for_its_rows() -> None:
    limits = Limits()
    assert limits.load_s + 3 * limits.call_s < OVERLAP_S


def test_an_activity_comes_after_what_belongs_to_it(warehouse: BigQueryWarehouse) -> None:
    rows = tables({"activities": [activity(1)], "streams": chunks(1), "metrics": [metric(1, 9)]})
    _run(warehouse, f"DROP TABLE {LAKE}landing.activities")
    with pytest.raises(StoreUnavailable, match=r"did not append to landing\.activities"):
        warehouse.append(rows)
    assert (_count(warehouse, "streams"), _count(warehouse, "metrics")) == (1, 1)
    warehouse.create_tables()
    warehouse.append(rows)
    assert _count(warehouse, "activities") == 1


def test_an_erasure_is_not_refused_for_the_size_of_its_tables(
    warehouse: BigQueryWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BigQuery's estimate knows no clusters; the stand-in has no limits at all."""
    warehouse.append(tables({"activities": [activity(1), activity(2)]}))
    query, limits = bigquery.Client.query, []

    def noting(client: bigquery.Client, sql: str, **how: Any) -> Any:
        if sql.startswith("DELETE"):
            limits.append(how["job_config"].maximum_bytes_billed)
        return query(client, sql, **how)

    monkeypatch.setattr(bigquery.Client, "query", noting)
    warehouse.erase(1, 1, version=9, failed_before=NOW)
    assert limits == [None]
    assert _count(warehouse, "activities") == 1


def test_while_bigquery_is_away_nothing_is_said_to_be_stored(
    warehouse: BigQueryWarehouse, emulator: Emulator, sql: Path, clock: ManualClock
) -> None:
    rows = tables({"activities": [activity(5)]})
    emulator.kill()
    try:
        with warehouse_on(sql, clock, Limits(call_s=1)) as impatient:
            with pytest.raises(StoreUnavailable, match=r"did not append to landing\.activities"):
                impatient.append(rows)
            with pytest.raises(StoreUnavailable, match="did not answer the query"):
                _count(impatient, "activities")
    finally:
        emulator.start()
    warehouse.append(rows)
    assert _count(warehouse, "activities") == 1


def test_requests_keep_the_order_and_stay_below_what_bigquery_takes() -> None:
    sizes = [REQUEST_BYTES - 1, 1, 1, REQUEST_BYTES * 2, 5]
    rows = [Row({}, str(index), size) for index, size in enumerate(sizes)]
    requests = [[row.row_id for row in request] for request in requests_of(rows)]
    assert requests == [["0", "1"], ["2"], ["3"], ["4"]]
    assert list(requests_of([])) == []
    many = [Row({}, str(index), 1) for index in range(1_001)]
    assert [len(request) for request in requests_of(many)] == [500, 500, 1]


def test_numbers_that_are_none_have_names_in_json() -> None:
    values = [float("nan"), float("inf"), float("-inf"), 1.5, 2**62]
    kinds = [pa.float64()] * 4 + [pa.int64()]
    told = [as_json(value, kind) for value, kind in zip(values, kinds, strict=True)]
    assert told == ["NaN", "Infinity", "-Infinity", 1.5, str(2**62)]


def test_a_table_that_a_check_holds_back_is_told_with_its_reason_and_so_are_its_readers(
    tmp_path: Path, clock: ManualClock
) -> None:
    sql = few_tables(tmp_path / "sql")
    checks = sql / "marts" / "daily_summary" / "checks.sql"
    checks.write_text(
        "-- check: not_too_far: nobody runs 100 km on one day\n"
        "SELECT 1 FROM marts.daily_summary AS t WHERE t.distance_m > 100000;\n"
    )
    with stand_in(tmp_path / "bigquery"), warehouse_on(sql, clock) as warehouse:
        warehouse.create_tables()
        warehouse.append(tables({"activities": [activity(1, distance_m=200_000.0)]}))
        report = warehouse.refresh()
        assert report.blocked == {
            "marts.daily_summary": "not_too_far: nobody runs 100 km on one day",
            "marts.monthly_summary": "marts.daily_summary",
        }
        assert "marts.activity_summary" in report.built
        failures = warehouse.query("SELECT table_name, reason FROM ops.check_failures").to_pylist()
        assert {row["table_name"]: row["reason"] for row in failures} == report.blocked

        # The schedule's script fails with it, so that somebody is told.
        scheduled = render_script(compile_plan(load_tables(sql)), prefix=LAKE)
        with pytest.raises(BadRequest, match=r"left as they were: marts\.daily_summary, marts\.mo"):
            _run(warehouse, scheduled)

        # Other SQL, which no longer minds: everything is built anew.
        checks.unlink()
        query = sql / "marts" / "daily_summary" / "query.sql"
        query.write_text("-- changed\n" + query.read_text())
        with warehouse_on(sql, clock) as renewed:
            assert renewed.refresh().blocked == {}
            assert renewed.query("SELECT 1 AS n FROM marts.monthly_summary").num_rows == 1

        # A row that no run has built: the weekly one finds it, says so, and puts it right.
        _run(warehouse, f"UPDATE {LAKE}marts.monthly_summary SET activities = 7 WHERE TRUE")
        weekly = render_script(compile_plan(load_tables(sql)), prefix=LAKE, full=True)
        with pytest.raises(BadRequest, match=r"built other rows of marts\.monthly_summary;"):
            _run(warehouse, weekly)
        _run(warehouse, weekly)
