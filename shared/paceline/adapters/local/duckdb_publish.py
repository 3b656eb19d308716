"""Marts for any number of readers: a new DuckDB file, renamed over the old one.

After a run that rebuilt a few rows, the new file is a copy of the old one with these rows replaced.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from paceline.adapters.local.duckdb_changes import Changed, changed, name_more_cells
from paceline.adapters.local.duckdb_script import Parsed, transaction
from paceline.warehouse.tables import Table

# ruff: noqa: S608 - names come from the repository's own sql/, never from a user

_PLAIN, _NAMED = "marts", "strava"  # layers: the default schema's, and that of a schema of its own
# Rows that replace others are in no order, and what they replace leaves holes.
_MOST_FOLLOWING, _MOST_GROWTH = 50, 2
# DuckDB's smallest: each table takes some anew whenever it changes, of 256 KiB unless told.
_BLOCK_BYTES = 16_384


@dataclass(frozen=True)
class Published:
    """The file as this process left it: of any other one it is not known what it shows."""

    identity: tuple[int, ...]
    whole_bytes: int
    following: int = 0  # how many times since then only what had changed was written

    def can_be_followed(self, file: Path) -> bool:
        return (
            self.following < _MOST_FOLLOWING
            and file.exists()
            and _identity(file) == self.identity
            and file.stat().st_size <= _MOST_GROWTH * self.whole_bytes
        )


@dataclass(frozen=True)
class Publisher:
    """Writes beside `file`, then renames; a reader sees the old file or the new one.

    Marts are in the default schema, so `monthly_summary` finds one, and `marts.monthly_summary`
    too, because DuckDB calls the file marts.duckdb `marts`; a schema of that name would clash with
    it. The others are in the schema of their layer.
    """

    file: Path
    tables: Mapping[str, Table]
    _changed: dict[str, Changed | None] = field(default_factory=dict)
    _parsed: Parsed = field(default_factory=Parsed)

    def publish(
        self, connection: duckdb.DuckDBPyConnection, before: Published | None = None
    ) -> Published:
        """Everything, or what the last run has touched since that which was published `before`.

        The keys that it has touched must still be in their temporary tables.
        """
        self.remove_leftovers()
        before = before if before and self._copied(before) else None
        with _attached(connection, self._unfinished), transaction(connection):
            if before:
                self._replace_touched(connection)
            else:
                self._write_all(connection)
        self._unfinished.replace(self.file)
        if before:
            return Published(_identity(self.file), before.whole_bytes, before.following + 1)
        return Published(_identity(self.file), self.file.stat().st_size)

    def remove_leftovers(self) -> None:
        """What a publish that was killed left behind; no reader ever opens it."""
        self._unfinished.unlink(missing_ok=True)
        self._unfinished.with_name(self._unfinished.name + ".wal").unlink(missing_ok=True)

    @property
    def _unfinished(self) -> Path:
        return self.file.with_name(self.file.name + ".unfinished")

    @property
    def _shown(self) -> list[Table]:
        return [each for each in self.tables.values() if each.layer in {_PLAIN, _NAMED}]

    def _copied(self, before: Published) -> bool:
        if not before.can_be_followed(self.file):
            return False
        try:
            shutil.copyfile(self.file, self._unfinished)
        except OSError:
            self.remove_leftovers()
            return False
        return True

    def _write_all(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(f"CREATE SCHEMA published.{_NAMED}")
        for table in self._shown:
            connection.execute(_written(table))

    def _replace_touched(self, connection: duckdb.DuckDBPyConnection) -> None:
        def execute(sql: str) -> duckdb.DuckDBPyConnection:
            return self._parsed.execute(connection, sql)

        for statement in name_more_cells(self.tables):
            execute(statement)
        has_rows: dict[str, bool] = {}
        for table in self._shown:
            rows = self._changed_rows(table)
            if rows is None:
                execute(_written(table))
                continue
            if rows.touched not in has_rows:
                found = execute(f"SELECT 1 FROM {rows.touched} LIMIT 1").fetchone()
                has_rows[rows.touched] = found is not None
            if has_rows[rows.touched]:
                name = _published(table)
                execute(f"DELETE FROM {name} AS target WHERE {rows.gone}")
                execute(f"INSERT INTO {name} BY NAME {rows.now}")

    def _changed_rows(self, table: Table) -> Changed | None:
        if table.name not in self._changed:
            self._changed[table.name] = changed(table, self.tables)
        return self._changed[table.name]


def _identity(file: Path) -> tuple[int, ...]:
    told = file.stat()
    return told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns


@contextmanager
def _attached(connection: duckdb.DuckDBPyConnection, file: Path) -> Iterator[None]:
    path = str(file).replace("'", "''")
    connection.execute(f"ATTACH '{path}' AS published (BLOCK_SIZE {_BLOCK_BYTES})")
    try:
        yield
        connection.execute("CHECKPOINT published")  # writes everything into the one file
    finally:
        connection.execute("DETACH published")


def _published(table: Table) -> str:
    layer, _, name = table.name.partition(".")
    return f"published.{'main' if layer == _PLAIN else layer}.{name}"


def _written(table: Table) -> str:
    rows = f"SELECT * FROM {table.name}{_order(table)}"
    return f"CREATE OR REPLACE TABLE {_published(table)} AS {rows}"


def _order(table: Table) -> str:
    """By key, so that who asks for one key reads little; not by places, of which all are read.

    To sort half a million cells of a map takes longer than to count and to copy them.
    """
    type_of = {column.name: column.type.googlesql() for column in table.columns}
    by_place = any(type_of[name] == "FLOAT64" for name in table.key)
    return f" ORDER BY {', '.join(table.key)}" if table.key and not by_place else ""
