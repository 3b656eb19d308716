"""The script as data: what to run, in which order, for either engine.

Statements are GoogleSQL with tables named `layer.table` and parameters named `@...`. A back end
renames and runs them; it decides nothing.
"""

# ruff: noqa: S608 - names come from the repository's own sql/, never from a user

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from paceline.warehouse.checks import Check, checks_of
from paceline.warehouse.lint import lint
from paceline.warehouse.order import build_order, reads
from paceline.warehouse.restrict import from_nothing, is_touched, key_columns, restrict
from paceline.warehouse.tables import INGESTED_AT, Table, TableInvalid

WATERMARKS = "ops.watermarks"
FAILURES = "ops.check_failures"
WARNINGS = "ops.warnings"
RUNS = "ops.script_runs"
CLOCK = "ops.clock"
TODAY = "silver.today"
TOUCHED = "touched.activities"


@dataclass(frozen=True)
class Touch:
    """Keys of this run. `keep` stores them until a run has rebuilt everything.

    `everything` names every key: a full run checks all rows, not those alone that are new.
    """

    table: Table
    query: str
    everything: str
    keep: str | None
    forget_kept: str | None


@dataclass(frozen=True)
class Build:
    """One table's replacement, which is one transaction: delete, insert, checks.

    When `touched` has no row, there is nothing to replace, and no source need be read.
    """

    table: Table
    touched: Table
    waits_for: tuple[str, ...]
    touched_only: tuple[str, ...]
    everything: tuple[str, ...]
    checks: tuple[Check, ...]  # that block
    warnings: tuple[str, ...]  # statements that record what else is odd


@dataclass(frozen=True)
class Plan:
    tables: Mapping[str, Table]
    touches: tuple[Touch, ...]
    builds: tuple[Build, ...]
    views: tuple[Table, ...]
    signature: str

    @property
    def newest_landed(self) -> str:
        """The newest row that this run can see, and never less than the last run saw."""
        landed = " UNION ALL ".join(
            f"SELECT MAX({INGESTED_AT}) AS {INGESTED_AT} FROM {name}"
            for name in (
                *(
                    table.name
                    for table in self.tables.values()
                    if table.kind == "landing" and INGESTED_AT in table.column_names
                ),
                f"{WATERMARKS} WHERE name = 'landing'",
            )
        )
        return (
            f"SELECT COALESCE(MAX(landed.{INGESTED_AT}), TIMESTAMP '1970-01-01 00:00:00+00')"
            f" FROM ({landed}) AS landed"
        )

    @property
    def count_touched(self) -> str:
        return f"SELECT COUNT(*) FROM {TOUCHED}"

    @property
    def count_keys(self) -> str:
        """Every key that a table would be rebuilt for: a changed setting touches no activity."""
        counts = (f"(SELECT COUNT(*) FROM {touch.table.name})" for touch in self.touches)
        return f"SELECT {' + '.join(counts)}"

    @property
    def passed_days(self) -> str:
        """Athletes for whom it is another day than when the marts were built."""
        return (
            f"SELECT 1 FROM {TODAY} AS today WHERE today.local_date <"
            " DATE(TIMESTAMP_ADD(@as_of, INTERVAL today.utc_offset_s SECOND))"
        )

    @property
    def set_clock(self) -> tuple[str, ...]:
        """From then on this is the instant that the marts are as of."""
        return (
            f"DELETE FROM {CLOCK} WHERE TRUE",
            f"INSERT INTO {CLOCK} (set_at) VALUES (@as_of)",
        )

    @property
    def built_by(self) -> str:
        """The signature of the SQL that built the tables; no row before the first run."""
        return f"SELECT plan FROM {WATERMARKS} WHERE name = 'landing'"

    @property
    def forget_watermark(self) -> tuple[str, ...]:
        """For rows that other SQL built: everything is new, until a run has built everything.

        A full run by the same SQL does not forget: the rows that it has not come to are right.
        """
        return self._set_watermark("TIMESTAMP '1970-01-01 00:00:00+00'", "")

    @property
    def advance_watermark(self) -> tuple[str, ...]:
        """One transaction, run only when nothing was blocked."""
        kept = tuple(touch.forget_kept for touch in self.touches if touch.forget_kept)
        return (*kept, *self._set_watermark("@seen_until", self.signature))

    def _set_watermark(self, value: str, signature: str) -> tuple[str, ...]:
        return (
            f"DELETE FROM {WATERMARKS} WHERE name = 'landing'",
            f"INSERT INTO {WATERMARKS} (name, ingested_at, plan)"  # noqa: ISC004 - one statement
            f" VALUES ('landing', {value}, '{signature}')",
        )

    @property
    def record_failure(self) -> str:
        return (
            f"INSERT INTO {FAILURES} (failed_at, table_name, reason)"
            " VALUES (@failed_at, @table_name, @reason)"
        )

    @property
    def record_run(self) -> str:
        columns = ", ".join(self.tables[RUNS].column_names)
        values = ", ".join(f"@{name}" for name in self.tables[RUNS].column_names)
        return f"INSERT INTO {RUNS} ({columns}) VALUES ({values})"


def compile_plan(tables: Mapping[str, Table]) -> Plan:
    """Order, restrict and check the queries. Raises TableInvalid or SqlRefused, naming the file."""
    order = build_order(tables)
    for name in order:
        lint(tables[name], tables)
    built = [tables[name] for name in order]
    texts = "\n".join(f"{table.name}\n{_shape(table)}\n{table.query}" for table in built)
    return Plan(
        tables=tables,
        touches=tuple(_touch(table) for table in built if table.kind == "temp"),
        builds=tuple(_build(table, tables) for table in built if table.kind == "table"),
        views=tuple(table for table in built if table.kind == "view"),
        signature=hashlib.sha256(texts.encode()).hexdigest()[:16],
    )


def _shape(table: Table) -> str:
    """What rows depend on: other words for a column do not rebuild it."""
    return ", ".join(
        f"{column.name} {column.type.googlesql()}{' required' if column.required else ''}"
        for column in table.columns
    )


def _touch(table: Table) -> Touch:
    query = table.query or ""
    everything = from_nothing(query, WATERMARKS)
    if table.kept_in is None:
        return Touch(table, query, everything, None, None)
    columns = ", ".join(table.column_names)
    keep = (
        f"INSERT INTO {table.kept_in} ({columns}) SELECT {columns} FROM {table.name}"
        f" EXCEPT DISTINCT SELECT {columns} FROM {table.kept_in}"
    )
    return Touch(table, query, everything, keep, f"DELETE FROM {table.kept_in} WHERE TRUE")


def _build(table: Table, tables: Mapping[str, Table]) -> Build:
    touched = tables[table.rebuilt_by or ""]
    query = table.query or ""
    restricted = restrict(query, touched, tables, own=table.name)
    if restricted is None:
        raise TableInvalid(
            f"{table.name}: nothing that query.sql reads has the columns of {touched.name}"
            f" ({', '.join(key_columns(touched))}), so it cannot be rebuilt for touched keys only;"
            " read a table that has them, or name another table in rebuilt_by"
        )
    if missing := set(key_columns(touched)) - set(table.column_names):
        raise TableInvalid(
            f"{table.name}: rebuilt_by {touched.name} needs the column {min(missing)}"
        )
    checks = checks_of(table, tables)
    insert = f"INSERT INTO {table.name} ({', '.join(table.column_names)})\n"
    delete = f"DELETE FROM {table.name} AS target WHERE {is_touched(touched, 'target')}"
    return Build(
        table=table,
        touched=touched,
        waits_for=tuple(sorted(_built_sources(table, tables))),
        touched_only=(delete, insert + restricted),
        everything=(
            f"DELETE FROM {table.name} AS target WHERE TRUE",
            insert + from_nothing(query, table.name),
        ),
        checks=tuple(check for check in checks if check.blocks),
        warnings=tuple(_warn(table, check) for check in checks if not check.blocks),
    )


def _warn(table: Table, check: Check) -> str:
    return (
        f"INSERT INTO {WARNINGS} (warned_at, table_name, warning, offending_rows)\n"
        f"SELECT @warned_at, {_literal(table.name)}, {_literal(str(check))}, found.offending\n"
        f"FROM (SELECT COUNT(*) AS offending FROM ({check.offending}) AS odd) AS found\n"
        "WHERE found.offending > 0"
    )


def _literal(text: str) -> str:
    """For either engine: what is quoted here comes from sql/ and has no quote in it."""
    if "'" in text or "\\" in text:
        raise TableInvalid(f"a warning has a quote or backslash in its words: {text}")
    return f"'{text}'"


def _built_sources(table: Table, tables: Mapping[str, Table]) -> set[str]:
    """The tables whose rows this one shows, seen through views."""
    found = set(table.references)
    for name in reads(table, tables) - {table.name}:
        source = tables[name]
        found |= {name} if source.kind == "table" else set()
        found |= _built_sources(source, tables) if source.kind == "view" else set()
    return found
