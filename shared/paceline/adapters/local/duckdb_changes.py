"""Which rows of what is published one run of the script may have changed: by its touched keys."""

# ruff: noqa: S608 - names come from the repository's own sql/, never from a user

from collections.abc import Mapping
from dataclasses import dataclass, replace

from paceline.warehouse.plan import TOUCHED
from paceline.warehouse.restrict import is_touched, restrict, touched_rows
from paceline.warehouse.source_text import replace_tables
from paceline.warehouse.tables import Table, TableInvalid
from paceline.warehouse.transpile import duckdb_name, to_duckdb

# Views with a row an activity, and what they call its id.
_OF_ACTIVITIES = {"strava.activities": "id", "strava.activity_details": "id"}
# A view that counts the rows of a table which an activity has several of. Its keys are of both
# before and after: where an activity no longer leads through, one less is to be counted.
_COUNTING, _COUNTED, _CELLS = "marts.heat_cells", "silver.activity_cells", "touched.cells"


@dataclass(frozen=True)
class Changed:
    """The rows of one published table that are replaced, as DuckDB is asked for them."""

    touched: str  # without rows in this table none has changed
    gone: str  # a condition on `target`, the published row
    now: str  # the query of the rows that are there now


def changed(table: Table, tables: Mapping[str, Table]) -> Changed | None:
    """None when it follows from no key which rows have changed: any row may have."""
    if table.rebuilt_by:
        touched = tables[table.rebuilt_by]
        gone, rows = is_touched(touched, "target"), touched_rows(table.name, touched)
    elif table.name in _OF_ACTIVITIES:
        touched = tables[TOUCHED]
        gone = is_touched(touched, "target")
        gone = gone.replace("target.activity_id", f"target.{_OF_ACTIVITIES[table.name]}")
        rows = _restricted(table, touched, tables)
    elif table.name == _COUNTING:
        touched = _cells(tables)
        gone = _is_shown(table, touched)
        rows = _restricted(table, touched, tables)
    else:
        return None
    named = {**tables, touched.name: touched}
    condition = to_duckdb(f"SELECT {gone}", named).removeprefix("SELECT ")
    return Changed(duckdb_name(touched), condition, to_duckdb(rows, named))


def name_cells(tables: Mapping[str, Table]) -> list[str]:
    """To be run before the counted table is rebuilt. Nothing in a lake without that table."""
    if _COUNTED not in tables:
        return []
    name = duckdb_name(_cells(tables))
    return [f"CREATE OR REPLACE TEMP TABLE {name} AS {_touched_cells(tables)}"]


def name_more_cells(tables: Mapping[str, Table]) -> list[str]:
    """To be run after it is rebuilt."""
    if _COUNTED not in tables:
        return []
    return [f"INSERT INTO {duckdb_name(_cells(tables))} {_touched_cells(tables)}"]


def _touched_cells(tables: Mapping[str, Table]) -> str:
    columns = ", ".join(_cells(tables).column_names)
    rows = touched_rows(_COUNTED, tables[TOUCHED])
    return to_duckdb(f"SELECT DISTINCT {columns} FROM ({rows}) AS touched", tables)


def _cells(tables: Mapping[str, Table]) -> Table:
    """What the counted rows are counted by: all but the activity."""
    counted = tables[_COUNTED]
    by = tuple(column for column in counted.columns if column.name != "activity_id")
    return replace(tables[TOUCHED], name=_CELLS, columns=by)


def _is_shown(view: Table, touched: Table) -> str:
    """Whether the view makes this row of touched ones: it says itself how its keys are computed."""
    query = replace_tables(view.query or "", {_COUNTED}, lambda _: touched.name)
    same = " AND ".join(f"changed.{name} = target.{name}" for name in view.key)
    return f"EXISTS (SELECT 1 FROM ({query}) AS changed WHERE {same})"


def _restricted(view: Table, touched: Table, tables: Mapping[str, Table]) -> str:
    query = restrict(view.query or "", touched, tables)
    if query is None:
        raise TableInvalid(f"{view.name}: nothing that query.sql reads has the keys it is shown by")
    return query
