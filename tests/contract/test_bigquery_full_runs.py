"""A full run in BigQuery, and the runs of every quarter of an hour beside it and after it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery

from paceline.adapters.gcp.bigquery import BigQueryWarehouse
from paceline.adapters.local.manual import ManualClock
from paceline.warehouse import bigquery_turns as turns
from paceline.warehouse.bigquery import render_script
from paceline.warehouse.plan import compile_plan
from paceline.warehouse.tables import load_tables
from tests.bigquery import LAKE, few_tables, stand_in, warehouse_on
from tests.sql.landed import activity, tables

CHECK = """\
-- check: not_too_far: nobody runs 100 km on one day
SELECT 1 FROM marts.daily_summary AS t WHERE t.distance_m > 100000;
"""
BLOCKED = r"left as they were: marts\.daily_summary, marts\.monthly_summary"


class Lake:
    """A warehouse that its schedule runs, by scripts that no command changes."""

    def __init__(self, sql: Path, warehouse: BigQueryWarehouse) -> None:
        self.sql, self.warehouse = sql, warehouse

    def run(self, *, full: bool = False) -> None:
        """As the schedule does."""
        self.do(render_script(compile_plan(load_tables(self.sql)), prefix=LAKE, full=full))

    def do(self, statements: str) -> None:
        client: bigquery.Client = self.warehouse._client
        client.query(statements).result()

    def land(self, *rows: dict[str, Any]) -> None:
        self.warehouse.append(tables({"activities": list(rows)}))

    def change_sql(self) -> None:
        query = self.sql / "marts" / "daily_summary" / "query.sql"
        query.write_text("-- changed\n" + query.read_text())

    def begin_full_run(self) -> None:
        script = turns.begin(compile_plan(load_tables(self.sql)))
        declared = "DECLARE run_started_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP();\n"
        self.do(declared + script.replace("ops.", f"{LAKE}ops."))

    def shown(self, table: str = "activity_summary") -> int:
        found = self.warehouse.query(f"SELECT COUNT(*) AS n FROM marts.{table}")
        return int(found["n"][0].as_py())

    def marks(self) -> dict[str, str]:
        found = self.warehouse.query("SELECT name, plan FROM ops.watermarks").to_pylist()
        return {row["name"]: row["plan"] for row in found}


@pytest.fixture
def lake(tmp_path: Path, clock: ManualClock) -> Iterator[Lake]:
    """One activity is in the marts; then came one that a check refuses."""
    sql = few_tables(tmp_path / "sql")
    (sql / "marts" / "daily_summary" / "checks.sql").write_text(CHECK)
    with stand_in(tmp_path / "bigquery"), warehouse_on(sql, clock) as warehouse:
        warehouse.create_tables()
        lake = Lake(sql, warehouse)
        lake.land(activity(1, day=0))
        lake.run()
        lake.land(activity(2, day=1, distance_m=200_000.0))
        yield lake


def test_a_full_run_that_holds_a_table_back_leaves_the_others_to_be_built_on(lake: Lake) -> None:
    before = lake.marks()
    with pytest.raises(BadRequest, match=BLOCKED):
        lake.run(full=True)
    assert lake.marks() == before

    lake.land(activity(3, day=2))
    with pytest.raises(BadRequest, match=BLOCKED):
        lake.run()
    assert lake.shown() == 3

    lake.land(activity(2, day=1, version=2, distance_m=2_000.0))
    lake.run()
    assert lake.shown("daily_summary") == 3


def test_after_new_sql_too_only_what_was_held_back_waits_for_a_full_run(lake: Lake) -> None:
    lake.change_sql()
    with pytest.raises(BadRequest, match="built by other SQL: run the full script once"):
        lake.run()
    with pytest.raises(BadRequest, match=BLOCKED):
        lake.run(full=True)
    assert lake.marks().keys() == {"landing", "marts.daily_summary", "marts.monthly_summary"}

    # Mended or not: rows of two kinds of SQL are not mixed. Everything else goes on.
    lake.land(activity(2, day=1, version=2, distance_m=2_000.0), activity(3, day=2))
    for _ in range(2):
        with pytest.raises(BadRequest, match=BLOCKED):
            lake.run()
    assert (lake.shown(), lake.shown("daily_summary")) == (3, 1)

    lake.run(full=True)
    assert lake.marks().keys() == {"landing"}
    assert lake.shown("daily_summary") == 3
    lake.run()


def test_the_command_builds_anew_what_was_held_back(lake: Lake, clock: ManualClock) -> None:
    lake.change_sql()
    with pytest.raises(BadRequest, match=BLOCKED):
        lake.run(full=True)
    lake.land(activity(2, day=1, version=2, distance_m=2_000.0))
    with warehouse_on(lake.sql, clock) as warehouse:
        assert warehouse.refresh().blocked == {}
    assert lake.marks().keys() == {"landing"}
    assert lake.shown("daily_summary") == 2


def test_a_run_that_begins_during_a_full_one_leaves_it_alone(
    lake: Lake, clock: ManualClock
) -> None:
    lake.change_sql()
    lake.begin_full_run()
    lake.do(f"UPDATE {LAKE}ops.watermarks SET plan = '' WHERE name = 'landing'")
    lake.run()
    with warehouse_on(lake.sql, clock) as warehouse:
        assert warehouse.refresh().built == ()
    assert lake.shown() == 1


def test_a_full_run_that_was_killed_is_waited_for_no_longer_than_it_could_run(lake: Lake) -> None:
    lake.begin_full_run()
    longer = f"TIMESTAMP_SUB(ingested_at, INTERVAL {turns.LONGEST_RUN_H} HOUR)"
    lake.do(f"UPDATE {LAKE}ops.watermarks SET ingested_at = {longer} WHERE name = 'full_run'")
    with pytest.raises(BadRequest, match=BLOCKED):
        lake.run()
    assert lake.shown() == 2


def test_a_full_run_that_fails_as_a_whole_is_over(lake: Lake) -> None:
    lake.do(f"DROP TABLE {LAKE}ops.script_runs")
    with pytest.raises(Exception, match="script_runs"):
        lake.run(full=True)
    assert lake.marks().keys() == {"landing"}
