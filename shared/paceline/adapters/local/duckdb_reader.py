"""The published marts, read while a service goes on writing; and the warehouse beside them."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from paceline.adapters.local.duckdb_script import read
from paceline.errors import StoreUnavailable
from paceline.warehouse.lint import parse_query
from paceline.warehouse.tables import load_tables
from paceline.warehouse.transpile import to_duckdb

EVERYTHING: Collection[str] = ("marts", "strava", "silver")
PUBLISHED: Collection[str] = ("marts", "strava")


class DuckDbFile:
    """Implements ports.Reader over one file."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sql_root: Path) -> None:
        connection.execute("SET TimeZone = 'UTC'")
        self._connection = connection
        self._tables = load_tables(sql_root)

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        parse_query(sql, "the query", self._tables)
        return read(self._connection, to_duckdb(sql, self._tables), parameters)


@contextmanager
def open_marts(marts_path: Path, sql_root: Path) -> Iterator[DuckDbFile]:
    """Raises StoreUnavailable while there are none."""
    if not marts_path.exists():
        raise StoreUnavailable("There are no marts yet: see paceline up, status.")
    with duckdb.connect(str(marts_path), read_only=True) as connection:
        yield DuckDbFile(connection, sql_root)


@contextmanager
def open_all(
    warehouse_path: Path, marts_path: Path, sql_root: Path
) -> Iterator[tuple[DuckDbFile, Collection[str]]]:
    """The warehouse, or the published marts where a running service has it; with its layers."""
    connection = None
    if warehouse_path.exists():
        with suppress(duckdb.IOException):  # another process writes it
            connection = duckdb.connect(str(warehouse_path), read_only=True)
    if connection:
        with connection:
            yield DuckDbFile(connection, sql_root), EVERYTHING
        return
    with open_marts(marts_path, sql_root) as reader:
        yield reader, PUBLISHED
