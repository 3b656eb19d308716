"""The plan as one GoogleSQL script, for BigQuery's scheduled query."""

# ruff: noqa: S608 - names come from the repository's own sql/, never from a user

from collections.abc import Iterator, Mapping
from textwrap import indent

from paceline.warehouse.order import build_order
from paceline.warehouse.plan import Build, Plan
from paceline.warehouse.source_text import replace_parameters, replace_tables
from paceline.warehouse.tables import Column, Table

# Rows can become visible later than their ingested_at says, so a run's watermark stays behind it.
OVERLAP_S = 600
_LONGEST_DESCRIPTION = 1024  # BigQuery refuses a longer one for a column
_VARIABLES = {
    "seen_until": "seen_until",
    "started_at": "started_at",
    "finished_at": "CURRENT_TIMESTAMP()",
    "touched_activities": "touched_count",
    "built_tables": "built_count",
    "blocked_tables": "ARRAY_LENGTH(blocked)",
    "failed_at": "CURRENT_TIMESTAMP()",
}


def render_script(plan: Plan, *, prefix: str = "paceline_", full: bool = False) -> str:
    """Everything a run does. It can be run again at any time, also after it was stopped half way.

    `full` rebuilds every table from landing alone: only right where landing keeps every row.
    """
    script = _Script(plan, prefix, full=full)
    return "\n\n".join(script.parts()) + "\n"


def render_tables(tables: Mapping[str, Table], *, prefix: str = "paceline_") -> list[str]:
    """DDL: the datasets, then the tables, then the views over them."""
    layers = sorted({table.layer for table in tables.values() if table.kind != "temp"})
    stored = [table for table in tables.values() if table.kind not in {"temp", "view"}]
    views = [tables[name] for name in build_order(tables) if tables[name].kind == "view"]
    return [
        *(f"CREATE SCHEMA IF NOT EXISTS {prefix}{layer};" for layer in layers),
        *(_create_table(table, prefix) for table in stored),
        *(_create_view(table, tables, prefix) for table in views),
    ]


def bigquery_name(table: Table, prefix: str) -> str:
    """Temp tables have no dataset; the others live in their layer's."""
    return table.name.replace(".", "_") if table.kind == "temp" else f"{prefix}{table.name}"


def _rename(sql: str, tables: Mapping[str, Table], prefix: str) -> str:
    return replace_tables(sql, tables, lambda source: bigquery_name(tables[source.table], prefix))


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _create_table(table: Table, prefix: str) -> str:
    # Built tables say the same by a check, which names itself and leaves the old rows in place.
    strict = table.kind in {"landing", "state"}
    columns = ",\n".join(
        f"  {column.name} {column.type.googlesql()}"
        f"{' NOT NULL' if strict and column.required else ''}"
        f" OPTIONS (description = {_quote(_told(column))})"
        for column in table.columns
    )
    name, description = bigquery_name(table, prefix), _quote(f"{table.description}; {table.grain}")
    return (
        f"CREATE TABLE IF NOT EXISTS {name} (\n{columns}\n)\nOPTIONS (description = {description});"
    )


def _create_view(table: Table, tables: Mapping[str, Table], prefix: str) -> str:
    name, description = bigquery_name(table, prefix), _quote(f"{table.description}; {table.grain}")
    query = _rename(table.query or "", tables, prefix).strip()
    columns = ",\n".join(
        f"  {column.name} OPTIONS (description = {_quote(_told(column))})"
        for column in table.columns
    )
    return (
        f"CREATE OR REPLACE VIEW {name} (\n{columns}\n)\n"
        f"OPTIONS (description = {description}) AS\n{query};"
    )


def _told(column: Column) -> str:
    told = f"{column.description}; {column.formula}" if column.formula else column.description
    return told[:_LONGEST_DESCRIPTION]


class _Script:
    def __init__(self, plan: Plan, prefix: str, *, full: bool) -> None:
        self._plan = plan
        self._prefix = prefix
        self._full = full

    def parts(self) -> Iterator[str]:
        yield _HEADER
        if self._full:
            yield self._transaction(*self._plan.forget_watermark)
        else:
            yield self._refuse_other_sql()
        yield self._newest()
        for touch in self._plan.touches:
            name = bigquery_name(touch.table, self._prefix)
            yield f"CREATE TEMP TABLE {name} AS\n{self._sql(touch.query)};"
            if touch.keep:
                yield f"{self._sql(touch.keep)};"
        yield f"SET touched_count = ({self._sql(self._plan.count_touched)});"
        if not self._full:
            yield f"IF ({self._sql(self._plan.count_keys)}) = 0 THEN\n  RETURN;\nEND IF;"
        for build in self._plan.builds:
            yield f"-- {build.table.name}: {build.table.grain}\n{self._build(build)}"
        yield f"{self._sql(self._plan.record_run)};"
        advance = indent(self._transaction(*self._plan.advance_watermark), "  ")
        yield f"IF ARRAY_LENGTH(blocked) = 0 THEN\n{advance}\nELSE\n  {_RAISE}\nEND IF;"

    def _refuse_other_sql(self) -> str:
        """Rows that other SQL built would stay beside the new ones, and nobody would know."""
        built_by = self._sql(self._plan.built_by)
        return (
            f"IF ({built_by}) != {_quote(self._plan.signature)} THEN\n"
            "  RAISE USING MESSAGE ="
            " 'The tables were built by other SQL: run the full script once';"
            "\nEND IF;"
        )

    def _newest(self) -> str:
        newest = self._sql(self._plan.newest_landed)
        return (
            f"SET seen_until = LEAST(\n  ({newest}),\n"
            f"  TIMESTAMP_SUB(started_at, INTERVAL {OVERLAP_S} SECOND)\n);"
        )

    def _build(self, build: Build) -> str:
        name = build.table.name
        statements = build.everything if self._full else build.touched_only
        body = "\n".join(
            [
                "BEGIN TRANSACTION;",
                *(f"{self._sql(statement)};" for statement in statements),
                *(
                    f"IF EXISTS ({self._sql(check.offending)}) THEN\n"
                    f"  RAISE USING MESSAGE = {_quote(str(check))};\nEND IF;"
                    for check in build.checks
                ),
                "COMMIT TRANSACTION;",
                "SET built_count = built_count + 1;",
            ]
        )
        failed = "\n".join(["ROLLBACK TRANSACTION;", *self._block(name, "@@error.message")])
        attempt = (
            f"BEGIN\n{indent(body, '  ')}\nEXCEPTION WHEN ERROR THEN\n{indent(failed, '  ')}\nEND;"
        )
        if not build.waits_for:
            return self._only_if_touched(build, attempt)
        waited = ", ".join(_quote(source) for source in build.waits_for)
        waiting = (
            "(SELECT name FROM UNNEST(blocked) AS name"
            f" WHERE name IN ({waited}) ORDER BY name LIMIT 1)"
        )
        skipped = indent("\n".join(self._block(name, waiting)), "  ")
        unless = f"IF EXISTS {waiting} THEN\n{skipped}\nELSE\n{indent(attempt, '  ')}\nEND IF;"
        return self._only_if_touched(build, unless)

    def _only_if_touched(self, build: Build, rebuild: str) -> str:
        """Without keys, a table's sources are not read, and so not paid for."""
        if self._full:
            return rebuild
        touched = bigquery_name(build.touched, self._prefix)
        return f"IF EXISTS (SELECT 1 FROM {touched}) THEN\n{indent(rebuild, '  ')}\nEND IF;"

    def _block(self, name: str, reason: str) -> list[str]:
        values = {"table_name": _quote(name), "reason": reason}
        record = _rename(self._plan.record_failure, self._plan.tables, self._prefix)
        return [
            f"{replace_parameters(record, _VARIABLES | values)};",
            f"SET blocked = ARRAY_CONCAT(blocked, [{_quote(name)}]);",
        ]

    def _transaction(self, *statements: str) -> str:
        body = [f"{self._sql(statement)};" for statement in statements]
        return "\n".join(["BEGIN TRANSACTION;", *body, "COMMIT TRANSACTION;"])

    def _sql(self, statement: str) -> str:
        renamed = _rename(statement, self._plan.tables, self._prefix)
        return replace_parameters(renamed, _VARIABLES).strip()


_HEADER = """\
-- Generated from sql/ by `python -m paceline.warehouse`: change it there.
DECLARE started_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP();
DECLARE seen_until TIMESTAMP;
DECLARE touched_count INT64;
DECLARE built_count INT64 DEFAULT 0;
DECLARE blocked ARRAY<STRING> DEFAULT [];"""
_RAISE = (
    "RAISE USING MESSAGE = CONCAT('left as they were: ', ARRAY_TO_STRING(blocked, ', '),"
    " '; ops.check_failures says why');"
)
