"""The warehouse on a laptop: one DuckDB file, and the marts published beside it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any

import duckdb
import pyarrow as pa

from paceline.adapters.landing_rows import fit_rows
from paceline.adapters.local.duckdb_fingerprint import Fingerprint, fingerprints
from paceline.adapters.local.duckdb_publish import Published, Publisher
from paceline.adapters.local.duckdb_schema import open_file, prepare, vacuuming
from paceline.adapters.local.duckdb_script import DuckDbScript, read, transaction
from paceline.errors import StoreUnavailable
from paceline.ports import Clock, RefreshReport
from paceline.warehouse.erasures import erasures
from paceline.warehouse.lint import SqlRefused, parse_query
from paceline.warehouse.plan import compile_plan
from paceline.warehouse.tables import INGESTED_AT, load_tables
from paceline.warehouse.transpile import to_duckdb

# ruff: noqa: S608 - names come from the repository's own sql/, never from a user


class DuckDbWarehouse:
    """Implements ports.Warehouse for one process; its threads take turns."""

    def __init__(self, path: Path, marts_path: Path, sql_root: Path, clock: Clock) -> None:
        self._clock = clock
        self._tables = load_tables(sql_root)
        self._lock = RLock()
        self._path = path
        self._publisher = Publisher(marts_path, self._tables)
        self._published: Published | None = None
        self._open()
        marts_path.parent.mkdir(parents=True, exist_ok=True)
        self._publisher.remove_leftovers()
        # A process may have been killed between a refresh and its publish.
        self._publish_due = True
        self._last_ingested_at = self._newest_landed()

    def append(self, tables: Mapping[str, pa.Table]) -> None:
        """Append in one transaction, durable on return. Raises PayloadInvalid before it writes."""
        fitted = {name: fit_rows(name, rows, self._tables) for name, rows in tables.items()}
        with self._alone(), transaction(self._connection):
            # Strictly increasing, so that a watermark never cuts through two appends.
            ingested_at = max(self._clock.now(), self._last_ingested_at + timedelta(microseconds=1))
            for name, rows in fitted.items():
                self._insert(name, rows, ingested_at)
            self._last_ingested_at = ingested_at
            # What is of no one activity touches none, but views over it have changed.
            self._publish_due |= any("activity_id" not in self._tables[n].key for n in fitted)

    def _insert(self, name: str, rows: pa.Table, ingested_at: datetime) -> None:
        columns = ", ".join(f'"{column}"' for column in rows.column_names)
        into, stamp, parameters = f"{name} ({columns})", "", {}
        if INGESTED_AT in self._tables[name].column_names:
            into, stamp = f"{name} ({columns}, {INGESTED_AT})", ", $ingested_at"
            parameters = {"ingested_at": ingested_at}
        self._connection.register("appended_rows", rows)
        insert = f"INSERT INTO {into} SELECT {columns}{stamp} FROM appended_rows"
        self._connection.execute(insert, parameters or None)
        self._connection.unregister("appended_rows")

    def erase(
        self, athlete_id: int, activity_id: int, *, version: int, failed_before: datetime
    ) -> None:
        named = {
            "athlete_id": athlete_id,
            "activity_id": activity_id,
            "version": version,
            "failed_before": failed_before,
        }
        with self._alone(), transaction(self._connection):
            for statement in erasures(self._tables.values()):
                sql = to_duckdb(statement, self._tables)
                used = {name: value for name, value in named.items() if f"${name}" in sql}
                self._connection.execute(sql, used)
            # Views of what failed have changed, and rows that were replaced leave holes with them.
            self._publish_due, self._published = True, None

    def refresh(self, *, full: bool = False, as_of: datetime | None = None) -> RefreshReport:
        """Rebuild what was touched, or everything, and publish the marts when they changed.

        They are as of now, or of the instant that is given: that of others that they must equal.
        """
        with self._alone():
            # A run that does not come to its end leaves nobody who knows what it has changed.
            before, self._published = self._published, None
            # A full run writes everything anew in any case.
            with vacuuming(self._connection) if full else nullcontext():
                report = self._script().run(full=full, as_of=as_of)
            if report.built or self._publish_due or not self._publisher.file.exists():
                self._publish_due = True
                before = self._publisher.publish(self._connection, None if full else before)
                self._publish_due = False
            # The run after a blocked one may build everything, be it touched or not.
            self._published = None if report.blocked else before
            return report

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Read with GoogleSQL: tables are `layer.table`, parameters @named, times in UTC."""
        with self._alone():
            self._script()
            parse_query(sql, "the query", self._tables)
            try:
                found = read(self._connection, to_duckdb(sql, self._tables), parameters)
            except (duckdb.DataError, duckdb.ProgrammingError) as problem:
                raise SqlRefused(f"the query cannot be answered: {problem}") from problem
            return _as_googlesql(found)

    def fingerprints(self) -> dict[str, Fingerprint]:
        """What a rebuild is compared by: the rows of every table that is built from landing."""
        with self._alone():
            return fingerprints(self._connection, self._tables.values())

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _open(self) -> None:
        self._connection = open_file(self._path)
        prepare(self._connection, self._tables)
        self._compiled: DuckDbScript | None = None
        self._published = None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One thread at a time. A file that DuckDB gave up is opened anew, for the next one."""
        with self._lock:
            try:
                yield
            except duckdb.FatalException as problem:
                self._connection.close()
                self._open()
                raise StoreUnavailable(f"DuckDB was started anew, since: {problem}") from problem

    def _script(self) -> DuckDbScript:
        if self._compiled is None:
            self._compiled = DuckDbScript(compile_plan(self._tables), self._connection, self._clock)
        return self._compiled

    def _newest_landed(self) -> datetime:
        newest = datetime.fromtimestamp(0, UTC)
        for table in self._tables.values():
            if INGESTED_AT in table.column_names and table.kind in {"landing", "state"}:
                query = f"SELECT MAX({INGESTED_AT}) AS newest FROM {table.name}"
                found = read(self._connection, query)["newest"][0].as_py()
                newest = max(newest, found or newest)
        return newest


def _as_googlesql(table: pa.Table) -> pa.Table:
    """DuckDB sums integers into 128 bits and calls some numbers decimal; GoogleSQL does not."""
    for index, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            kind = pa.int64() if field.type.scale == 0 else pa.float64()
            table = table.set_column(index, field.name, table.column(index).cast(kind))
    return table
