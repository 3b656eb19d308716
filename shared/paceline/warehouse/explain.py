"""Where a number of a mart comes from: its formula, the rows it is made of, settings, payloads.

Nothing is recorded for it while marts are built. What a mart reads is known from its SQL, and
which rows from its key: those with the same key, or on the days that the key says. Rows and
payloads are counted, and the newest of them listed.
"""

# ruff: noqa: S608 - names come from the repository's own sql/, values are parameters

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from paceline.errors import SettingsInvalid
from paceline.ports import Reader
from paceline.warehouse.explain_rows import WINDOW, belongs
from paceline.warehouse.explain_settings import (
    Held,
    days_query,
    held,
    settings_condition,
    uses,
)
from paceline.warehouse.explained import Explained, Input, Row, Span, payloads_of
from paceline.warehouse.order import reads
from paceline.warehouse.restrict import FROM_DATE
from paceline.warehouse.tables import Table

MOST_ROWS = 20
ACTIVITIES, SETTINGS = "silver.activities", "silver.settings"
# What says the same where silver cannot be read.
STAND_INS = {ACTIVITIES: "marts.activity_summary", SETTINGS: "marts.settings"}
_NOT_INPUTS = {"touched", "landing", "ops"}
_STREAMS = {"silver.metrics", "silver.streams"}


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


def find_column(name: str, mart: Table) -> str:
    """Raises SettingsInvalid."""
    if name not in mart.column_names:
        raise SettingsInvalid(
            f"{mart.name} has no column {name}; it has {', '.join(mart.column_names)}."
        )
    return name


def explain(
    mart: Table,
    key: Mapping[str, str],
    tables: Mapping[str, Table],
    layers: Collection[str],
    reader: Reader,
    column: str | None = None,
) -> list[Explained]:
    """Each row of the mart with this key, at most MOST_ROWS of them, from layers that are open."""
    tracing = _Tracing(tables, layers, reader)
    where = " AND ".join(f"CAST(src.{name} AS STRING) = @{name}" for name in key) or "TRUE"
    said = {name: value.lower() if _is_bool(mart, name) else value for name, value in key.items()}
    return [tracing.trace(mart, row, column) for row in tracing.rows(mart, where, said)]


def _is_bool(table: Table, name: str) -> bool:
    return any(each.name == name and each.type.name == "BOOL" for each in table.columns)


def _equals(key: Collection[str]) -> str:
    return " AND ".join(f"src.{name} = @{name}" for name in key) or "TRUE"


def _select(table: Table, where: str) -> str:
    """Scalars only: curves and streams are not for reading."""
    columns = (c for c in table.columns if not c.type.element and not c.type.fields)
    names = ", ".join(f"src.{column.name}" for column in columns)
    return f"SELECT {names} FROM {table.name} AS src WHERE {where}"


def _newest_first(table: Table) -> str:
    days = [f"src.{name} DESC" for name in ("local_date",) if name in table.column_names]
    order = [*days, *(f"src.{name}" for name in table.key if name != "local_date")]
    return f" ORDER BY {', '.join(order)}" if order else ""


@dataclass(frozen=True)
class _Asked:
    """Rows of a table, by a condition on `src`."""

    table: Table
    where: str


@dataclass(frozen=True)
class _Tracing:
    tables: Mapping[str, Table]
    layers: Collection[str]
    reader: Reader

    def ask(self, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
        used = {name: value for name, value in parameters.items() if f"@{name}" in sql}
        return list(self.reader.query(sql, used).to_pylist())

    def rows(self, table: Table, where: str, key: Mapping[str, Any]) -> list[Row]:
        order = _newest_first(table)
        return self.ask(f"{_select(table, where)}{order} LIMIT {MOST_ROWS}", key)

    def trace(self, mart: Table, row: Row, column: str | None) -> Explained:
        found = Explained(mart, row, column, self._span(mart, row))
        key = {name: row[name] for name in mart.key if row[name] is not None}
        asked = _Asked(mart, _equals(key))
        mine = {column} if column else set(mart.column_names)
        with_settings = self._held(asked, mine, key)
        behind = self._own_activity(asked, row)
        for source, columns in self._follow(asked, key, found):
            with_settings += self._held(source, columns, key)
            behind = behind or self._activities_of(source)
        if with_settings:
            found.settings += self._settings(with_settings, row["athlete_id"])
        self._add_payloads(found, behind, key)
        return found

    def _span(self, mart: Table, row: Row) -> Span | None:
        """All days so far, or those of its window, in the rows that the mart has of single days."""
        if not self._runs(mart):
            return None
        last, others = row["local_date"], set(mart.key) - {"local_date", WINDOW}
        key = {name: row[name] for name in others} | {"last": last}
        where = f"{_equals(others)} AND src.local_date <= @last"
        if WINDOW in row:
            where += f" AND src.local_date >= @first AND src.{WINDOW} = 1"
            key["first"] = last - timedelta(days=row[WINDOW] - 1)
        sums = "COUNT(*) AS days, SUM(src.activities) AS activities, SUM(src.load) AS load"
        ends = "MIN(src.local_date) AS first, MAX(src.local_date) AS last"
        return Span(
            **self.ask(f"SELECT {ends}, {sums} FROM {mart.name} AS src WHERE {where}", key)[0]
        )

    def _runs(self, table: Table) -> bool:
        by = table.rebuilt_by
        return by is not None and FROM_DATE in self.tables[by].column_names

    def _follow(
        self, reader: _Asked, key: Mapping[str, Any], found: Explained
    ) -> Iterator[tuple[_Asked, set[str]]]:
        """What it is made of, near before far, and the columns that are read of it."""
        sql = _select(reader.table, reader.where)
        for source in self._sources(reader.table, found):
            if source.name in {found.mart.name, *(each.table for each in found.inputs)}:
                continue
            told, exact = belongs(source, reader.table, runs=self._runs(reader.table))
            asked = _Asked(source, f"EXISTS (SELECT 1 FROM ({sql}) AS reader WHERE {told})")
            counted = f"SELECT COUNT(*) AS n FROM {source.name} AS src WHERE {asked.where}"
            count = int(self.ask(counted, key)[0]["n"])
            rows = self.rows(source, asked.where, key) if exact and count else []
            found.inputs.append(Input(source.name, reader.table.name, count, rows))
            if rows:
                yield asked, words(reader.table.query or "")
                yield from self._follow(asked, key, found)

    def _sources(self, reader: Table, found: Explained) -> Iterator[Table]:
        """What it reads, as far as it is open; what is not is looked through, or stood in for.

        Lists that the SQL itself has are of no athlete, and come from nowhere.
        """
        for name in sorted(reads(reader, self.tables)):
            table = self.tables[name]
            if table.layer in _NOT_INPUTS or name in {SETTINGS, STAND_INS[SETTINGS]}:
                continue
            if "athlete_id" not in table.column_names:
                continue
            if table.layer in self.layers:
                yield table
                continue
            found.unread.add(name)
            if name in STAND_INS and STAND_INS[name] != reader.name:
                yield self.tables[STAND_INS[name]]
            elif name not in STAND_INS:
                yield from self._sources(table, found)

    def _held(self, asked: _Asked, columns: set[str], key: Mapping[str, Any]) -> list[Held]:
        found = uses(asked.table, columns)
        if not found:
            return []
        return held(found, self.ask(days_query(asked.table, found, asked.where), key)[0])

    def _settings(self, with_settings: Sequence[Held], athlete_id: int) -> list[Row]:
        name = SETTINGS if "silver" in self.layers else STAND_INS[SETTINGS]
        condition, key = settings_condition(with_settings)
        where = f"src.athlete_id = @athlete_id AND {condition} ORDER BY src.name, src.valid_from"
        return self.ask(_select(self.tables[name], where), key | {"athlete_id": athlete_id})

    def _own_activity(self, asked: _Asked, row: Row) -> _Asked | None:
        """What a single activity has, or had first, comes from that one."""
        return self._activities_of(asked) if row.get("activity_id") is not None else None

    def _activities_of(self, asked: _Asked) -> _Asked | None:
        if not {"athlete_id", "activity_id"} <= set(asked.table.column_names):
            return None
        return _Asked(
            self.tables[STAND_INS[ACTIVITIES]],
            f"EXISTS (SELECT 1 FROM (SELECT src.athlete_id, src.activity_id FROM"
            f" {asked.table.name} AS src WHERE {asked.where}) AS made WHERE"
            " made.athlete_id = src.athlete_id AND made.activity_id = src.activity_id)",
        )

    def _add_payloads(
        self, found: Explained, behind: _Asked | None, key: Mapping[str, Any]
    ) -> None:
        """The versions that its activities have now, and the bronze objects that say so."""
        above = self._all_reads(found.mart)
        if behind and ACTIVITIES in above:
            counted = f"SELECT COUNT(*) AS n FROM {behind.table.name} AS src WHERE {behind.where}"
            found.activities = int(self.ask(counted, key)[0]["n"])
            rows = self.rows(behind.table, behind.where, key) if found.activities else []
            found.payloads += payloads_of(rows, with_streams=bool(above & _STREAMS))
        elif found.row.get("bronze_uri"):
            found.payloads += payloads_of([found.row], with_streams=False)

    def _all_reads(self, table: Table) -> set[str]:
        """Near and far."""
        seen, left = set[str](), {table.name}
        while left:
            seen |= left
            left = {each for name in left for each in reads(self.tables[name], self.tables)} - seen
        return seen


def words(sql: str) -> set[str]:
    return set(re.findall(r"\w+", sql))
