"""The tables of a DuckDB file, created, and brought up to what metadata.yaml says today."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from paceline.errors import StoreUnavailable
from paceline.warehouse.column_types import ColumnType
from paceline.warehouse.plan import WATERMARKS
from paceline.warehouse.tables import Table, TableInvalid

Columns = dict[str, str]

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    # A batch goes to the file at once, compressed: the log would hold it several times over.
    "auto_checkpoint_skip_wal_threshold": 10,
    # It makes "the newest row of each" an aggregate, which takes four times as long as the window
    # where rows hold arrays: 20 million points in 26 s instead of 7.
    "disabled_optimizers": "top_n_window_elimination",
    # Every sixth refresh would write all points anew, to make one group of rows of two.
    "max_vacuum_tasks": 0,
}


def open_file(path: Path) -> duckdb.DuckDBPyConnection:
    """Open for writing. Raises StoreUnavailable when another process has the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = duckdb.connect(path, config=_CONFIG | {"threads": _our_cores()})
    except duckdb.IOException as problem:
        raise StoreUnavailable(
            f"{path} cannot be opened for writing: {problem}. One process at a time may write it;"
            " stop the other one (another `paceline up`?) or use another PACELINE_HOME."
            " Read marts.duckdb instead to look at the numbers meanwhile"
        ) from problem
    connection.execute("SET TimeZone = 'UTC'")
    _renew_indexes(connection)
    return connection


def _renew_indexes(connection: duckdb.DuckDBPyConnection) -> None:
    """Made from the rows, not from the log of a process that was killed.

    DuckDB 2.0 keeps what the log says of an index until somebody writes to the table. At times it
    cannot delete an entry then, and gives up the whole file, after each start anew.
    """
    indexes = connection.execute(
        "SELECT schema_name || '.' || index_name, sql FROM duckdb_indexes()"
        " WHERE database_name = current_database()"
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    for _, create in indexes:
        connection.execute(create)
    connection.execute("CHECKPOINT")


@contextmanager
def vacuuming(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commits join small groups of rows and give back the room of deleted ones."""
    connection.execute("SET max_vacuum_tasks = 100")  # DuckDB's own default
    try:
        yield
    finally:
        connection.execute("SET max_vacuum_tasks = 0")


def _our_cores() -> int:
    """DuckDB counts the machine's cores, also where this process may not use them."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def prepare(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table]) -> None:
    """Create what is missing, add new columns, and empty what can be built anew."""
    existing = _existing(connection)
    connection.begin()
    _drop_views(connection, tables, existing)
    for table in tables.values():
        if table.kind == "view":
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.layer}")
        elif table.kind != "temp":
            _prepare(connection, table, existing)
    connection.commit()


def _existing(connection: duckdb.DuckDBPyConnection) -> dict[str, Columns]:
    found: dict[str, Columns] = {}
    rows = connection.execute(
        "SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns()"
        " WHERE database_name = current_database()"
    ).fetchall()
    for table, column, data_type in rows:
        found.setdefault(table, {})[column] = data_type.replace('"', "")
    return found


def _drop_views(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table], existing: dict[str, Columns]
) -> None:
    """Views are made anew by the script; what was a view may be a table today, and the reverse."""
    views = {
        name
        for (name,) in connection.execute(
            "SELECT schema_name || '.' || view_name FROM duckdb_views()"
            " WHERE NOT internal AND database_name = current_database()"
        ).fetchall()
    }
    for name in views:
        connection.execute(f"DROP VIEW {name}")
        existing.pop(name, None)
    for name, table in tables.items():
        if table.kind == "view" and name in existing:
            connection.execute(f"DROP TABLE {name}")


def _prepare(
    connection: duckdb.DuckDBPyConnection, table: Table, all_existing: dict[str, Columns]
) -> None:
    existing = all_existing.get(table.name)
    if existing is None:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.layer}")
        _create(connection, table)
        return
    wanted = {column.name: column.type.duckdb().replace('"', "") for column in table.columns}
    if table.kind == "table" and list(wanted.items()) != list(existing.items()):
        connection.execute(f"DROP TABLE {table.name}")
        _create(connection, table)
        if WATERMARKS in all_existing:
            # The next refresh sees a plan that is not its own and builds everything, also when
            # the SQL is by then what it was before.
            connection.execute(f"UPDATE {WATERMARKS} SET plan = ''")  # noqa: S608 - our own name
        return
    _add_columns(connection, table, existing)


def _add_columns(connection: duckdb.DuckDBPyConnection, table: Table, existing: Columns) -> None:
    for column in table.columns:
        kind, found = column.type.duckdb(), existing.get(column.name)
        if found is None:
            connection.execute(f'ALTER TABLE {table.name} ADD COLUMN "{column.name}" {kind}')
        elif found != kind.replace('"', ""):
            fields = _new_fields(column.type, found)
            if not fields:
                raise TableInvalid(
                    f"{table.name}.{column.name} is {found} in this file and {kind} in"
                    " metadata.yaml; move the file away and run `paceline rebuild`"
                )
            _add_fields(connection, table, column.name, fields)


def _new_fields(wanted: ColumnType, existing: str) -> Mapping[str, ColumnType]:
    """What the rows of an array have gained at their end; empty when that is not what changed."""
    fields = wanted.element.fields if wanted.element else ()
    for count in range(1, len(fields)):
        older = ColumnType("ARRAY", element=ColumnType("STRUCT", fields=fields[:count]))
        if older.duckdb().replace('"', "") == existing:
            return dict(fields[count:])
    return {}


def _add_fields(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    column: str,
    fields: Mapping[str, ColumnType],
) -> None:
    connection.execute(f"DROP INDEX IF EXISTS {table.layer}.{_index(table)}")  # it forbids that
    for name, kind in fields.items():
        place = f'"{column}"."element"."{name}"'
        connection.execute(f"ALTER TABLE {table.name} ADD COLUMN {place} {kind.duckdb()}")
    _create_index(connection, table)


def has_index(table: Table) -> bool:
    """Whether an activity's row is fetched by an index on activity_id.

    Without one, DuckDB reads arrays 2,048 rows at a time: one activity's streams cost as much as
    a thousand's.
    """
    return table.kind != "view" and "activity_id" in table.column_names and table.has_arrays


def _create(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    columns = ", ".join(f'"{column.name}" {column.type.duckdb()}' for column in table.columns)
    connection.execute(f"CREATE TABLE {table.name} ({columns})")
    _create_index(connection, table)


def _create_index(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    if has_index(table):
        connection.execute(f"CREATE INDEX {_index(table)} ON {table.name} (activity_id)")


def _index(table: Table) -> str:
    return f"{table.name.replace('.', '_')}_activity"
