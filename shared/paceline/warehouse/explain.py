"""Where a number of a mart comes from: its formula, the rows it is made of, settings, payloads.

Nothing is recorded for it while marts are built. What a mart reads is known from its SQL, and
which rows from its key: those with the same key, or on the days that the key says. A measure that
runs from day to day is made of all the days before as well: they are counted, not listed.
"""

# ruff: noqa: S608 - names come from the repository's own sql/, values are parameters

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from paceline.errors import SettingsInvalid
from paceline.warehouse.order import reads
from paceline.warehouse.restrict import FROM_DATE
from paceline.warehouse.tables import Table

Row = dict[str, Any]
# GoogleSQL and its parameters in, rows out.
Ask = Callable[[str, Mapping[str, Any]], list[Row]]

MOST_ROWS = 20
SETTINGS = "silver.settings"
# What says the same where silver cannot be read.
STAND_INS = {"silver.activities": "marts.activity_summary", SETTINGS: "marts.settings"}
_WINDOW = "window_days"
_NOT_INPUTS = {"touched", "landing", "ops"}
_PERIODS = {
    "week_start": (
        "src.local_date >= reader.week_start"
        " AND src.local_date < CAST(DATE_ADD(reader.week_start, INTERVAL 7 DAY) AS DATE)"
    ),
    "year": "EXTRACT(YEAR FROM src.local_date) = reader.year",
    "month": "EXTRACT(MONTH FROM src.local_date) = reader.month",
}


@dataclass(frozen=True)
class Input:
    """What is read of a source. Its rows are listed when the key says which ones they are."""

    table: str
    read_by: str
    count: int
    rows: Sequence[Row]


@dataclass(frozen=True)
class Span:
    """The days that a running measure was made of, up to its own."""

    first: date
    last: date
    days: int
    activities: int
    load: float


@dataclass(frozen=True)
class Explained:
    """One row of a mart, and what it is made of."""

    mart: Table
    row: Row
    span: Span | None = None
    inputs: list[Input] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)  # sources that cannot be read from here
    settings: list[Row] = field(default_factory=list)

    @property
    def payloads(self) -> list[Row]:
        """The versions of the activities behind it, and the bronze objects where they are known."""
        names = ("athlete_id", "activity_id", "version", "bronze_uri")
        rows = [row for each in self.inputs for row in each.rows] + [self.row]
        found = [
            {name: row.get(name) for name in names}
            for row in rows
            if row.get("activity_id") and row.get("version")
        ]
        return [row for place, row in enumerate(found) if row not in found[:place]]


def find_mart(name: str, tables: Mapping[str, Table]) -> Table:
    """By its name, or the beginning of it. Raises SettingsInvalid."""
    marts = {t.name.removeprefix("marts."): t for t in tables.values() if t.layer == "marts"}
    plain = name.removeprefix("marts.")
    found = [plain] if plain in marts else [each for each in marts if each.startswith(plain)]
    if len(found) != 1:
        told = f"{name} can be {', '.join(found)}" if found else f"There is no mart {name}"
        raise SettingsInvalid(f"{told}; there are {', '.join(sorted(marts))}.")
    return marts[found[0]]


def parse_key(words: Sequence[str], mart: Table) -> dict[str, str]:
    """Values in the order of the mart's key, without the athlete, or column=value."""
    names = [name for name in mart.key if name != "athlete_id"]
    key: dict[str, str] = {}
    for word in words:
        column, equals, value = word.partition("=")
        if not equals:
            column, value = next((name for name in names if name not in key), ""), word
        if column not in mart.column_names:
            raise SettingsInvalid(
                f"{word} is not a part of the key of {mart.name}, which is {', '.join(names)}."
            )
        key[column] = value
    return key


def explain(
    mart: Table,
    key: Mapping[str, str],
    tables: Mapping[str, Table],
    layers: Collection[str],
    ask: Ask,
) -> list[Explained]:
    """Each row of the mart with this key, at most MOST_ROWS of them, from layers that are open."""
    tracing = _Tracing(tables, layers, ask)
    return [tracing.trace(mart, row) for row in tracing.rows(mart, _has(key), key)]


def _has(key: Collection[str]) -> str:
    return " AND ".join(f"CAST(src.{name} AS STRING) = @{name}" for name in key) or "TRUE"


def _select(table: Table, where: str) -> str:
    """Scalars only: curves and streams are not for reading."""
    columns = (c for c in table.columns if not c.type.element and not c.type.fields)
    names = ", ".join(f"src.{column.name}" for column in columns)
    return f"SELECT {names} FROM {table.name} AS src WHERE {where}"


def _belongs(source: Table, reader: Table) -> tuple[str, bool]:
    """When a row of the source belongs to one of the reader; and whether that says it all."""
    wanted = {name for name in reader.key if name in reader.column_names}
    known = {*reader.key, *source.key} & set(reader.column_names) & set(source.column_names)
    conditions = [f"src.{name} = reader.{name}" for name in sorted(known)]
    if "local_date" in source.column_names:
        periods = [name for name in _PERIODS if name in wanted - known]
        conditions += [_PERIODS[name] for name in periods]
        known |= set(periods)
    exact = wanted <= known or bool(source.key and set(source.key) <= known)
    return " AND ".join(conditions) or "TRUE", exact


@dataclass(frozen=True)
class _Tracing:
    tables: Mapping[str, Table]
    layers: Collection[str]
    ask: Ask

    def rows(self, table: Table, where: str, key: Mapping[str, str]) -> list[Row]:
        order = f" ORDER BY {', '.join(f'src.{name}' for name in table.key)}" if table.key else ""
        return self.ask(f"{_select(table, where)}{order} LIMIT {MOST_ROWS}", key)

    def trace(self, mart: Table, row: Row) -> Explained:
        found = Explained(mart, row, self._span(mart, row))
        key = {name: str(row[name]) for name in mart.key if row[name] is not None}
        self._follow(mart, _select(mart, _has(key)), key, found)
        if self._uses_settings(mart):
            found.settings.extend(self._settings(found))
        return found

    def _span(self, mart: Table, row: Row) -> Span | None:
        """All days so far, or those of its window, in the rows that the mart has of single days."""
        if mart.rebuilt_by is None or FROM_DATE not in self.tables[mart.rebuilt_by].column_names:
            return None
        last, others = row["local_date"], set(mart.key) - {"local_date", _WINDOW}
        key = {name: str(row[name]) for name in others}
        where = f"{_has(key)} AND CAST(src.local_date AS STRING) <= @last"
        key["last"] = str(last)
        if _WINDOW in row:
            where += f" AND CAST(src.local_date AS STRING) >= @first AND src.{_WINDOW} = 1"
            key["first"] = str(last - timedelta(days=row[_WINDOW] - 1))
        sums = "COUNT(*) AS days, SUM(src.activities) AS activities, SUM(src.load) AS load"
        ends = "MIN(src.local_date) AS first, MAX(src.local_date) AS last"
        return Span(
            **self.ask(f"SELECT {ends}, {sums} FROM {mart.name} AS src WHERE {where}", key)[0]
        )

    def _follow(self, reader: Table, sql: str, key: Mapping[str, str], found: Explained) -> None:
        for source in self._sources(reader, found):
            if source.name in {found.mart.name, *(each.table for each in found.inputs)}:
                continue
            belongs, exact = _belongs(source, reader)
            where = f"EXISTS (SELECT 1 FROM ({sql}) AS reader WHERE {belongs})"
            counted = f"SELECT COUNT(*) AS n FROM {source.name} AS src WHERE {where}"
            count = int(self.ask(counted, key)[0]["n"])
            rows = self.rows(source, where, key) if exact else []
            found.inputs.append(Input(source.name, reader.name, count, rows))
            if rows:
                self._follow(source, _select(source, where), key, found)

    def _sources(self, reader: Table, found: Explained) -> Iterator[Table]:
        """What it reads, as far as it is open; what is not is looked through, or stood in for."""
        for name in sorted(reads(reader, self.tables)):
            table = self.tables[name]
            if table.layer in _NOT_INPUTS or name in {SETTINGS, STAND_INS[SETTINGS]}:
                continue
            if table.layer in self.layers:
                yield table
                continue
            found.unread.add(name)
            if name in STAND_INS and STAND_INS[name] != reader.name:
                yield self.tables[STAND_INS[name]]
            elif name not in STAND_INS:
                yield from self._sources(table, found)

    def _uses_settings(self, table: Table) -> bool:
        seen, left = {SETTINGS: False}, {table.name}
        while left:
            name = left.pop()
            seen[name] = True
            left |= {each for each in reads(self.tables[name], self.tables) if not seen.get(each)}
        return seen[SETTINGS]

    def _settings(self, found: Explained) -> list[Row]:
        """Those that held on its days."""
        rows = [found.row, *(row for each in found.inputs for row in each.rows)]
        days = [row["local_date"] for row in rows if isinstance(row.get("local_date"), date)]
        if not days or "athlete_id" not in found.row:
            return []
        name = SETTINGS if "silver" in self.layers else STAND_INS[SETTINGS]
        where = (
            "CAST(src.athlete_id AS STRING) = @athlete_id"
            " AND CAST(src.valid_from AS STRING) <= @last"
            " AND COALESCE(CAST(src.valid_until AS STRING) > @first, TRUE)"
        )
        key = {"athlete_id": str(found.row["athlete_id"])}
        key |= {"first": str(min(days)), "last": str(max(days))}
        return self.ask(f"{_select(self.tables[name], where)} ORDER BY name, valid_from", key)
