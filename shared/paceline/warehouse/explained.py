"""What is told of a row of a mart: its numbers, and all that they are made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from paceline.warehouse.tables import Table

Row = dict[str, Any]


@dataclass(frozen=True)
class Input:
    """What is read of a source. Its rows are listed when the key says which ones they are."""

    table: str
    read_by: str
    count: int
    rows: Sequence[Row]  # the newest of them


@dataclass(frozen=True)
class Span:
    """The days that a running measure was made of, up to its own."""

    first: date
    last: date
    days: int
    activities: int
    load: float


@dataclass
class Explained:
    """One row of a mart, and what it is made of."""

    mart: Table
    row: Row
    column: str | None = None  # the only one that was asked for
    span: Span | None = None
    inputs: list[Input] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)  # sources that cannot be read from here
    settings: list[Row] = field(default_factory=list)  # those that its numbers are computed with
    activities: int = 0  # behind it
    payloads: list[Row] = field(default_factory=list)  # of the newest of these activities

    @property
    def values(self) -> list[Row]:
        """Its numbers, with what they are and how they are computed."""
        return [
            {
                "column": column.name,
                "value": self.row[column.name],
                "description": column.description,
                "formula": column.formula,
            }
            for column in self.mart.columns
            if column.name in self.row and column.name not in self.mart.key
            if self.column in {None, column.name}
        ]


def payloads_of(rows: Sequence[Row], *, with_streams: bool) -> list[Row]:
    found = []
    for row in rows:
        of = {"athlete_id": row["athlete_id"], "activity_id": row.get("activity_id")}
        told = {"version": row["version"], "bronze_uri": row["bronze_uri"]}
        found.append(
            of | {"of": "settings" if row.get("activity_id") is None else "activity"} | told
        )
        if with_streams and row.get("streams_version"):
            told = {"version": row["streams_version"], "bronze_uri": row["streams_bronze_uri"]}
            found.append(of | {"of": "streams"} | told)
    return found
