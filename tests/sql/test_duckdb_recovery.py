"""What must heal by itself: a schema change taken back, a publish that failed."""

import shutil
from pathlib import Path

import duckdb
import pytest

from paceline.errors import StoreUnavailable
from tests.sql.conftest import Opener
from tests.sql.landed import SQL, activity, tables


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
