"""Runs the plan in DuckDB: touched keys, one transaction a table, checks that block."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from paceline.adapters.local.duckdb_changes import name_cells
from paceline.adapters.local.duckdb_fingerprint import Fingerprint, differences, fingerprints
from paceline.adapters.local.duckdb_schema import has_index
from paceline.errors import StoreUnavailable
from paceline.ports import Clock, RefreshReport
from paceline.warehouse.plan import TOUCHED, Build, Plan
from paceline.warehouse.restrict import touched_rows
from paceline.warehouse.tables import Table
from paceline.warehouse.transpile import duckdb_name, to_duckdb

# ruff: noqa: S608 - names come from the repository's own sql/, never from a user

# What a build may run into because of its rows or its SQL; anything else is the store's trouble.
_BUILD_ERRORS = (duckdb.DataError, duckdb.IntegrityError, duckdb.ProgrammingError)
# A lookup takes 30 ms where reading the table takes 300 (3,000 activities of one hour).
_MOST_LOOKUPS = 8


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing. Raises StoreUnavailable when DuckDB cannot keep it."""
    try:
        connection.begin()
        yield
        connection.commit()
    except BaseException as problem:
        _roll_back(connection)
        if isinstance(problem, (duckdb.OperationalError, duckdb.InternalError)):
            raise StoreUnavailable(f"DuckDB did not store it: {problem}") from problem
        raise


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    with suppress(duckdb.TransactionException):  # a failed COMMIT has rolled back already
        connection.rollback()


def read(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Any] | None = None
) -> pa.Table:
    """What one SELECT answers, as Arrow."""
    relation = connection.sql(sql, params=parameters)
    return relation.to_arrow_table()


class Parsed:
    """Statements that are run again and again: to parse them takes an eighth of a small run."""

    def __init__(self) -> None:
        self._known: dict[str, duckdb.Statement] = {}

    def execute(
        self,
        connection: duckdb.DuckDBPyConnection,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
    ) -> duckdb.DuckDBPyConnection:
        """Run one statement, which is then kept: not for a text that names rows."""
        if sql not in self._known:
            (self._known[sql],) = connection.extract_statements(sql)
        return connection.execute(self._known[sql], parameters)


class CheckFailed(Exception):
    """A table's new rows are not let through."""


@dataclass(frozen=True)
class DuckDbScript:
    """The plan's statements as DuckDB runs them, translated when first needed."""

    plan: Plan
    connection: duckdb.DuckDBPyConnection
    clock: Clock
    _translated: dict[str, str] = field(default_factory=dict)
    _parsed: Parsed = field(default_factory=Parsed)

    def __post_init__(self) -> None:
        for view in self.plan.views:
            # DuckDB sums into 128 bits and has instants without a zone: types as they are told.
            columns = ", ".join(
                f'CAST("{column.name}" AS {column.type.duckdb()}) AS "{column.name}"'
                for column in view.columns
            )
            query = to_duckdb(view.query or "", self.plan.tables)
            self.connection.execute(
                f"CREATE OR REPLACE VIEW {view.name} AS SELECT {columns} FROM ({query})"
            )

    def run(self, *, full: bool, as_of: datetime | None = None) -> RefreshReport:
        """A full run over what is built already compares: it must not change a row.

        The marts are as of now, or as of the instant that is given.
        """
        started_at = self.clock.now()
        with transaction(self.connection):
            compares = full and self._is_built()
            built_by = self._value(self.plan.built_by)
            if not compares:  # which is as of when the rows were built
                for statement in self.plan.set_clock:
                    self._run(statement, {"as_of": as_of or started_at})
            if built_by not in {None, self.plan.signature}:
                full = True
                for statement in self.plan.forget_watermark:
                    self._run(statement)
            seen_until = self._value(self.plan.newest_landed)
            self._touch()
            if full:
                self._touch_everything()
            touched = int(self._value(self.plan.count_touched))
        if not full and not self._value(self.plan.count_keys):
            return RefreshReport(0, (), {}, self._seconds_since(started_at))
        before = self._fingerprints() if compares else {}
        # On the first run all keys are touched: to ask of each row whether it is doubles the time.
        full = full or built_by is None
        built, blocked = self._build_all(touched, full=full)
        drifted = differences(before, self._fingerprints()) if compares else {}
        with transaction(self.connection):
            if not blocked:
                for statement in self.plan.advance_watermark:
                    self._run(statement, {"seen_until": seen_until})
            drifts = {name: f"a full run built other rows: {d}" for name, d in drifted.items()}
            self._record_failures(blocked | drifts)
            self._record(started_at, touched, built, blocked, compared=len(before))
        seconds = self._seconds_since(started_at)
        return RefreshReport(touched, built, blocked, seconds, drifted)

    def _is_built(self) -> bool:
        """By this very SQL, and nothing landed since."""
        if self._value(self.plan.built_by) != self.plan.signature:
            return False
        self._touch()
        return not self._value(self.plan.count_keys)

    def _fingerprints(self) -> dict[str, Fingerprint]:
        return fingerprints(self.connection, self.plan.tables.values())

    def _touch(self) -> None:
        for touch in self.plan.touches:
            self._name_keys(touch.table, touch.query)
            if touch.keep:
                self._run(touch.keep)
        for statement in name_cells(self.plan.tables):
            self._execute(statement)

    def _touch_everything(self) -> None:
        """Keeps none of it: should this run not build everything, the rows of before are right."""
        for touch in self.plan.touches:
            self._name_keys(touch.table, touch.everything)

    def _name_keys(self, touched: Table, query: str) -> None:
        name, keys = duckdb_name(touched), self._sql(query)
        self._execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {keys}")

    def _build_all(self, touched: int, *, full: bool) -> tuple[tuple[str, ...], dict[str, str]]:
        has_rows = {t.table.name: full or self._has_rows(t.table.name) for t in self.plan.touches}
        builds = [build for build in self.plan.builds if has_rows[build.touched.name]]
        if not full and touched <= _MOST_LOOKUPS and self._build_together(builds):
            return tuple(build.table.name for build in builds), {}
        return self._build_each(builds, full=full)

    def _build_together(self, builds: Sequence[Build]) -> bool:
        """In one transaction, which costs less; False when one is held back, and none is built."""
        try:
            with transaction(self.connection):
                for build in builds:
                    self._build(build, full=False)
        except (CheckFailed, *_BUILD_ERRORS):
            return False
        return True

    def _build_each(
        self, builds: Sequence[Build], *, full: bool
    ) -> tuple[tuple[str, ...], dict[str, str]]:
        built: list[str] = []
        blocked: dict[str, str] = {}
        for build in builds:
            name = build.table.name
            if waits := [source for source in build.waits_for if source in blocked]:
                blocked[name] = waits[0]
                continue
            try:
                with transaction(self.connection):
                    self._build(build, full=full)
                built.append(name)
            except CheckFailed as failure:
                blocked[name] = str(failure)
            except _BUILD_ERRORS as problem:
                blocked[name] = f"the query failed: {problem}"
        return tuple(built), blocked

    def _build(self, build: Build, *, full: bool) -> None:
        keys = self._few_touched(build.touched)
        for statement in build.everything if full else build.touched_only:
            self._execute(self._sql(statement), build.touched, keys)
        columns = ", ".join(f"EXISTS ({check.offending})" for check in build.checks)
        checked = self._execute(self._sql(f"SELECT {columns}"), build.touched, keys)
        for check, offends in zip(build.checks, checked.fetchall()[0], strict=True):
            if offends:
                raise CheckFailed(str(check))
        warned = {"warned_at": self.clock.now()}
        for warning in build.warnings:
            self._execute(self._sql(warning), build.touched, keys, warned)

    def _has_rows(self, touched: str) -> bool:
        name = duckdb_name(self.plan.tables[touched])
        return self._execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() is not None

    def _few_touched(self, touched: Table) -> list[tuple[int, int]]:
        """The touched activities, when they are few enough to be looked up one by one."""
        if touched.column_names != self.plan.tables[TOUCHED].column_names:
            return []
        keys = (
            f"SELECT athlete_id, activity_id FROM {duckdb_name(touched)} LIMIT {_MOST_LOOKUPS + 1}"
        )
        found = self._execute(keys).fetchall()
        return found if len(found) <= _MOST_LOOKUPS else []

    def _by_index(self, sql: str, touched: Table, keys: Sequence[tuple[int, int]]) -> str:
        """The same rows of indexed tables, asked for as DuckDB's index can answer."""
        for table in filter(has_index, self.plan.tables.values()):
            scan = self._sql(touched_rows(table.name, touched))
            # One plain condition a lookup: a second one that DuckDB could push down as well makes
            # it read the whole table, so that on athlete_id is written as one that it cannot.
            lookups = (
                f"SELECT * FROM {table.name} WHERE activity_id = {activity_id}"
                f" AND athlete_id + 0 = {athlete_id}"
                for athlete_id, activity_id in keys
            )
            sql = sql.replace(scan, " UNION ALL ".join(lookups))
        return sql

    def _record_failures(self, reasons: Mapping[str, str]) -> None:
        for name, reason in reasons.items():
            failure = {"failed_at": self.clock.now(), "table_name": name, "reason": reason}
            self._run(self.plan.record_failure, failure)

    def _record(
        self,
        started_at: datetime,
        touched: int,
        built: tuple[str, ...],
        blocked: Mapping[str, str],
        *,
        compared: int,
    ) -> None:
        run = {
            "started_at": started_at,
            "finished_at": self.clock.now(),
            "touched_activities": touched,
            "built_tables": len(built),
            "blocked_tables": len(blocked),
            "compared_tables": compared,
        }
        self._run(self.plan.record_run, run)

    def _run(
        self, statement: str, parameters: Mapping[str, Any] | None = None
    ) -> duckdb.DuckDBPyConnection:
        sql = self._sql(statement)
        named = {name: value for name, value in (parameters or {}).items() if f"${name}" in sql}
        return self._execute(sql, parameters=named or None)

    def _execute(
        self,
        sql: str,
        touched: Table | None = None,
        keys: Sequence[tuple[int, int]] = (),
        parameters: Mapping[str, Any] | None = None,
    ) -> duckdb.DuckDBPyConnection:
        """As it is, or with what it reads of indexed tables looked up by these touched keys."""
        looked_up = self._by_index(sql, touched, keys) if touched and keys else sql
        if looked_up != sql:
            return self.connection.execute(looked_up, parameters)
        return self._parsed.execute(self.connection, sql, parameters)

    def _value(self, statement: str) -> Any:
        table = read(self.connection, self._sql(statement))
        return table[0][0].as_py() if table.num_rows else None

    def _sql(self, statement: str) -> str:
        if statement not in self._translated:
            self._translated[statement] = to_duckdb(statement, self.plan.tables)
        return self._translated[statement]

    def _seconds_since(self, started_at: datetime) -> float:
        return (self.clock.now() - started_at).total_seconds()
