"""Marts for any number of readers: a new DuckDB file, renamed over the old one."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from paceline.adapters.local.duckdb_script import transaction
from paceline.warehouse.tables import Table

# ruff: noqa: S608 - names come from the repository's own sql/, never from a user

PUBLISHED_LAYERS = ("marts", "strava")


def publish(
    connection: duckdb.DuckDBPyConnection, marts_path: Path, tables: Iterable[Table]
) -> None:
    """Write them beside `marts_path`, then rename; a reader sees the old file or the new one.

    Marts are in the default schema, so `monthly_summary` finds one, and `marts.monthly_summary`
    too, because DuckDB calls the file marts.duckdb `marts`; a schema of that name would clash with
    it. The others are in the schema of their layer.
    """
    remove_leftovers(marts_path)
    home = connection.execute("SELECT current_database()").fetchall()[0][0]
    unfinished = _unfinished(marts_path)
    connection.execute(f"ATTACH '{str(unfinished).replace(chr(39), chr(39) * 2)}' AS published")
    try:
        connection.execute("USE published")
        with transaction(connection):
            _copy(connection, home, tables)
    finally:
        connection.execute(f'USE "{home}"')
        connection.execute("DETACH published")  # which also writes everything into the one file
    unfinished.replace(marts_path)


def remove_leftovers(marts_path: Path) -> None:
    """What a publish that was killed left behind; no reader ever opens it."""
    unfinished = _unfinished(marts_path)
    unfinished.unlink(missing_ok=True)
    unfinished.with_name(unfinished.name + ".wal").unlink(missing_ok=True)


def _unfinished(marts_path: Path) -> Path:
    return marts_path.with_name(marts_path.name + ".unfinished")


def _copy(connection: duckdb.DuckDBPyConnection, home: str, tables: Iterable[Table]) -> None:
    for table in tables:
        name = table.name.removeprefix("marts.")
        if name == table.name:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.layer}")
        rows = f'SELECT * FROM "{home}".{table.name}{_order(table)}'
        connection.execute(f"CREATE TABLE {name} AS {rows}")


def _order(table: Table) -> str:
    """By key, so that who asks for one key reads little; not by places, of which all are read.

    To sort half a million cells of a map takes longer than to count and to copy them.
    """
    type_of = {column.name: column.type.googlesql() for column in table.columns}
    by_place = any(type_of[name] == "FLOAT64" for name in table.key)
    return f" ORDER BY {', '.join(table.key)}" if table.key and not by_place else ""
