"""The published marts, read while a service goes on writing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from paceline.adapters.local.duckdb_script import read
from paceline.errors import StoreUnavailable
from paceline.warehouse.lint import parse_query
from paceline.warehouse.tables import load_tables
from paceline.warehouse.transpile import to_duckdb


class PublishedMarts:
    """Implements ports.Reader over one file."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sql_root: Path) -> None:
        self._connection = connection
        self._tables = load_tables(sql_root)

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        parse_query(sql, "the query", self._tables)
        return read(self._connection, to_duckdb(sql, self._tables), parameters)


@contextmanager
def open_marts(marts_path: Path, sql_root: Path) -> Iterator[PublishedMarts]:
    """Raises StoreUnavailable while there are none."""
    if not marts_path.exists():
        raise StoreUnavailable("There are no marts yet: see paceline up, status.")
    with duckdb.connect(str(marts_path), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield PublishedMarts(connection, sql_root)
