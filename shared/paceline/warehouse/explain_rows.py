"""Which rows of a source a row of its reader is made of, as far as their columns tell."""

import re
from collections.abc import Iterator

from paceline.warehouse.tables import Table

WINDOW = "window_days"
_GROUP, _DAY = "sport_group", "local_date"
# Parts of a key that choose what is made of the rows, and not the rows.
_CHOOSE_NO_ROWS = {"unit"}
_PERIODS = {
    "week_start": (
        "src.local_date >= reader.week_start"
        " AND src.local_date < CAST(DATE_ADD(reader.week_start, INTERVAL 7 DAY) AS DATE)"
    ),
    "year": "EXTRACT(YEAR FROM src.local_date) = reader.year",
    "month": "EXTRACT(MONTH FROM src.local_date) = reader.month",
}
_SINCE_NEW_YEAR = (
    f"{_PERIODS['year']} AND 100 * EXTRACT(MONTH FROM src.local_date)"
    " + EXTRACT(DAY FROM src.local_date) <= 100 * reader.month + reader.day"
)
# Cells are numbered from their edges, and shown by their middles.
_CELLS = {"lat": "lat_cell", "lng": "lng_cell"}


def belongs(source: Table, reader: Table, *, runs: bool) -> tuple[str, bool]:
    """When a row `src` of the source belongs to a row `reader`; and whether that says it all.

    A reader that `runs` is made of all days up to its own, or of those of its window.
    """
    told = _equal(source, reader)
    if _DAY in source.column_names:
        told |= _days(reader, told, runs=runs)
    told |= dict(_constants(source, reader))
    told |= {
        name: f"src.{cell} = CAST(FLOOR(1000 * reader.{name}) AS INT64)"
        for name, cell in _CELLS.items()
        if name in reader.key and cell in source.column_names
    }
    exact = set(reader.key) - _CHOOSE_NO_ROWS <= told.keys()
    exact = exact or bool(source.key and set(source.key) <= told.keys())
    return " AND ".join(dict.fromkeys(told.values())) or "TRUE", exact


def _equal(source: Table, reader: Table) -> dict[str, str]:
    """By the names of the columns that are part of either key."""
    both = {*reader.key, *source.key} & set(reader.column_names) & set(source.column_names)
    told = {name: f"src.{name} = reader.{name}" for name in sorted(both)}
    if _GROUP in told and _GROUP not in source.key:  # there, no row is of all groups together
        told[_GROUP] = f"({told[_GROUP]} OR reader.{_GROUP} = 'all')"
    return told


def _days(reader: Table, told: dict[str, str], *, runs: bool) -> dict[str, str]:
    """By column of the reader's key, as far as it says which days."""
    if runs:
        days = f"src.{_DAY} <= reader.{_DAY}"
        if WINDOW not in reader.key:
            return {_DAY: days}
        first = f"UNIX_DATE(reader.{_DAY}) - reader.{WINDOW}"
        days += f" AND UNIX_DATE(src.{_DAY}) > {first}"
        return {_DAY: days, WINDOW: days}
    if "day" in reader.key:
        return dict.fromkeys(("year", "month", "day"), _SINCE_NEW_YEAR)
    periods = set(reader.key) - told.keys()
    return {name: period for name, period in _PERIODS.items() if name in periods}


def _constants(source: Table, reader: Table) -> Iterator[tuple[str, str]]:
    """A part of the source's key that the reader's query sets to a word: a kind of curve."""
    for name in set(source.key) - set(reader.column_names):
        if word := re.search(rf"\b{name} = '(\w+)'", reader.query or ""):
            yield name, f"src.{name} = '{word[1]}'"
