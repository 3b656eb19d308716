"""Rows of a YAML case: as GoogleSQL literals, as Arrow, and in one form that can be compared."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from paceline.warehouse.column_types import ColumnType
from paceline.warehouse.tables import Table

Row = dict[str, Any]


def typed(value: Any, kind: ColumnType) -> Any:
    """What YAML, JSON or an engine gave, as the Python value of this column type."""
    if value is None:
        return None
    if kind.element:
        return [typed(item, kind.element) for item in value]
    if kind.fields:
        if unknown := value.keys() - {name for name, _ in kind.fields}:
            raise AssertionError(f"a case names the field {unknown.pop()!r}, which there is not")
        return {name: typed(value.get(name), field) for name, field in kind.fields}
    return _SCALARS.get(kind.name, lambda scalar: scalar)(value)


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _datetime(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment.replace(tzinfo=None)


_SCALARS: Mapping[str, Callable[[Any], Any]] = {
    "FLOAT64": lambda number: round(float(number), 9),
    "INT64": int,
    "DATE": _date,
    "DATETIME": _datetime,
    "TIMESTAMP": lambda moment: _datetime(moment).replace(tzinfo=UTC),
}


def typed_row(row: Mapping[str, Any], table: Table) -> Row:
    if unknown := row.keys() - set(table.column_names):
        raise AssertionError(f"a case names {table.name}.{unknown.pop()}, which there is not")
    return {column.name: typed(row.get(column.name), column.type) for column in table.columns}


def comparable(rows: Iterable[Mapping[str, Any]], table: Table) -> list[str]:
    """The rows without NULLs, in an order of their own; arrays that are empty count as NULL."""
    return sorted(json.dumps(_bare(typed_row(row, table)), default=str) for row in rows)


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _bare(item) for name, item in value.items() if item not in (None, [])}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def as_arrow(rows: Iterable[Mapping[str, Any]], table: Table) -> pa.Table:
    schema = pa.schema([(column.name, column.type.arrow()) for column in table.columns])
    return pa.Table.from_pylist([typed_row(row, table) for row in rows], schema=schema)


def as_cte(rows: Iterable[Mapping[str, Any]], table: Table, name: str) -> str:
    """The rows as a table of typed literals."""
    fields = ", ".join(f"{column.name} {column.type.googlesql()}" for column in table.columns)
    literals = ", ".join(_row_literal(row, table) for row in rows)
    return f"{name} AS (SELECT * FROM UNNEST(ARRAY<STRUCT<{fields}>>[{literals}]))"


def _row_literal(row: Mapping[str, Any], table: Table) -> str:
    values = typed_row(row, table)
    told = ", ".join(literal(values[column.name], column.type) for column in table.columns)
    return f"STRUCT({told})"  # which may have a single field


def literal(value: Any, kind: ColumnType) -> str:
    if value is None:
        return "NULL"
    if kind.element:
        items = ", ".join(literal(item, kind.element) for item in value)
        return f"{kind.googlesql()}[{items}]"
    if kind.fields:
        items = ", ".join(literal(value[name], field) for name, field in kind.fields)
        return f"{kind.googlesql()}({items})"
    if kind.name in {"DATE", "DATETIME", "TIMESTAMP"}:
        return f"{kind.name} '{value}'"
    return json.dumps(value)
