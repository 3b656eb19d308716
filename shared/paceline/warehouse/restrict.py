"""From "everything" to "only what was touched": the same text, reading restricted sources."""

# ruff: noqa: S608 - names come from the repository's own sql/, never from a user

from collections.abc import Mapping

from paceline.warehouse.source_text import Reference, references, replace_tables
from paceline.warehouse.tables import Table

# A touched table with this column names rows from that day on, by their local_date; the others name
# rows by equal keys alone.
FROM_DATE = "from_date"
_DAY = "local_date"


def key_columns(touched: Table) -> tuple[str, ...]:
    """The columns that a table must have, so that touched rows can be told from others."""
    return tuple(_DAY if name == FROM_DATE else name for name in touched.column_names)


def is_touched(touched: Table, row: str) -> str:
    """The condition that a row's key is among the touched keys."""
    return _is_named(touched, row, ">=")


def _is_named(touched: Table, row: str, days: str) -> str:
    conditions = (
        f"{row}.{_DAY} {days} changed.{name}"
        if name == FROM_DATE
        else f"changed.{name} = {row}.{name}"
        for name in touched.column_names
    )
    return f"EXISTS (SELECT 1 FROM {touched.name} AS changed WHERE {' AND '.join(conditions)})"


def touched_rows(source: str, touched: Table) -> str:
    return f"SELECT * FROM {source} AS src WHERE {is_touched(touched, 'src')}"


def restrict(
    sql: str, touched: Table, tables: Mapping[str, Table], own: str | None = None
) -> str | None:
    """The query over touched rows only; None when no table in it has the touched keys.

    A table that reads itself (`own`) gets its rows from before the touched days, to go on from.
    """
    wanted = set(key_columns(touched))
    sources = {name for name, table in tables.items() if wanted <= set(table.column_names)}
    if not references(sql, sources - {own}):
        return None

    def restricted(source: Reference) -> str:
        rows = touched_rows(source.table, touched)
        if source.table == own:
            rows = f"SELECT * FROM {own} AS src WHERE {_is_named(touched, 'src', '<')}"
        return _in_place(source, rows)

    return replace_tables(sql, sources, restricted)


def from_nothing(sql: str, own: str) -> str:
    """The query of a table that may read itself, with no rows of its own to go on from."""
    return replace_tables(
        sql, {own}, lambda source: _in_place(source, f"SELECT * FROM {own} AS src WHERE FALSE")
    )


def _in_place(source: Reference, rows: str) -> str:
    alias = "" if source.aliased else f" AS {source.table.partition('.')[2]}"
    return f"({rows}){alias}"
