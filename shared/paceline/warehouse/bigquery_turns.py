"""What a full run in BigQuery leaves for the runs beside it and after it, as rows of watermarks.

The run that is under way has a row, and so has each table whose rows other SQL built, when a check
held it back from being built anew. Every other table is right, and goes on being built.
"""

# ruff: noqa: S608 - names come from the repository's own sql/, never from a user

from textwrap import indent

from paceline.warehouse.plan import WATERMARKS, Plan

# BigQuery ends any job after six hours, so that a run whose row is older was killed.
LONGEST_RUN_H = 6
_RUN = "full_run"
_OTHER_SQL = "its rows are of other SQL: a full run builds it anew"
_ARE_TABLES = f"name NOT IN ('landing', '{_RUN}')"
_MADE = f"{WATERMARKS} (name, ingested_at, plan)"


def is_under_way() -> str:
    """Both would change the same tables, and BigQuery would give up on one of them."""
    return (
        f"EXISTS (SELECT 1 FROM {WATERMARKS} WHERE name = '{_RUN}' AND ingested_at >"
        f" TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL {LONGEST_RUN_H} HOUR))"
    )


def has_other_rows(plan: Plan) -> str:
    """Some table has rows that other SQL built."""
    return (
        f"EXISTS (SELECT 1 FROM {WATERMARKS}"
        f" WHERE (name = 'landing' AND plan != '{plan.signature}') OR {_ARE_TABLES})"
    )


def needs_full_run(plan: Plan) -> str:
    return f"SELECT {has_other_rows(plan)} AND NOT {is_under_way()} AS is_needed"


def begin(plan: Plan) -> str:
    """It is known before anything is changed."""
    return f"INSERT INTO {_MADE} VALUES ('{_RUN}', run_started_at, '{plan.signature}');"


def end() -> str:
    """And what it built is right again."""
    return (
        f"DELETE FROM {WATERMARKS}\nWHERE name IN UNNEST(built_names)"
        f" OR (name = '{_RUN}' AND ingested_at <= run_started_at);"
    )


def ended_anyway(run: str, end: str) -> str:
    """Also when it fails as a whole; what went wrong is told all the same."""
    run, end = indent(run, "  "), indent(end, "  ")
    return f"BEGIN\n{run}\nEXCEPTION WHEN ERROR THEN\n{end}\n  RAISE;\nEND;"


def hold_back() -> str:
    """For the next run: what a full run by other SQL could not build anew."""
    return (
        f"INSERT INTO {_MADE}\n"
        "SELECT name, seen_until, '' FROM UNNEST(blocked_names) AS name\n"
        f"WHERE name NOT IN (SELECT name FROM {WATERMARKS});"
    )


def still_held_back() -> str:
    return (
        f"SET blocked_names = ARRAY(SELECT name FROM {WATERMARKS} WHERE {_ARE_TABLES}"
        " ORDER BY name);\n"
        f"SET blocked_reasons = ARRAY(SELECT '{_OTHER_SQL}' FROM UNNEST(blocked_names));"
    )
