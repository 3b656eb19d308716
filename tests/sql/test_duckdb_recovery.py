"""What must heal by itself: a schema change taken back, a publish that failed, a file given up."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.errors import StoreUnavailable
from tests.sql.conftest import Opener
from tests.sql.landed import SQL, activity, tables

DIES = """
import duckdb, os, signal, sys
lake = duckdb.connect(sys.argv[1])
lake.execute(
    "INSERT INTO landing.activities (athlete_id, activity_id, version, op, source, ingested_at)"
    " SELECT 1, range, 1, 'tombstone', 'api', now() FROM range(9)"
)
lake.execute("DELETE FROM landing.activities WHERE activity_id = 7")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_schema_change_that_is_taken_back_leaves_nothing_empty(
    reopen: Opener, tmp_path: Path
) -> None:
    changed = tmp_path / "sql"
    shutil.copytree(SQL, changed)
    for name in ("metadata.yaml", "query.sql"):
        file = changed / "marts/monthly_summary" / name
        text = file.read_text().replace(" AS longest_distance_m", " AS furthest_m")
        file.write_text(text.replace("\n  longest_distance_m", "\n  furthest_m"))
    warehouse = reopen()
    warehouse.append(tables({"activities": [activity(1)]}))
    warehouse.refresh()
    warehouse.close()
    reopen(changed).close()  # opened only: another version of the code had a look

    warehouse = reopen()
    warehouse.append(tables({"activities": [activity(2, day=90)]}))
    report = warehouse.refresh()

    assert not report.blocked
    found = warehouse.query("SELECT SUM(activities) AS n FROM marts.monthly_summary")
    assert found["n"].to_pylist() == [2]


def test_a_publish_that_fails_leaves_the_warehouse_at_work(reopen: Opener, tmp_path: Path) -> None:
    warehouse = reopen()
    warehouse.append(tables({"activities": [activity(1)]}))
    in_the_way = tmp_path / "lake/marts.duckdb.unfinished"
    in_the_way.mkdir()
    with pytest.raises((StoreUnavailable, OSError, duckdb.Error)):
        warehouse.refresh()
    in_the_way.rmdir()

    warehouse.append(tables({"activities": [activity(2)]}))
    warehouse.refresh()
    with duckdb.connect(str(tmp_path / "lake/marts.duckdb"), read_only=True) as published:
        assert published.execute("SELECT count(*) FROM activity_summary").fetchall() == [(2,)]


def test_a_file_that_duckdb_gave_up_is_opened_anew(warehouse: DuckDbWarehouse) -> None:
    warehouse.append(tables({"activities": [activity(1)]}))
    warehouse._connection.execute("SET debug_checkpoint_abort = 'before_header'")
    with pytest.raises(duckdb.FatalException):
        warehouse._connection.execute("CHECKPOINT")
    with pytest.raises(StoreUnavailable, match="was started anew"):
        warehouse.append(tables({"activities": [activity(2)]}))

    warehouse.append(tables({"activities": [activity(2)]}))
    warehouse.refresh()
    found = warehouse.query("SELECT activity_id FROM silver.activities ORDER BY activity_id")
    assert found["activity_id"].to_pylist() == [1, 2]


def test_after_a_kill_indexes_are_made_from_the_rows(reopen: Opener, tmp_path: Path) -> None:
    reopen().close()
    file = tmp_path / "lake/lake.duckdb"
    died = subprocess.run([sys.executable, "-c", DIES, str(file)], check=False)
    log = Path(f"{file}.wal")
    assert (died.returncode, log.exists()) == (-signal.SIGKILL, True)

    warehouse = reopen()
    assert not log.exists() or not log.stat().st_size
    found = warehouse.query("SELECT activity_id FROM landing.activities WHERE activity_id > 5")
    assert sorted(found["activity_id"].to_pylist()) == [6, 8]
    indexes = warehouse._connection.execute("SELECT index_name FROM duckdb_indexes()").fetchall()
    assert ("landing_activities_activity",) in indexes
