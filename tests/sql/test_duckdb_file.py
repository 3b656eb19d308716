"""The files of the local warehouse: killed, locked, published, and read all the while."""

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from threading import Thread

import duckdb
import pyarrow as pa
import pytest

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.errors import StoreUnavailable
from paceline.warehouse.tables import TableInvalid
from tests.sql.conftest import Opener
from tests.sql.landed import TABLES, activity, chunks, tables

ROOT = Path(__file__).parents[2]


def read(marts: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(marts, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def report(year: int, listed: int) -> dict[str, pa.Table]:
    """A comparison of one year that found nothing to heal."""
    checked_at = datetime(2024, 6, 1, 6, 3, 59, tzinfo=UTC)
    nothing = {"missing": 0, "changed": 0, "gone": 0, "held_back": 0}
    row = {"athlete_id": 1, "year": year, "checked_at": checked_at, "whole": True}
    row |= {"listed": listed, "held": listed, **nothing}
    schema = TABLES["ops.reconciliations"].arrow_schema()
    return {"ops.reconciliations": pa.Table.from_pylist([row], schema=schema)}


def child(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", dedent(code)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def test_marts_are_published_under_both_names(warehouse: DuckDbWarehouse, marts: Path) -> None:
    warehouse.append(tables({"activities": [activity(1), activity(2, day=5)]}))
    warehouse.refresh()
    sql = "SELECT month, activities FROM monthly_summary WHERE year = 2024 ORDER BY month"
    assert read(marts, sql) == [(1, 1), (2, 1)]
    assert read(marts, sql.replace("monthly", "marts.monthly")) == [(1, 1), (2, 1)]
    assert read(marts, "SELECT blocked_tables FROM freshness") == [(0,)]
    of_marts = [(name[6:],) for name in sorted(TABLES) if name.startswith("marts.")]
    assert read(marts, "SHOW TABLES") == of_marts


def test_empty_marts_are_published_before_there_is_anything(
    warehouse: DuckDbWarehouse, marts: Path
) -> None:
    warehouse.refresh()
    assert read(marts, "SELECT COUNT(*) FROM activity_summary") == [(0,)]


def test_nothing_is_published_when_nothing_changed(warehouse: DuckDbWarehouse, marts: Path) -> None:
    warehouse.append(tables({"activities": [activity(1)]}))
    warehouse.refresh()
    first = marts.stat().st_ino
    warehouse.refresh()
    assert marts.stat().st_ino == first
    marts.unlink()
    warehouse.refresh()
    assert read(marts, "SELECT COUNT(*) FROM activity_summary") == [(1,)]


def test_what_is_of_no_activity_is_published_too(warehouse: DuckDbWarehouse, marts: Path) -> None:
    warehouse.append(tables({"activities": [activity(1)]}))
    warehouse.refresh()
    told = "SELECT told FROM completeness"
    assert read(marts, told) == [("2024: 1, not checked yet",)]
    warehouse.append(report(year=2024, listed=1))
    assert warehouse.refresh().touched_activities == 0
    assert read(marts, told) == [("2024: 1 of 1, 0 healed, checked 2024-06-01 06:03",)]
    published = marts.stat().st_ino
    warehouse.refresh()
    assert marts.stat().st_ino == published


def test_what_is_published_has_the_types_that_its_metadata_tells(
    warehouse: DuckDbWarehouse, marts: Path
) -> None:
    warehouse.refresh()
    found = read(
        marts,
        "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()"
        " WHERE database_name = current_database() AND NOT internal",
    )
    told = {
        (schema, table.name.partition(".")[2], column.name, column.type.duckdb())
        for table in TABLES.values()
        for column in table.columns
        if (schema := {"marts": "main", "strava": "strava"}.get(table.layer))
    }
    assert set(found) == told


def test_stravas_own_names_answer_the_queries_that_people_know(
    warehouse: DuckDbWarehouse, marts: Path
) -> None:
    detail, listed = '{"id": 9007199254740993, "kudos_count": 12}', '{"id": 2, "kudos_count": 5}'
    rows = [
        activity(9_007_199_254_740_993, day=1, detailed=True, raw_json=detail),
        activity(2, day=2, detailed=False, raw_json=listed),
    ]
    warehouse.append(tables({"activities": rows}))
    warehouse.refresh()
    newest = (
        "SELECT id, start_date, name, sport_type, distance"
        " FROM strava.activities ORDER BY start_date DESC LIMIT 10"
    )
    assert read(marts, newest) == [
        (2, datetime(2024, 2, 1, 7), "Run 2", "Run", 1000.1),  # noqa: DTZ001 - UTC, as told
        (
            9_007_199_254_740_993,
            datetime(2024, 1, 31, 7),  # noqa: DTZ001
            "Run 9007199254740993",
            "Run",
            1000.1,
        ),
    ]
    kudos = (
        "SELECT a.id, (d.json->>'kudos_count')::INT AS kudos FROM strava.activities a"
        " LEFT JOIN strava.activity_details d ON d.id = a.id ORDER BY a.start_date DESC LIMIT 20"
    )
    assert read(marts, kudos) == [(2, None), (9_007_199_254_740_993, 12)]
    assert read(marts, "SELECT json->>'id' FROM strava.activity_details") == [("9007199254740993",)]


def test_what_a_killed_publish_left_is_removed(reopen: Opener, marts: Path) -> None:
    marts.parent.mkdir()
    leftovers = [marts.with_name("marts.duckdb.unfinished" + end) for end in ("", ".wal")]
    for leftover in leftovers:
        leftover.write_bytes(b"half a file")
    warehouse = reopen()
    assert not any(leftover.exists() for leftover in leftovers)
    warehouse.refresh()
    assert sorted(path.name for path in marts.parent.iterdir() if "marts" in path.name) == [
        "marts.duckdb"
    ]


def test_a_reader_never_misses_a_table_or_a_row(warehouse: DuckDbWarehouse, marts: Path) -> None:
    warehouse.append(tables({"activities": [activity(0)]}))
    warehouse.refresh()
    seen: list[tuple[int, int]] = []
    reader = child(f"""
        import duckdb, sys
        while True:
            with duckdb.connect({str(marts)!r}, read_only=True) as marts:
                one = marts.execute("SELECT COUNT(*) FROM activity_summary").fetchone()[0]
                sums = "SELECT SUM(activities) FROM monthly_summary"
                two = marts.execute(sums).fetchone()[0]
            print(one, two, flush=True)
    """)

    def collect() -> None:
        for line in reader.stdout or ():
            one, two = line.split()
            seen.append((int(one), int(two)))

    collector = Thread(target=collect)
    collector.start()
    try:
        for n in range(1, 9):
            before = len(seen)
            warehouse.append(tables({"activities": [activity(n, day=n)]}))
            warehouse.refresh()
            while len(seen) == before and reader.poll() is None:
                pass  # the reader must have looked in between
    finally:
        assert reader.poll() is None, "the reader died"
        reader.kill()
        collector.join()
        reader.wait()
        (reader.stdout or sys.stdin).close()
    assert len(seen) >= 8
    assert all(one == two >= 1 for one, two in seen)
    assert [one for one, _ in seen] == sorted(one for one, _ in seen)


def test_a_run_that_is_killed_before_its_watermark_is_finished_by_the_next(
    tmp_path: Path, reopen: Opener, marts: Path
) -> None:
    killed = child(f"""
        import os, signal
        from datetime import UTC, datetime
        from pathlib import Path
        from paceline.adapters.local.duckdb import DuckDbWarehouse
        from tests.sql.landed import SQL, activity, chunks, tables

        class Clock:
            deadly_after = None
            def now(self):
                if self.deadly_after is not None:
                    self.deadly_after -= 1
                    if self.deadly_after < 0:
                        os.kill(os.getpid(), signal.SIGKILL)
                return datetime(2024, 6, 1, tzinfo=UTC)

        clock = Clock()
        home = Path({str(marts.parent)!r})
        warehouse = DuckDbWarehouse(home / "lake.duckdb", home / "marts.duckdb", SQL, clock)
        warehouse.append(tables({{"activities": [activity(1, day=0), activity(2, day=0)]}}))
        warehouse.refresh()
        moved = activity(1, version=2, day=3)
        warehouse.append(tables({{"activities": [moved], "streams": chunks(1, version=2)}}))
        clock.deadly_after = 1  # the run's start; its end is never recorded
        warehouse.refresh()
    """)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert read(marts, "SELECT COUNT(*) FROM daily_summary") == [(1,)]
    warehouse = reopen()
    assert warehouse.query("SELECT COUNT(*) AS n FROM landing.activities")["n"].to_pylist() == [3]
    assert warehouse.query("SELECT COUNT(*) AS n FROM ops.unfinished_days")["n"].to_pylist() == [2]
    assert warehouse.refresh().touched_activities == 1
    assert read(marts, "SELECT day(local_date), activities FROM daily_summary ORDER BY ALL") == [
        (2, 1),
        (30, 1),
    ]


def test_a_file_that_another_process_has_is_refused_with_what_to_do(
    reopen: Opener, marts: Path
) -> None:
    holder = child(f"""
        import duckdb, time
        from pathlib import Path
        Path({str(marts.parent)!r}).mkdir()
        connection = duckdb.connect({str(marts.with_name("lake.duckdb"))!r})
        print("mine", flush=True)
        while True:
            time.sleep(60)
    """)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mine\n"
        with pytest.raises(StoreUnavailable, match=f"PID {holder.pid}.*stop the other one"):
            reopen()
    finally:
        holder.kill()
        holder.communicate()


def test_times_of_arrival_increase_though_the_clock_stands_still(
    warehouse: DuckDbWarehouse, reopen: Opener
) -> None:
    for n in range(3):
        warehouse.append(tables({"activities": [activity(n)]}))
    warehouse.close()
    again = reopen()
    again.append(tables({"activities": [activity(3)]}))
    found = again.query("SELECT DISTINCT ingested_at FROM landing.activities")
    assert found.num_rows == 4


def test_threads_append_query_and_refresh_together(warehouse: DuckDbWarehouse) -> None:
    def work(first: int) -> None:
        for n in range(first, first + 3):
            warehouse.append(tables({"activities": [activity(n)], "streams": chunks(n)}))
            warehouse.refresh()
            warehouse.query("SELECT COUNT(*) AS n FROM silver.points")

    threads = [Thread(target=work, args=(first,)) for first in (0, 10, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    warehouse.refresh()
    assert warehouse.query("SELECT COUNT(*) AS n FROM marts.activity_summary")["n"][0].as_py() == 9


def test_new_columns_are_added_and_changed_tables_are_built_anew(
    warehouse: DuckDbWarehouse, reopen: Opener
) -> None:
    warehouse.append(tables({"activities": [activity(1)]}))
    warehouse.refresh()
    old = warehouse._connection
    old.execute("DROP INDEX landing.landing_activities_activity")
    old.execute("ALTER TABLE landing.activities DROP COLUMN visibility")
    old.execute("ALTER TABLE marts.daily_summary DROP COLUMN work_kj")
    old.execute("UPDATE ops.watermarks SET plan = 'the SQL of then'")
    warehouse.close()
    again = reopen()
    again.append(tables({"activities": [activity(2, visibility="only_me")]}))
    assert again.refresh().touched_activities == 2
    found = again.query("SELECT activities, work_kj FROM marts.daily_summary").to_pylist()
    assert found == [{"activities": 2, "work_kj": 0.0}]


def test_a_landing_column_of_another_type_is_not_guessed_at(
    warehouse: DuckDbWarehouse, reopen: Opener
) -> None:
    warehouse._connection.execute("DROP INDEX landing.landing_metrics_activity")
    warehouse._connection.execute("ALTER TABLE landing.metrics ALTER points TYPE VARCHAR")
    warehouse.close()
    with pytest.raises(TableInvalid, match=r"landing\.metrics\.points is VARCHAR .*rebuild"):
        reopen()


def test_a_clock_that_goes_back_does_not_hide_new_rows(warehouse: DuckDbWarehouse) -> None:
    warehouse.append(tables({"activities": [activity(1)]}))
    warehouse.refresh()
    warehouse._connection.execute(
        "UPDATE ops.watermarks SET ingested_at = ingested_at + INTERVAL 1 DAY"
    )
    warehouse._last_ingested_at = warehouse._newest_landed()
    warehouse.append(tables({"activities": [activity(2)]}))
    assert warehouse.refresh().touched_activities == 1


def test_rows_of_arrays_in_a_landing_table_gain_fields_and_keep_what_they_have(
    warehouse: DuckDbWarehouse, reopen: Opener
) -> None:
    effort = {"effort_id": 7, "name": "1K", "elapsed_time_s": 240}
    warehouse.append(tables({"activities": [activity(1, best_efforts=[effort]), activity(2)]}))
    old = warehouse._connection
    index = "landing.landing_activities_activity"
    old.execute(f"DROP INDEX {index}")
    old.execute("ALTER TABLE landing.activities DROP COLUMN best_efforts.element.achievements")
    old.execute("ALTER TABLE landing.activities DROP COLUMN polyline")
    old.execute(f"CREATE INDEX {index.partition('.')[2]} ON landing.activities (activity_id)")
    warehouse.close()

    again = reopen()
    achieved = {"type_id": 3, "type": "pr", "rank": 1}
    newer = activity(3, best_efforts=[effort | {"achievements": [achieved]}], polyline="_p~iF")
    again.append(tables({"activities": [newer]}))
    assert again.refresh().blocked == {}
    found = again.query(
        "SELECT activity_id, polyline, best_efforts FROM silver.activities ORDER BY activity_id"
    ).to_pylist()
    assert [row["polyline"] for row in found] == [None, None, "_p~iF"]
    assert [
        [(e["effort_id"], e["achievements"]) for e in row["best_efforts"] or []] for row in found
    ] == [
        [(7, None)],
        [],
        [(7, [achieved])],
    ]
    indexes = again._connection.execute("SELECT index_name FROM duckdb_indexes()").fetchall()
    assert ("landing_activities_activity",) in indexes
