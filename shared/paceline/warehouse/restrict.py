"""From "everything" to "only what was touched": the same text, reading restricted sources."""

# ruff: noqa: S608 - names come from the repository's own sql/, never from a user

from collections.abc import Mapping

from paceline.warehouse.source_text import Reference, references, replace_tables
from paceline.warehouse.tables import Table


def is_touched(touched: Table, row: str) -> str:
    """The condition that a row's key is among the touched keys."""
    same = " AND ".join(f"changed.{name} = {row}.{name}" for name in touched.column_names)
    return f"EXISTS (SELECT 1 FROM {touched.name} AS changed WHERE {same})"


def touched_rows(source: str, touched: Table) -> str:
    return f"SELECT * FROM {source} AS src WHERE {is_touched(touched, 'src')}"


def restrict(sql: str, touched: Table, tables: Mapping[str, Table]) -> str | None:
    """The query over touched rows only; None when no table in it has the touched keys."""
    wanted = set(touched.column_names)
    sources = {name for name, table in tables.items() if wanted <= set(table.column_names)}
    if not references(sql, sources):
        return None

    def restricted(source: Reference) -> str:
        alias = "" if source.aliased else f" AS {source.table.partition('.')[2]}"
        return f"({touched_rows(source.table, touched)}){alias}"

    return replace_tables(sql, sources, restricted)
