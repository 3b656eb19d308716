"""What takes an activity that is gone out of landing; everything else is built from there."""

# ruff: noqa: S608 - names come from the repository's own sql/, never from a user

from collections.abc import Iterable

from paceline.warehouse.tables import Table

_FAILED_AT = "failed_at"


def erasures(tables: Iterable[Table]) -> list[str]:
    """GoogleSQL with the parameters athlete_id, activity_id, version and failed_before."""
    return [
        f"DELETE FROM {table.name} AS target WHERE target.athlete_id = @athlete_id"
        f" AND target.activity_id = @activity_id AND {_is_older(table)}"
        for table in tables
        if table.kind == "landing" and "activity_id" in table.column_names
    ]


def _is_older(table: Table) -> str:
    is_failure = _FAILED_AT in table.column_names
    return f"target.{_FAILED_AT} < @failed_before" if is_failure else "target.version < @version"
