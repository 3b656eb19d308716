"""The data dictionary, from the same files that make the tables."""

from collections.abc import Iterator, Mapping
from itertools import groupby

from paceline.warehouse.order import reads
from paceline.warehouse.tables import Column, Table

_LAYERS = {
    "marts": "What dashboards and people read.",
    "strava": "The same under the names that Strava gives them.",
    "silver": "The latest version of everything, typed and checked.",
    "ops": "How the machinery fares.",
    "landing": "Every version that ever arrived; appended to, never changed.",
    "touched": "Keys of one run: what it has to rebuild. They are gone when it ends.",
}


def render_dictionary(tables: Mapping[str, Table]) -> str:
    """Every table by layer, the ones that are read most first."""
    order = {layer: place for place, layer in enumerate(_LAYERS)}
    found = sorted(tables.values(), key=lambda t: (order.get(t.layer, len(order)), t.name))
    return "\n".join(_lines(found, tables))


def _lines(found: list[Table], tables: Mapping[str, Table]) -> Iterator[str]:
    yield "<!-- Generated from sql/ by `make generated`: change metadata.yaml there. -->"
    yield "# Data dictionary"
    yield ""
    yield "`paceline explain <mart> <key>` shows where a number of a mart comes from."
    for layer, members in groupby(found, key=lambda table: table.layer):
        yield f"\n## {layer}\n"
        yield _LAYERS.get(layer, "")
        for table in members:
            yield from _table(table, tables)


def _table(table: Table, tables: Mapping[str, Table]) -> Iterator[str]:
    yield f"\n### {table.name}\n"
    yield f"{table.description}.\n"
    yield f"- {table.grain}" + (f"; key: {', '.join(table.key)}" if table.key else "")
    yield f"- {_made(table)}"
    if sources := sorted(reads(table, tables)):
        yield f"- from: {', '.join(sources)}"
    yield ""
    formulas = any(column.formula for column in table.columns)
    yield "| column | type | what it is |" + (" formula |" if formulas else "")
    yield "|---|---|---|" + ("---|" if formulas else "")
    for column in table.columns:
        yield _row(column, formulas=formulas)


def _made(table: Table) -> str:
    return {
        "landing": "appended to as things arrive",
        "state": "written by the script itself",
        "view": "a view, computed when it is read",
        "temp": "made anew by each run",
        "table": f"rebuilt by {table.rebuilt_by}",
    }[table.kind]


def _row(column: Column, *, formulas: bool) -> str:
    kind = column.type.googlesql() + (", required" if column.required else "")
    cells = [f"`{column.name}`", kind, column.description]
    cells += [column.formula or ""] if formulas else []
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
