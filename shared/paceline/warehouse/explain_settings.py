"""Which settings the numbers of some rows were computed with, and on which days."""

# ruff: noqa: S608 - names come from the repository's own sql/, values are parameters

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from paceline.warehouse.tables import Column, SettingsUse, Table


@dataclass(frozen=True)
class Held:
    """These settings, on days from the first to the last."""

    names: Sequence[str]
    first: date
    last: date


def uses(table: Table, columns: Collection[str]) -> list[tuple[Column, SettingsUse]]:
    """What these of its columns are computed with."""
    chosen = (column for column in table.columns if column.name in columns)
    return [(column, use) for column in chosen for use in column.settings]


def days_query(table: Table, found: Sequence[tuple[Column, SettingsUse]], where: str) -> str:
    """First and last day of rows that have a number of each use."""
    days = (
        f"MIN(IF({row}, src.local_date, NULL)) AS first_{place},"
        f" MAX(IF({row}, src.local_date, NULL)) AS last_{place}"
        for place, row in enumerate(map(_has, found))
    )
    return f"SELECT {', '.join(days)} FROM {table.name} AS src WHERE {where}"


def held(
    found: Sequence[tuple[Column, SettingsUse]], days: Mapping[str, date | None]
) -> list[Held]:
    return [
        Held(use.names, first, last)
        for place, (_, use) in enumerate(found)
        if (first := days[f"first_{place}"]) and (last := days[f"last_{place}"])
    ]


def settings_condition(all_held: Sequence[Held]) -> tuple[str, dict[str, Any]]:
    """When a row `src` of the settings held for one of them; and the parameters."""
    conditions, parameters = [], dict[str, Any]()
    for place, each in enumerate(all_held):
        names = ", ".join(f"'{name}'" for name in each.names)
        conditions.append(
            f"(src.name IN ({names}) AND src.valid_from <= @last_{place}"
            f" AND COALESCE(src.valid_until > @first_{place}, TRUE))"
        )
        parameters |= {f"first_{place}": each.first, f"last_{place}": each.last}
    return f"({' OR '.join(conditions)})", parameters


def _has(found: tuple[Column, SettingsUse]) -> str:
    column, use = found
    has = f"src.{column.name} IS NOT NULL"
    return f"{has} AND CAST(src.{use.by} AS STRING) = '{use.value}'" if use.by else has
