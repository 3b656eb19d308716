"""The weekly comparison in BigQuery: a full run must build the rows that were built bit by bit.

Only where nothing landed since the last run, for new rows would be a difference of another kind.
"""

# ruff: noqa: S608 - names come from the repository's own sql/, never from a user

from collections.abc import Sequence
from textwrap import indent

from paceline.warehouse import bigquery_turns as turns
from paceline.warehouse.plan import FAILURES, WATERMARKS, Plan
from paceline.warehouse.tables import INGESTED_AT, Column, Table

# Sums of the same numbers in another order differ in their last digits.
_DECIMALS = 6


def decide(plan: Plan) -> str:
    """Whether this run compares: all is built by this very SQL, and nothing landed since."""
    return (
        "SET is_compared = COALESCE(\n"
        f"  (SELECT plan = '{plan.signature}' AND {INGESTED_AT} >= newest_landed"
        f" FROM {WATERMARKS} WHERE name = 'landing'),\n"
        f"  FALSE\n) AND NOT {turns.has_other_rows(plan)};"
    )


def remember(plan: Plan) -> str:
    before = f"CREATE TEMP TABLE rows_before AS\n{_fingerprints(_built(plan))};"
    return f"IF is_compared THEN\n{indent(before, '  ')}\nEND IF;"


def compare(plan: Plan) -> str:
    """What differs is named in ops.check_failures."""
    now = indent(_fingerprints(_built(plan)), "  ")
    record = (
        f"INSERT INTO {FAILURES} (failed_at, table_name, reason)\n"
        "SELECT CURRENT_TIMESTAMP(), was.table_name, CONCAT('a full run built other rows: ',"
        " CAST(was.row_count AS STRING), ' before, ', CAST(now.row_count AS STRING), ' after')\n"
        f"FROM rows_before AS was INNER JOIN (\n{now}\n) AS now\n"
        "ON was.table_name = now.table_name\n"
        "WHERE was.row_count != now.row_count OR was.hashed != now.hashed;\n"
        "SET drifted_names = ARRAY(\n"
        f"  SELECT table_name FROM {FAILURES}\n"
        "  WHERE failed_at >= run_started_at AND STARTS_WITH(reason, 'a full run')\n"
        "  ORDER BY table_name\n);"
    )
    return f"IF is_compared THEN\n{indent(record, '  ')}\nEND IF;"


def count_compared(plan: Plan) -> str:
    return f"IF(is_compared, {len(_built(plan))}, 0)"


def _built(plan: Plan) -> Sequence[Table]:
    return [build.table for build in plan.builds]


def _fingerprints(tables: Sequence[Table]) -> str:
    return "\nUNION ALL\n".join(_fingerprint(table) for table in tables)


def _fingerprint(table: Table) -> str:
    """Keys are unique, so that no two rows take each other out of the sum."""
    columns = ", ".join(_rounded(column) for column in table.columns)
    return (
        f"SELECT '{table.name}' AS table_name, COUNT(*) AS row_count,"
        f" COALESCE(BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT({columns})))), 0) AS hashed"
        f" FROM {table.name} AS built_row"  # a column may be called what its table is
    )


def _rounded(column: Column) -> str:
    if column.type.googlesql() != "FLOAT64":
        return f"built_row.{column.name}"
    rounded = f"ROUND(built_row.{column.name}, {_DECIMALS})"
    return f"{rounded} + 0.0 AS {column.name}"  # and no negative zero
