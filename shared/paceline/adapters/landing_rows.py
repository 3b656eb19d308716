"""What landing tables take: rows that the silver table behind each would accept."""

from collections.abc import Mapping

import pyarrow as pa

from paceline.errors import PayloadInvalid
from paceline.warehouse.tables import Table

_OPS = {"upsert", "tombstone"}


def fit_rows(name: str, rows: pa.Table, tables: Mapping[str, Table]) -> pa.Table:
    """The rows in the table's own column order. Raises PayloadInvalid, naming the column."""
    table = tables.get(name)
    if table is None or table.kind != "landing":
        landing = ", ".join(sorted(key for key, value in tables.items() if value.kind == "landing"))
        raise PayloadInvalid(f"{name} does not take rows; these do: {landing}")
    schema = table.arrow_schema()
    _refuse_other_columns(name, rows, schema)
    fitted = rows.select(schema.names)
    for field in schema:
        found = fitted.schema.field(field.name).type
        if not found.equals(field.type):
            raise PayloadInvalid(f"{name}.{field.name} takes {field.type}, not {found}")
    _refuse_nulls(name, fitted, table.required_columns)
    if "op" in schema.names:
        _refuse_bad_upserts(name, fitted, _silver(table, tables))
    return fitted


def _silver(table: Table, tables: Mapping[str, Table]) -> tuple[str, ...]:
    """What silver requires is refused at the door: one bad row must not block a refresh."""
    silver = tables.get(table.name.replace("landing.", "silver.", 1))
    return silver.required_columns if silver else ()


def _refuse_other_columns(name: str, rows: pa.Table, schema: pa.Schema) -> None:
    given, wanted = rows.column_names, schema.names  # pyarrow makes these lists anew each time
    if missing := [column for column in wanted if column not in given]:
        raise PayloadInvalid(f"{name}: the column {missing[0]} is missing")
    if unknown := [column for column in given if column not in wanted]:
        raise PayloadInvalid(f"{name} does not take a column {unknown[0]}")
    if len(given) != len(wanted):
        raise PayloadInvalid(f"{name}: a column comes twice")


def _refuse_nulls(name: str, rows: pa.Table, required: tuple[str, ...]) -> None:
    given = set(rows.column_names)
    for column in required:
        if column in given and rows[column].null_count:
            raise PayloadInvalid(f"{name}.{column} must have a value in every row")


def _refuse_bad_upserts(name: str, rows: pa.Table, required: tuple[str, ...]) -> None:
    ops = rows["op"].to_pylist()
    if wrong := set(ops) - _OPS:
        raise PayloadInvalid(f"{name}.op must be upsert or tombstone, not {min(wrong)!r}")
    for column in required:
        if rows[column].null_count and ("upsert", None) in zip(
            ops, rows[column].to_pylist(), strict=True
        ):
            raise PayloadInvalid(f"{name}.{column} must have a value unless op is tombstone")
