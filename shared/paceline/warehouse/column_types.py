"""GoogleSQL column types, and what they are called in Arrow and DuckDB. Imports neither engine."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_DUCKDB_NAMES = {
    "INT64": "BIGINT",
    "FLOAT64": "DOUBLE",
    "STRING": "VARCHAR",
    "BOOL": "BOOLEAN",
    "DATE": "DATE",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMP": "TIMESTAMP WITH TIME ZONE",
}
_TOKEN = re.compile(r"\s*(\w+|[<>,])")


@dataclass(frozen=True)
class ColumnType:
    """A scalar, an ARRAY of one element type, or a STRUCT of named fields."""

    name: str
    element: "ColumnType | None" = None
    fields: tuple[tuple[str, "ColumnType"], ...] = ()

    def googlesql(self) -> str:
        if self.element:
            return f"ARRAY<{self.element.googlesql()}>"
        if self.fields:
            inner = ", ".join(f"{name} {kind.googlesql()}" for name, kind in self.fields)
            return f"STRUCT<{inner}>"
        return self.name

    def duckdb(self) -> str:
        if self.element:
            return f"{self.element.duckdb()}[]"
        if self.fields:
            inner = ", ".join(f'"{name}" {kind.duckdb()}' for name, kind in self.fields)
            return f"STRUCT({inner})"
        return _DUCKDB_NAMES[self.name]

    def arrow(self) -> "pa.DataType":
        import pyarrow as pa  # noqa: PLC0415 - only who builds rows pays for the import

        if self.element:
            return pa.list_(self.element.arrow())
        if self.fields:
            return pa.struct([pa.field(name, kind.arrow()) for name, kind in self.fields])
        return {
            "INT64": pa.int64(),
            "FLOAT64": pa.float64(),
            "STRING": pa.string(),
            "BOOL": pa.bool_(),
            "DATE": pa.date32(),
            "DATETIME": pa.timestamp("us"),
            "TIMESTAMP": pa.timestamp("us", tz="UTC"),
        }[self.name]


def parse_type(text: str) -> ColumnType:
    """Read a type as GoogleSQL writes it. Raises ValueError, which quotes what is wrong."""
    tokens = _tokens(text)
    try:
        parsed = _parse(tokens)
    except StopIteration:
        raise ValueError(f"type {text!r} ends too early") from None
    if rest := next(tokens, None):
        raise ValueError(f"type {text!r} goes on after its end: {rest!r}")
    return parsed


def _tokens(text: str) -> Iterator[str]:
    end = 0
    for match in _TOKEN.finditer(text):
        if match.start() != end:
            break
        end = match.end()
        yield match[1]
    if text[end:].strip():
        raise ValueError(f"type {text!r} is not understood from {text[end:]!r} on")


def _parse(tokens: Iterator[str]) -> ColumnType:
    name = next(tokens)
    if name == "ARRAY":
        _expect(tokens, "<")
        element = _parse(tokens)
        _expect(tokens, ">")
        return ColumnType("ARRAY", element=element)
    if name == "STRUCT":
        return ColumnType("STRUCT", fields=tuple(_parse_fields(tokens)))
    if name not in _DUCKDB_NAMES:
        known = ", ".join([*_DUCKDB_NAMES, "ARRAY<...>", "STRUCT<...>"])
        raise ValueError(f"{name!r} is not a column type we use; there are {known}")
    return ColumnType(name)


def _parse_fields(tokens: Iterator[str]) -> Iterator[tuple[str, ColumnType]]:
    _expect(tokens, "<")
    separator = ","
    while separator == ",":
        yield next(tokens), _parse(tokens)
        separator = next(tokens)
    if separator != ">":
        raise ValueError(f"expected , or > in a STRUCT, found {separator!r}")


def _expect(tokens: Iterator[str], wanted: str) -> None:
    if (found := next(tokens)) != wanted:
        raise ValueError(f"expected {wanted!r}, found {found!r}")
