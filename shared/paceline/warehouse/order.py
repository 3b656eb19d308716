"""In what order tables are built: read from their SQL, not written down a second time."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from paceline.warehouse.restrict import FROM_DATE
from paceline.warehouse.source_text import references
from paceline.warehouse.tables import Table, TableInvalid


def reads(table: Table, tables: Mapping[str, Table]) -> set[str]:
    """The tables that this one's query names."""
    return {reference.table for reference in references(table.query or "", tables)}


def build_order(tables: Mapping[str, Table]) -> list[str]:
    """The tables that have a query, each after everything it needs. Raises TableInvalid."""
    needs: dict[str, set[str]] = {name: set() for name, table in tables.items() if table.query}
    for name in needs:
        table = tables[name]
        _refuse_unknown(table, tables)
        needs[name] |= reads(table, tables) - set(table.reads_before)
        needs[name] |= set(table.references) | {table.rebuilt_by or ""}
        needs[name] -= {name} if _goes_on(table, tables) else set()
        for rebuilt_later in table.reads_before:
            needs[rebuilt_later].add(name)
    # Sorted, so that the same files always give the same script.
    graph = {name: sorted(needs[name] & needs.keys()) for name in sorted(needs)}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as cycle:
        path = " <- ".join(cycle.args[1])
        raise TableInvalid(f"these tables wait for each other: {path}") from cycle


def _goes_on(table: Table, tables: Mapping[str, Table]) -> bool:
    """Whether it may read itself: what is rebuilt from a day on goes on from the days before."""
    return table.rebuilt_by is not None and FROM_DATE in tables[table.rebuilt_by].column_names


def _refuse_unknown(table: Table, tables: Mapping[str, Table]) -> None:
    named = {
        "rebuilt_by": [table.rebuilt_by] if table.rebuilt_by else [],
        "kept_in": [table.kept_in] if table.kept_in else [],
        "references": list(table.references),
        "reads_before": list(table.reads_before),
    }
    for key, names in named.items():
        for name in names:
            if name not in tables:
                raise TableInvalid(f"{table.name}: {key} names {name!r}, which is not a table")
    for name in table.reads_before:
        if not tables[name].query:
            raise TableInvalid(f"{table.name}: reads_before names {name!r}, which is never rebuilt")
