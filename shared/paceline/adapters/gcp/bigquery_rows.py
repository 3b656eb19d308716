"""Rows as BigQuery's REST interface takes them, in requests that are not too big for it."""

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

# A request may have 10 MB, of which some goes to what stands around the rows; 500 rows are advised.
REQUEST_BYTES = 9_000_000
REQUEST_ROWS = 500


@dataclass(frozen=True)
class Row:
    """One row, and a name that the same row always has."""

    values: dict[str, Any]
    row_id: str
    size: int


def rows_of(name: str, table: pa.Table) -> Iterator[Row]:
    for values in table.to_pylist():
        known = {key: as_json(value, table.schema.field(key).type) for key, value in values.items()}
        # A column that is left out is NULL, and costs nothing.
        sent = {key: value for key, value in known.items() if value is not None}
        text = json.dumps(sent, sort_keys=True, ensure_ascii=False).encode()
        row_id = hashlib.sha256(name.encode() + b"\0" + text).hexdigest()
        yield Row(sent, row_id, len(text))


def requests_of(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """In their order, each as large as it may be."""
    first, size = 0, 0
    for index, row in enumerate(rows):
        if index > first and (size + row.size > REQUEST_BYTES or index - first == REQUEST_ROWS):
            yield rows[first:index]
            first, size = index, 0
        size += row.size
    if rows:
        yield rows[first:]


def as_json(value: Any, kind: pa.DataType) -> Any:
    if pa.types.is_list(kind):
        # An array in BigQuery is never NULL. Reading back an empty one means the same to our SQL.
        return [as_json(item, kind.value_type) for item in value or ()]
    if value is not None and pa.types.is_struct(kind):
        fields = ((field.name, as_json(value[field.name], field.type)) for field in kind)
        return {name: told for name, told in fields if told is not None}
    return _scalar(value)


def _scalar(value: Any) -> Any:
    """Exact: whole numbers as text, since readers of JSON take them for floating-point ones."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, date):  # a datetime too
        return value.isoformat()
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, int | float):
        return _NOT_FINITE.get(str(value), str(value))
    raise TypeError(f"{type(value).__name__} has no form in JSON here")


_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
