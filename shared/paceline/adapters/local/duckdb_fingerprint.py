"""A table's rows as a few numbers: equal numbers, equal rows, in whatever order they are stored."""

# ruff: noqa: S608 - names come from the repository's own sql/, never from a user

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from paceline.warehouse.tables import Column, Table


@dataclass(frozen=True)
class Fingerprint:
    rows: int
    columns: Mapping[str, int]

    def told(self, now: "Fingerprint") -> str:
        """What differs between the rows of then and now."""
        names = [name for name, value in self.columns.items() if now.columns.get(name) != value]
        return f"{self.rows} rows before, {now.rows} after; other values in {', '.join(names)}"


def fingerprint(connection: duckdb.DuckDBPyConnection, table: Table) -> Fingerprint:
    # With the key, no two rows have the same number, and none takes another out of the sum.
    key = "".join(f'"{name}", ' for name in table.key)
    columns = ", ".join(f"BIT_XOR(HASH({key}{_value(column)}))" for column in table.columns)
    found = connection.execute(f"SELECT COUNT(*), {columns} FROM {table.name}").fetchall()[0]
    return Fingerprint(found[0], dict(zip(table.column_names, found[1:], strict=True)))


def fingerprints(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[Table]
) -> dict[str, Fingerprint]:
    """Of every table that is built from landing."""
    return {t.name: fingerprint(connection, t) for t in tables if t.kind == "table"}


def differences(
    before: Mapping[str, Fingerprint], after: Mapping[str, Fingerprint]
) -> dict[str, str]:
    """What differs, by the name of the table."""
    return {name: was.told(after[name]) for name, was in before.items() if after[name] != was}


def _value(column: Column) -> str:
    """To the last bit; but a negative zero is a zero."""
    is_float = column.type.googlesql() == "FLOAT64"
    return f'"{column.name}" + 0.0' if is_float else f'"{column.name}"'
