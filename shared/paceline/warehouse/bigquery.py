"""The plan as one GoogleSQL script, for BigQuery's scheduled query."""

# ruff: noqa: S608 - names come from the repository's own sql/, never from a user

from collections.abc import Iterator
from textwrap import indent

from paceline.warehouse import bigquery_drift as drift
from paceline.warehouse import bigquery_turns as turns
from paceline.warehouse.bigquery_tables import bigquery_name, quote, rename, render_views
from paceline.warehouse.plan import TOUCHED, WATERMARKS, Build, Plan
from paceline.warehouse.restrict import is_touched, touched_rows
from paceline.warehouse.source_text import replace_parameters
from paceline.warehouse.tables import INGESTED_AT, Table

# Rows can become visible later than their ingested_at says, so a run's watermark stays behind it.
OVERLAP_S = 600
# BigQuery leaves out the parts of a table that a comparison of its partition column with constants
# rules out, and a variable is a constant; keys in a table are not. Both conditions follow from a
# row's activity being touched, so that they leave out no row that is wanted: `oldest_landed` is the
# oldest of all versions of the touched activities, however late another of them arrives.
_WITHIN = {
    "activity_id": "{row}.activity_id BETWEEN first_activity AND last_activity",
    INGESTED_AT: f"{{row}}.{INGESTED_AT} >= oldest_landed",
}
_VARIABLES = {
    "seen_until": "seen_until",
    "started_at": "run_started_at",
    "as_of": "run_started_at",
    "finished_at": "CURRENT_TIMESTAMP()",
    "touched_activities": "touched_count",
    "built_tables": "ARRAY_LENGTH(built_names)",
    "blocked_tables": "ARRAY_LENGTH(blocked_names)",
    "failed_at": "CURRENT_TIMESTAMP()",
    "warned_at": "CURRENT_TIMESTAMP()",
}


def render_script(
    plan: Plan, *, prefix: str = "paceline_", full: bool = False, reports: bool = False
) -> str:
    """Everything a run does. It can be run again at any time, also after it was stopped half way.

    `full` rebuilds every table from landing alone: only right where landing keeps every row.
    When a table was held back, the script fails, which a schedule tells somebody; with `reports`
    it answers one row instead, which says what it did.
    """
    script = _Script(plan, prefix, full=full, reports=reports)
    return "\n\n".join(script.parts()) + "\n"


def render_template(plan: Plan, *, full: bool = False) -> str:
    """The script as Terraform's templatefile() reads it, with ${prefix} before each dataset."""
    script = render_script(plan, prefix="PREFIX__", full=full)
    return script.replace("${", "$${").replace("%{", "%%{").replace("PREFIX__", "${prefix}")


class _Script:
    def __init__(self, plan: Plan, prefix: str, *, full: bool, reports: bool) -> None:
        self._plan = plan
        self._prefix = prefix
        self._full = full
        self._reports = reports
        self._variables = _VARIABLES | {
            "compared_tables": drift.count_compared(plan) if full else "0"
        }

    def parts(self) -> Iterator[str]:
        yield _HEADER
        if not self._full:
            yield from self._run()
            return
        yield self._sql(turns.begin(self._plan))
        yield turns.ended_anyway("\n\n".join(self._run()), self._sql(turns.end()))

    def _run(self) -> Iterator[str]:
        yield from self._full_begins() if self._full else self._begins()
        yield f"SET touched_count = ({self._sql(self._plan.count_touched)});"
        if not self._full:
            idle = f"({self._sql(self._plan.count_keys)}) = 0 AND ARRAY_LENGTH(blocked_names) = 0"
            yield f"IF {idle} THEN\n  RETURN;\nEND IF;"
            yield self._bounds()
        for build in self._plan.builds:
            yield f"-- {build.table.name}: {build.table.grain}\n{self._build(build)}"
        if self._full:
            yield self._sql(drift.compare(self._plan))
        yield f"{self._sql(self._plan.record_run)};"
        if self._full:
            yield self._hold_back()
            yield self._sql(turns.end())
        yield self._advance()
        if self._reports:
            yield (
                "SELECT touched_count AS touched_activities, built_names AS built,"
                " blocked_names AS blocked, blocked_reasons AS reasons, drifted_names AS drifted;"
            )
        elif self._full:
            yield f"IF ARRAY_LENGTH(drifted_names) > 0 THEN\n  {_RAISE_DRIFT}\nEND IF;"

    def _begins(self) -> Iterator[str]:
        yield f"IF {self._sql(turns.is_under_way())} THEN\n  RETURN;\nEND IF;"
        yield self._refuse_other_sql()
        yield self._sql(turns.still_held_back())
        yield self._newest()
        yield self._return_when_idle()
        yield self._transaction(*self._plan.set_clock)
        yield self._make_views()
        yield from self._touch()

    def _full_begins(self) -> Iterator[str]:
        yield self._newest()
        yield self._sql(drift.decide(self._plan))
        yield self._sql(drift.remember(self._plan))
        yield self._if_of_other_sql(self._transaction(*self._plan.forget_watermark))
        # A comparison is as of when the rows were built.
        set_clock = indent(self._transaction(*self._plan.set_clock), "  ")
        yield f"IF NOT is_compared THEN\n{set_clock}\nEND IF;"
        yield self._make_views()
        yield from self._touch()
        for touch in self._plan.touches:
            name = bigquery_name(touch.table, self._prefix)
            yield f"CREATE OR REPLACE TEMP TABLE {name} AS\n{self._sql(touch.everything)};"

    def _touch(self) -> Iterator[str]:
        for touch in self._plan.touches:
            name = bigquery_name(touch.table, self._prefix)
            yield f"CREATE TEMP TABLE {name} AS\n{self._sql(touch.query)};"
            if touch.keep:
                yield f"{self._sql(touch.keep)};"

    def _if_of_other_sql(self, statements: str, condition: str = "") -> str:
        built_by = self._sql(self._plan.built_by)
        is_other = f"({built_by}) != {quote(self._plan.signature)}{condition}"
        return f"IF {is_other} THEN\n{indent(statements, '  ')}\nEND IF;"

    def _hold_back(self) -> str:
        """What was built is right, and goes on; what was not has rows of other SQL."""
        held = self._transaction(*self._plan.advance_watermark, turns.hold_back().rstrip(";"))
        return self._if_of_other_sql(held, " AND ARRAY_LENGTH(blocked_names) > 0")

    def _advance(self) -> str:
        advance = indent(self._transaction(*self._plan.advance_watermark), "  ")
        otherwise = "" if self._reports else f"ELSE\n  {_RAISE}\n"
        return f"IF ARRAY_LENGTH(blocked_names) = 0 THEN\n{advance}\n{otherwise}END IF;"

    def _refuse_other_sql(self) -> str:
        """Rows that other SQL built would stay beside the new ones, and nobody would know."""
        return self._if_of_other_sql(
            "RAISE USING MESSAGE = 'The tables were built by other SQL: run the full script once';"
        )

    def _newest(self) -> str:
        newest = self._sql(self._plan.newest_landed)
        return (
            f"SET newest_landed = ({newest});\n"
            "SET seen_until = LEAST(newest_landed,"
            f" TIMESTAMP_SUB(run_started_at, INTERVAL {OVERLAP_S} SECOND));"
        )

    def _return_when_idle(self) -> str:
        """Before any key is looked for: BigQuery bills 10 MB for each table that is named."""
        watermark = f"SELECT {INGESTED_AT} FROM {WATERMARKS} WHERE name = 'landing'"
        unfinished = "".join(
            f"\n  AND NOT EXISTS (SELECT 1 FROM {touch.table.kept_in})"
            for touch in self._plan.touches
            if touch.keep
        )
        passed = f"\n  AND NOT EXISTS ({self._plan.passed_days})"
        is_right = "\n  AND ARRAY_LENGTH(blocked_names) = 0"
        nothing_new = self._sql(f"newest_landed = ({watermark}){unfinished}{passed}{is_right}")
        return f"IF {nothing_new} THEN\n  RETURN;\nEND IF;"

    def _make_views(self) -> str:
        views = "\n".join(render_views(self._plan.tables, prefix=self._prefix))
        if self._full:
            return views
        built_by = self._sql(self._plan.built_by)
        return f"IF ({built_by}) IS NULL THEN\n{indent(views, '  ')}\nEND IF;"

    def _bounds(self) -> str:
        touched = self._plan.tables[TOUCHED]
        landed = " UNION ALL ".join(
            f"SELECT src.{INGESTED_AT} FROM {table.name} AS src WHERE {is_touched(touched, 'src')}"
            for table in self._plan.tables.values()
            if table.partition_by == INGESTED_AT
        )
        values = {
            "first_activity": f"SELECT MIN(activity_id) FROM {TOUCHED}",
            "last_activity": f"SELECT MAX(activity_id) FROM {TOUCHED}",
            "oldest_landed": f"SELECT MIN(landed.{INGESTED_AT}) FROM ({landed}) AS landed",
        }
        return "\n".join(f"SET {name} = ({self._sql(value)});" for name, value in values.items())

    def _pruned(self, statement: str, build: Build) -> str:
        """The same rows of the same tables, with bounds that BigQuery can prune by."""
        if self._full or build.touched.name != TOUCHED:
            return statement
        for table in self._plan.tables.values():
            scan = touched_rows(table.name, build.touched)
            statement = statement.replace(scan, scan + _bounded(table, "src"))
        target = is_touched(build.touched, "target")
        return statement.replace(target, target + _bounded(build.table, "target"))

    def _build(self, build: Build) -> str:
        name = build.table.name
        statements = build.everything if self._full else build.touched_only
        body = "\n".join(
            [
                "BEGIN TRANSACTION;",
                *(f"{self._sql(self._pruned(statement, build))};" for statement in statements),
                self._check(build),
                *(f"{self._sql(self._pruned(warning, build))};" for warning in build.warnings),
                "COMMIT TRANSACTION;",
                f"SET built_names = ARRAY_CONCAT(built_names, [{quote(name)}]);",
            ]
        )
        failed = "\n".join(["ROLLBACK TRANSACTION;", *self._block(name, "@@error.message")])
        attempt = (
            f"BEGIN\n{indent(body, '  ')}\nEXCEPTION WHEN ERROR THEN\n{indent(failed, '  ')}\nEND;"
        )
        if not build.waits_for:
            return self._only_if_touched(build, attempt)
        waited = ", ".join(quote(source) for source in build.waits_for)
        waiting = (
            "(SELECT name FROM UNNEST(blocked_names) AS name"
            f" WHERE name IN ({waited}) ORDER BY name LIMIT 1)"
        )
        skipped = indent("\n".join(self._block(name, waiting)), "  ")
        unless = f"IF EXISTS {waiting} THEN\n{skipped}\nELSE\n{indent(attempt, '  ')}\nEND IF;"
        return self._only_if_touched(build, unless)

    def _check(self, build: Build) -> str:
        """All in one statement: BigQuery bills 10 MB for each table that a statement names."""
        cases = "\n".join(
            f"  WHEN EXISTS ({self._sql(self._pruned(check.offending, build))})"
            f" THEN {quote(str(check))}"
            for check in build.checks
        )
        return (
            f"SET failed_check = CASE\n{cases}\nEND;\n"
            "IF failed_check IS NOT NULL THEN\n  RAISE USING MESSAGE = failed_check;\nEND IF;"
        )

    def _only_if_touched(self, build: Build, rebuild: str) -> str:
        """Without keys, a table's sources are not read, and so not paid for."""
        if self._full:
            return rebuild
        touched = bigquery_name(build.touched, self._prefix)
        is_held_back = f"{quote(build.table.name)} IN UNNEST(blocked_names)"
        condition = f"EXISTS (SELECT 1 FROM {touched}) AND NOT {is_held_back}"
        return f"IF {condition} THEN\n{indent(rebuild, '  ')}\nEND IF;"

    def _block(self, name: str, reason: str) -> list[str]:
        values = {"table_name": quote(name), "reason": reason}
        record = rename(self._plan.record_failure, self._plan.tables, self._prefix)
        return [
            f"{replace_parameters(record, self._variables | values)};",
            f"SET blocked_names = ARRAY_CONCAT(blocked_names, [{quote(name)}]);",
            f"SET blocked_reasons = ARRAY_CONCAT(blocked_reasons, [{reason}]);",
        ]

    def _transaction(self, *statements: str) -> str:
        body = [f"{self._sql(statement)};" for statement in statements]
        return "\n".join(["BEGIN TRANSACTION;", *body, "COMMIT TRANSACTION;"])

    def _sql(self, statement: str) -> str:
        renamed = rename(statement, self._plan.tables, self._prefix)
        text = replace_parameters(renamed, self._variables).strip()
        # Or a comment at its end would take in what follows.
        return f"{text}\n" if "--" in text.rpartition("\n")[2] else text


def _bounded(table: Table, row: str) -> str:
    return f" AND {_WITHIN[table.partition_by].format(row=row)}" if table.partition_by else ""


_HEADER = """\
-- Generated from sql/ by `python -m paceline.warehouse`: change it there.
DECLARE run_started_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP();
DECLARE newest_landed TIMESTAMP;
DECLARE seen_until TIMESTAMP;
DECLARE first_activity INT64;
DECLARE last_activity INT64;
DECLARE oldest_landed TIMESTAMP;
DECLARE touched_count INT64;
DECLARE failed_check STRING;
DECLARE is_compared BOOL DEFAULT FALSE;
DECLARE built_names ARRAY<STRING> DEFAULT [];
DECLARE blocked_names ARRAY<STRING> DEFAULT [];
DECLARE blocked_reasons ARRAY<STRING> DEFAULT [];
DECLARE drifted_names ARRAY<STRING> DEFAULT [];"""
_RAISE = (
    "RAISE USING MESSAGE = CONCAT('left as they were: ', ARRAY_TO_STRING(blocked_names, ', '),"
    " '; ops.check_failures says why');"
)
_RAISE_DRIFT = (
    "RAISE USING MESSAGE = CONCAT('a full run built other rows of ',"
    " ARRAY_TO_STRING(drifted_names, ', '), '; ops.check_failures says how many');"
)
