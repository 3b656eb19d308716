"""What is published after a small run is the last file with its rows replaced: equal to a whole."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paceline.adapters.local import duckdb_publish
from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.duckdb_publish import Publisher
from paceline.adapters.local.manual import ManualClock
from tests.sql.conftest import Opener
from tests.sql.landed import (
    FIRST_DAY,
    SQL,
    TABLES,
    activity,
    chunks_tombstone,
    metric,
    tables,
    tombstone,
)
from tests.sql.test_duckdb_touched import best, empty
from tests.sql.trained import fill, ridden, ride, somewhere

ROOT = Path(__file__).parents[2]
Shown = dict[str, list[str]]
DAY_S = 86_400

# Dies where the file is whole, or half copied, or has the new rows but not yet the name.
DIES = """
import os, shutil, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.manual import ManualClock
from tests.sql.landed import SQL, activity, tables

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def copy_half(source, target):
    target.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    die()

def copy_whole(source, target):
    target.write_bytes(source.read_bytes())
    die()

home, where = Path(sys.argv[1]), sys.argv[2]
clock = ManualClock(datetime(2024, 6, 1, 6, 0, tzinfo=UTC))
warehouse = DuckDbWarehouse(home / "lake.duckdb", home / "marts.duckdb", SQL, clock)
warehouse.append(tables({"activities": [activity(1)]}))
warehouse.refresh()
if where == "written":
    Path.replace = die
else:
    shutil.copyfile = {"half": copy_half, "whole": copy_whole}[where]
warehouse.append(tables({"activities": [activity(2)]}))
warehouse.refresh()
"""


def shown(file: Path) -> Shown:
    """Every table's columns with their types, and then its rows, whatever order they are in."""
    with duckdb.connect(":memory:") as reader:
        reader.execute(f"ATTACH '{file}' AS shown (READ_ONLY)")
        reader.execute("SET TimeZone = 'UTC'")
        named = "SELECT schema_name || '.' || table_name FROM duckdb_tables()"
        names = reader.execute(f"{named} WHERE database_name = 'shown'").fetchall()
        found = {name: reader.table(f"shown.{name}").to_arrow_table() for (name,) in names}
    return {
        name: [str(rows.schema), *sorted(map(str, rows.to_pylist()))]
        for name, rows in found.items()
    }


def without_rows(found: Shown) -> set[str]:
    return {name for name, (_, *rows) in found.items() if not rows}


def whole(warehouse: DuckDbWarehouse, beside: Path) -> Shown:
    """What a file shows that is written anew from the same warehouse."""
    file = beside.with_name("whole.duckdb")
    Publisher(file, TABLES).publish(warehouse._connection)
    return shown(file)


def following(warehouse: DuckDbWarehouse) -> int | None:
    """How often in a row the file was the one before with some rows replaced."""
    published = warehouse._published
    return published.following if published else None


def said(value: float, day: int, version: int) -> dict[str, Any]:
    setting = {"athlete_id": 1, "name": "ftp_w", "op": "upsert", "source": "athlete"}
    return setting | {"value": value, "version": version, "valid_from": FIRST_DAY + timedelta(day)}


def elsewhere(activity_id: int, version: int) -> list[dict[str, Any]]:
    """Points that lead through other cells with each version, and through some of before too."""
    (chunk,) = somewhere(activity_id)
    points = [
        {"t": t, "lat": 47.1005, "lng": 8.5 + (t + version) / 1000, "distance_m": 100.0 * t}
        for t in range(9)
    ]
    return [chunk | {"version": version, "points": points}]


FAILED = {
    "stage": "load_silver",
    "error_type": "PayloadInvalid",
    "message": "no id",
    "payload_uri": "bronze/1",
    "attempts": 1,
    "failed_at": datetime(2024, 6, 2, 5, tzinfo=UTC),
}
COMPARED = {
    "athlete_id": 1,
    "year": 2024,
    "checked_at": datetime(2024, 6, 1, 5, tzinfo=UTC),
    "whole": True,
    "listed": 37,
    "held": 37,
    "missing": 0,
    "changed": 0,
    "gone": 0,
    "held_back": 0,
}
RECEIVED = {
    "reason": "webhook",
    "detailed": True,
    "raw_json": '{"id": 200}',
    "received_at": datetime(2024, 6, 1, 5, 59, tzinfo=UTC),
}
LATER: dict[str, dict[str, list[dict[str, Any]]]] = {
    "another": {
        "activities": [ride(200, day=40) | RECEIVED],
        "metrics": [ridden(200)],
        "streams": elsewhere(200, 1),
    },
    "moved to another day and elsewhere": {
        "activities": [ride(106, day=20) | {"version": 2, "sport_type": "GravelRide"}],
        "streams": elsewhere(106, 2),
    },
    "hidden": {"activities": [ride(107, day=7) | {"version": 2, "private": True}]},
    "deleted": {
        "activities": [tombstone(108, 2)],
        "metrics": [tombstone(108, 2)],
        "streams": chunks_tombstone(108, 2),
    },
    "a setting": {"settings": [said(300.0, 12, version=2)]},
    "gear": {"gear": [{"athlete_id": 1, "gear_id": "b1", "version": 2, "name": "Old bike"}]},
    "a day": {},
    "a failure": {"ops.failed_events": [FAILED]},
    "a comparison": {"ops.reconciliations": [COMPARED]},
}


def append(warehouse: DuckDbWarehouse, rows: dict[str, list[dict[str, Any]]]) -> None:
    of_ops = {name: found for name, found in rows.items() if name.startswith("ops.")}
    landed = tables({name: found for name, found in rows.items() if name not in of_ops})
    for name, found in of_ops.items():
        landed[name] = pa.Table.from_pylist(found, schema=TABLES[name].arrow_schema())
    if landed:
        warehouse.append(landed)


def test_whatever_comes_one_after_another_is_published_as_if_all_were_written_anew(
    warehouse: DuckDbWarehouse, clock: ManualClock, marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So few rows double the file at once, and nothing would be replaced in it.
    monkeypatch.setattr(duckdb_publish, "_MOST_GROWTH", 99)
    fill(warehouse)
    for count, (name, rows) in enumerate(LATER.items(), start=1):
        append(warehouse, rows)
        clock.advance(0 if rows else DAY_S)
        assert warehouse.refresh().blocked == {}
        assert shown(marts) == whole(warehouse, marts), name
        assert following(warehouse) == count, name
    assert without_rows(shown(marts)) == set(), "nothing was proven of these"


ids = st.integers(1, 4)
rides = st.builds(
    # The day, the places and who may see it follow from the version.
    lambda i, v: {
        "activities": [
            ride(i, day=(i * 7 + v * v) % 5)
            | {"version": v, "sport_type": "Ride" if v % 3 else "Run", "private": v == 4}
            | {"detailed": v != 2, "raw_json": f'{{"id": {i}, "version": {v}}}'}
        ],
        "streams": elsewhere(i, v),
        "metrics": [metric(i, v, **best(100 * v + i))] if v % 2 else [],
    },
    ids,
    st.integers(1, 5),
)
deletions = st.builds(
    lambda i, v: {
        "activities": [tombstone(i, 10 + v)],
        "streams": chunks_tombstone(i, 10 + v),
        "metrics": [tombstone(i, 10 + v)],
    },
    ids,
    st.integers(1, 5),
)
thresholds = st.builds(
    lambda watts, day, v: {"settings": [said(float(watts), day, v)]},
    st.integers(200, 300),
    st.integers(-3, 6),
    st.integers(1, 3),
)
A_DAY: dict[str, list[dict[str, Any]]] = {}
rounds = st.lists(
    st.lists(
        st.one_of(rides, rides, deletions, thresholds, st.just(A_DAY)), min_size=1, max_size=3
    ),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def once_opened(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[DuckDbWarehouse, ManualClock, Path]]:
    """To open one costs more than an example does."""
    clock = ManualClock(datetime(2024, 6, 1, 6, 0, tzinfo=UTC))
    home = tmp_path_factory.mktemp("once")
    opened = DuckDbWarehouse(home / "lake.duckdb", home / "marts.duckdb", SQL, clock)
    with closing(opened), pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb_publish, "_MOST_GROWTH", 99)
        yield opened, clock, home / "marts.duckdb"


@settings(max_examples=12, deadline=None)
@given(rounds=rounds)
def test_any_series_of_refreshes_publishes_what_a_whole_publish_does(
    once_opened: tuple[DuckDbWarehouse, ManualClock, Path],
    rounds: list[list[dict[str, list[dict[str, Any]]]]],
) -> None:
    warehouse, clock, marts = once_opened
    empty(warehouse)
    warehouse.refresh(full=True)
    for number, arrivals in enumerate(rounds):
        for rows in arrivals:
            append(warehouse, rows)
            clock.advance(0 if rows else DAY_S)
        before = following(warehouse)
        built = warehouse.refresh().built
        assert following(warehouse) == (before or 0) + bool(built), number
    assert shown(marts) == whole(warehouse, marts)


def test_rows_that_a_run_has_not_touched_are_not_written_again(
    warehouse: DuckDbWarehouse, marts: Path
) -> None:
    warehouse.append(tables({"activities": [activity(n, day=n) for n in range(5)]}))
    warehouse.refresh()
    warehouse._connection.execute("UPDATE marts.activity_summary SET name = 'written'")
    warehouse.append(tables({"activities": [activity(3, version=2, day=3)]}))
    warehouse.refresh()
    names = "SELECT activity_id, name FROM shown.activity_summary ORDER BY activity_id"
    with duckdb.connect(":memory:") as reader:
        reader.execute(f"ATTACH '{marts}' AS shown (READ_ONLY)")
        found = reader.execute(names).fetchall()
    assert found == [(n, f"Run {n}") for n in range(5)]


def test_a_reader_goes_on_reading_what_it_opened(warehouse: DuckDbWarehouse, marts: Path) -> None:
    count = "SELECT COUNT(*) FROM shown.activity_summary"
    warehouse.append(tables({"activities": [activity(n, day=n) for n in range(5)]}))
    warehouse.refresh()
    with duckdb.connect(":memory:") as early, duckdb.connect(":memory:") as late:
        early.execute(f"ATTACH '{marts}' AS shown (READ_ONLY)")
        for n in range(5, 8):
            warehouse.append(tables({"activities": [activity(n, day=n)]}))
            warehouse.refresh()
        late.execute(f"ATTACH '{marts}' AS shown (READ_ONLY)")
        assert early.execute(count).fetchall() == [(5,)]
        assert late.execute(count).fetchall() == [(8,)]


@pytest.mark.parametrize("where", ["half", "whole", "written"])
def test_a_process_that_is_killed_leaves_the_file_as_it_was(
    reopen: Opener, marts: Path, where: str
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", DIES, marts.parent, where], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    left_over = marts.with_name("marts.duckdb.unfinished")
    assert left_over.exists()
    assert len(shown(marts)["main.activity_summary"]) == 1 + 1

    warehouse = reopen()
    assert not left_over.exists()
    warehouse.refresh()
    assert len(shown(marts)["main.activity_summary"]) == 1 + 2
    assert shown(marts) == whole(warehouse, marts)


def test_a_file_that_somebody_else_wrote_is_written_anew(
    warehouse: DuckDbWarehouse, marts: Path
) -> None:
    def make_other_rows() -> None:
        with duckdb.connect(marts) as theirs:
            theirs.execute("DELETE FROM activity_summary")

    def make_no_database() -> None:
        marts.write_bytes(b"not one of DuckDB's")

    warehouse.append(tables({"activities": [activity(0)]}))
    warehouse.refresh()
    for n, harm in enumerate((make_other_rows, make_no_database, marts.unlink), start=1):
        harm()
        warehouse.append(tables({"activities": [activity(n, day=n)]}))
        warehouse.refresh()
        assert shown(marts) == whole(warehouse, marts)


def test_a_run_that_was_blocked_is_followed_by_a_whole_file(
    reopen: Opener, marts: Path, tmp_path: Path
) -> None:
    sql = tmp_path / "sql"
    shutil.copytree(SQL, sql)
    far = "-- check: near: nobody runs that far\nSELECT 1 FROM marts.daily_summary AS target"
    checks = sql / "marts/daily_summary/checks.sql"
    checks.write_text(f"{far} WHERE target.distance_m > 100000;\n")
    warehouse = reopen(sql)
    warehouse.append(tables({"activities": [activity(1), activity(2)]}))
    warehouse.refresh()
    moved = {"version": 2, "day": 3}
    for distance_m, is_blocked in ((200_000.0, True), (2_000.0, False)):
        moved["version"] += 1
        warehouse.append(tables({"activities": [activity(2, **moved, distance_m=distance_m)]}))
        assert bool(warehouse.refresh().blocked) is is_blocked
        assert following(warehouse) == (None if is_blocked else 0)
        assert shown(marts) == whole(warehouse, marts)


def test_a_file_that_is_followed_again_and_again_stays_about_as_large(
    warehouse: DuckDbWarehouse, marts: Path
) -> None:
    fill(warehouse)
    append(warehouse, LATER["another"])
    warehouse.refresh()
    published, sizes = None, []
    for _ in range(120):
        published = warehouse._publisher.publish(warehouse._connection, published)
        sizes.append(marts.stat().st_size)
    whole_bytes, once = sizes[0], sizes[1] - sizes[0]
    assert max(sizes) <= 2 * whole_bytes + once
    assert sizes.count(whole_bytes) >= 120 // 51  # written anew, now and then
    assert shown(marts) == whole(warehouse, marts)


def test_after_an_erasure_the_file_has_no_byte_of_what_is_gone(
    warehouse: DuckDbWarehouse, marts: Path
) -> None:
    name = "Past the old mill, and home before the storm"
    rows = [activity(each, name=f"Run {each}") for each in range(2, 40)]
    warehouse.append(tables({"activities": [activity(1, name=name), *rows]}))
    warehouse.refresh()
    warehouse.append(tables({"activities": [tombstone(1, 2)]}))
    warehouse.refresh()
    assert name not in str(shown(marts))
    assert name.encode() in marts.read_bytes()  # where a hole is, or this test shows nothing
    warehouse.erase(1, 1, version=2, failed_before=datetime(2025, 1, 1, tzinfo=UTC))
    warehouse.refresh()
    assert name.encode() not in marts.read_bytes()
