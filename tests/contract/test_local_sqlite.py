"""What the SQLite file promises to the bus and the state in it."""

import sqlite3
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from paceline.adapters.local.sqlite import Database, from_us, to_us
from paceline.adapters.local.state import SqliteState
from paceline.adapters.local.system import RandomIds, SystemClock
from paceline.errors import StoreUnavailable
from tests.contract.processes import run_together


@pytest.fixture
def numbers(database: Database) -> Database:
    database.define("CREATE TABLE numbers (n INTEGER NOT NULL)")
    return database


def insert(database: Database, number: int | None) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO numbers VALUES (?)", (number,))


def insert_all(database: Database, numbers: range) -> None:
    for number in numbers:
        insert(database, number)


def stored(database: Database) -> list[int]:
    with database.reading() as connection:
        return [n for (n,) in connection.execute("SELECT n FROM numbers ORDER BY n")]


def test_every_connection_writes_ahead_and_syncs_each_commit(database: Database) -> None:
    with database.reading() as first, database.reading() as second:
        for connection in (first, second):
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_the_file_is_for_its_owner_only(numbers: Database) -> None:
    insert(numbers, 1)
    files = list(numbers.path.parent.glob(f"{numbers.path.name}*"))
    assert len(files) == 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_block_that_raises_writes_nothing(numbers: Database) -> None:
    with suppress(KeyError), numbers.transaction() as connection:
        connection.execute("INSERT INTO numbers VALUES (1)")
        raise KeyError
    assert stored(numbers) == []
    insert(numbers, 2)
    assert stored(numbers) == [2]


def test_what_sqlite_refuses_is_named_with_the_file_and_its_cause(numbers: Database) -> None:
    with pytest.raises(StoreUnavailable, match=str(numbers.path)) as raised:
        insert(numbers, None)
    assert isinstance(raised.value.__cause__, sqlite3.IntegrityError)
    assert "NOT NULL" in str(raised.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match=r"file/paceline\.db"):
        Database(tmp_path / "file" / "paceline.db")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "paceline.db").write_text("not a database " * 100)
    with pytest.raises(StoreUnavailable, match="not a database"):
        Database(tmp_path / "paceline.db")


def test_a_reader_waits_for_no_writer_and_sees_the_last_commit(numbers: Database) -> None:
    insert(numbers, 1)
    with numbers.transaction() as connection:
        connection.execute("INSERT INTO numbers VALUES (2)")
        assert stored(numbers) == [1]
    assert stored(numbers) == [1, 2]


def test_a_transaction_keeps_other_writers_out_from_its_first_line(numbers: Database) -> None:
    other = sqlite3.connect(numbers.path, timeout=0, isolation_level=None)
    with numbers.transaction(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


def test_a_transaction_in_a_transaction_is_refused_and_not_waited_for(numbers: Database) -> None:
    with pytest.raises(RuntimeError, match="already"), numbers.transaction():
        insert(numbers, 1)
    insert(numbers, 2)
    assert stored(numbers) == [2]


def test_threads_queue_even_through_two_handles_on_one_file(numbers: Database) -> None:
    with Database(numbers.path, busy_timeout_s=0) as other:
        writers = [
            threading.Thread(target=insert_all, args=(database, range(50)))
            for database in (numbers, other, numbers, other)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    assert stored(numbers) == sorted([*range(50)] * 4)


def test_a_closed_database_says_so(database: Database) -> None:
    state = SqliteState(database)
    with database.reading() as connection:
        database.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")
    with pytest.raises(StoreUnavailable, match="closed"):
        state.get("ledger", "1")


def test_two_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    said = run_together(
        ("open_databases", tmp_path, 60, "left", "right"),
        ("open_databases", tmp_path, 60, "right", "left"),
    )
    assert said == [[], []]
    with Database(tmp_path / "0" / "paceline.db") as database:
        assert SqliteState(database).count("opened") == 2


def test_times_are_kept_to_the_microsecond() -> None:
    now = SystemClock().now()
    assert now.tzname() == "UTC"
    assert from_us(to_us(now)) == now


def test_random_ids_have_the_form_of_ids_and_differ() -> None:
    ids = {RandomIds().new() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(each) == 32 and set(each) <= set("0123456789abcdef") for each in ids)


def test_the_bus_imports_nothing_heavy() -> None:
    program = "import sys, paceline.adapters.local.bus; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    heavy = {"uuid", "pydantic", "numpy", "pyarrow", "duckdb", "asyncio", "hashlib", "tempfile"}
    assert heavy & set(run.stdout.decode().split()) == set()
