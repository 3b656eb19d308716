"""What must be true of a table before its new rows are let through."""

# ruff: noqa: S608 - names come from the repository's own sql/, never from a user

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paceline.warehouse.restrict import is_touched, restrict
from paceline.warehouse.tables import Table, TableInvalid

_HEADER = re.compile(r"^-- (?P<kind>check|warn): (?P<name>\w+): (?P<meaning>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Check:
    """A SELECT of the offending rows that have touched keys.

    A check lets none of them through. One that only warns is for what Strava may rightly send.
    """

    name: str
    meaning: str
    offending: str
    blocks: bool = True

    def __str__(self) -> str:
        return f"{self.name}: {self.meaning}"


def checks_of(table: Table, tables: Mapping[str, Table]) -> tuple[Check, ...]:
    """The checks that the metadata asks for, then those of checks.sql. Raises TableInvalid."""
    if table.rebuilt_by is None:
        return ()
    touched = tables[table.rebuilt_by]
    return (
        _unique_key(table, touched),
        *_required(table, touched),
        *_within_range(table, touched),
        *_references(table, touched),
        *_written(table, touched, tables),
    )


def _rows(table: Table, condition: str) -> str:
    return f"SELECT 1 FROM {table.name} AS target WHERE {condition}"


def _unique_key(table: Table, touched: Table) -> Check:
    key = ", ".join(f"target.{name}" for name in table.key)
    twice = f"GROUP BY {key} HAVING COUNT(*) > 1"
    return Check(
        "unique_key",
        f"{', '.join(table.key)} must be different in every row",
        f"{_rows(table, is_touched(touched, 'target'))} {twice}",
    )


def _required(table: Table, touched: Table) -> Iterator[Check]:
    if names := table.required_columns:
        missing = " OR ".join(f"target.{name} IS NULL" for name in names)
        yield Check(
            "required",
            f"there must be a value in {', '.join(names)}",
            _rows(table, f"({missing}) AND {is_touched(touched, 'target')}"),
        )


def _within_range(table: Table, touched: Table) -> Iterator[Check]:
    ranged = [(column, *column.range) for column in table.columns if column.range]
    outside = [
        f"target.{column.name} {sign} {limit}"
        for column, low, high in ranged
        for sign, limit in (("<", low), (">", high))
        if limit is not None
    ]
    if outside:
        names = ", ".join(column.name for column, _, _ in ranged)
        yield Check(
            "range",
            f"a value outside of what there can be in {names}",
            _rows(table, f"({' OR '.join(outside)}) AND {is_touched(touched, 'target')}"),
        )


def _references(table: Table, touched: Table) -> Iterator[Check]:
    for other, key in table.references.items():
        same = " AND ".join(f"other.{name} = target.{name}" for name in key)
        orphan = f"NOT EXISTS (SELECT 1 FROM {other} AS other WHERE {same})"
        yield Check(
            f"references_{other.replace('.', '_')}",
            f"every {', '.join(key)} must be in {other}",
            _rows(table, f"{orphan} AND {is_touched(touched, 'target')}"),
        )


def _written(table: Table, touched: Table, tables: Mapping[str, Table]) -> Iterator[Check]:
    if table.checks is None:
        return
    headers = list(_HEADER.finditer(table.checks))
    if not headers or table.checks[: headers[0].start()].strip():
        raise TableInvalid(
            f"{table.name}: checks.sql must begin with '-- check: <name>: <what a hit means>', or"
            " with '-- warn:' in its place"
        )
    ends = [header.start() for header in headers[1:]] + [len(table.checks)]
    for header, end in zip(headers, ends, strict=True):
        query = table.checks[header.end() : end].strip().removesuffix(";").strip()
        restricted = restrict(query, touched, tables)
        yield Check(
            header["name"],
            header["meaning"].strip(),
            restricted or query,
            blocks=header["kind"] == "check",
        )
