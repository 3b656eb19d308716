"""The tables as BigQuery has them: names, DDL, and the schemas that Terraform creates them from."""

from collections.abc import Mapping
from typing import Any

from paceline.warehouse.column_types import ColumnType
from paceline.warehouse.order import build_order
from paceline.warehouse.source_text import replace_tables
from paceline.warehouse.tables import Column, Table

_LONGEST_DESCRIPTION = 1024  # BigQuery refuses a longer one for a column
# Strava counts its ids up, by some 60 million a week at present. A table may have 10,000 parts.
_ID_RANGES = {"start": 0, "end": 200_000_000_000, "interval": 50_000_000}
_LEGACY_NAMES = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}  # what its API answers


def bigquery_name(table: Table, prefix: str) -> str:
    """Temp tables have no dataset; the others live in their layer's."""
    return table.name.replace(".", "_") if table.kind == "temp" else f"{prefix}{table.name}"


def rename(sql: str, tables: Mapping[str, Table], prefix: str) -> str:
    return replace_tables(sql, tables, lambda source: bigquery_name(tables[source.table], prefix))


def quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def stored_tables(tables: Mapping[str, Table]) -> list[Table]:
    return [table for table in tables.values() if table.kind not in {"temp", "view"}]


def render_tables(tables: Mapping[str, Table], *, prefix: str = "paceline_") -> list[str]:
    """DDL: the datasets, then the tables. The script makes the views itself."""
    layers = sorted({table.layer for table in tables.values() if table.kind != "temp"})
    return [
        *(f"CREATE SCHEMA IF NOT EXISTS {prefix}{layer};" for layer in layers),
        *(_create_table(table, prefix) for table in stored_tables(tables)),
    ]


def render_views(tables: Mapping[str, Table], *, prefix: str = "paceline_") -> list[str]:
    """Each after the views that it reads."""
    views = [tables[name] for name in build_order(tables) if tables[name].kind == "view"]
    return [
        *(_create_view(table, tables, prefix) for table in views),
        *(_create_geography(table, tables, prefix) for table in tables.values() if table.geography),
    ]


def table_schemas(tables: Mapping[str, Table]) -> dict[str, dict[str, Any]]:
    """What Terraform creates, by name; each schema as BigQuery's API takes it."""
    return {
        table.name: {
            "layer": table.layer,
            "table": table.name.partition(".")[2],
            "kind": table.kind,
            "description": _description(table),
            "schema": [_field(column, table) for column in table.columns],
            "time_partitioning": _time_partitioning(table),
            "range_partitioning": _range_partitioning(table),
            "clustering": list(table.cluster_by),
            "primary_key": list(_primary_key(table)),
        }
        for table in stored_tables(tables)
    }


def _description(table: Table) -> str:
    return f"{table.description}; {table.grain}"


def _told(column: Column) -> str:
    told = f"{column.description}; {column.formula}" if column.formula else column.description
    return told[:_LONGEST_DESCRIPTION]


def _mode(column: Column, table: Table) -> str:
    # Built tables say the same by a check, which names itself and leaves the old rows in place.
    strict = table.kind in {"landing", "state"}
    if column.type.element:
        return "REPEATED"
    return "REQUIRED" if strict and column.required else "NULLABLE"


def _primary_key(table: Table) -> tuple[str, ...]:
    """Only of tables whose checks prove it: BigQuery believes it and answers accordingly."""
    return table.key if table.kind == "table" else ()


def _partition_type(table: Table) -> str | None:
    return next((c.type.name for c in table.columns if c.name == table.partition_by), None)


def _time_partitioning(table: Table) -> dict[str, str] | None:
    if _partition_type(table) != "TIMESTAMP":
        return None
    return {"type": "DAY", "field": table.partition_by or ""}


def _range_partitioning(table: Table) -> dict[str, str | int] | None:
    if _partition_type(table) != "INT64":
        return None
    return {"field": table.partition_by or "", **_ID_RANGES}


def _field(column: Column, table: Table) -> dict[str, Any]:
    told = {"mode": _mode(column, table), "description": _told(column)}
    return {"name": column.name, **_type(column.type), **told}


def _type(kind: ColumnType) -> dict[str, Any]:
    kind = kind.element or kind
    if not kind.fields:
        return {"type": _LEGACY_NAMES.get(kind.name, kind.name)}
    fields = [
        {"name": name, **_type(field), "mode": "REPEATED" if field.element else "NULLABLE"}
        for name, field in kind.fields
    ]
    return {"type": "RECORD", "fields": fields}


def _create_table(table: Table, prefix: str) -> str:
    columns = [
        f"  {column.name} {column.type.googlesql()}"
        f"{' NOT NULL' if _mode(column, table) == 'REQUIRED' else ''}"
        f" OPTIONS (description = {quote(_told(column))})"
        for column in table.columns
    ]
    if key := _primary_key(table):
        columns.append(f"  PRIMARY KEY ({', '.join(key)}) NOT ENFORCED")
    parts = [
        f"CREATE TABLE IF NOT EXISTS {bigquery_name(table, prefix)} (",
        ",\n".join(columns),
        ")",
    ]
    if _partition_type(table) == "TIMESTAMP":
        parts.append(f"PARTITION BY DATE({table.partition_by})")
    elif _partition_type(table) == "INT64":
        bounds = ", ".join(map(str, _ID_RANGES.values()))
        parts.append(f"PARTITION BY RANGE_BUCKET({table.partition_by}, GENERATE_ARRAY({bounds}))")
    if table.cluster_by:
        parts.append(f"CLUSTER BY {', '.join(table.cluster_by)}")
    return "\n".join([*parts, f"OPTIONS (description = {quote(_description(table))});"])


def _create_view(table: Table, tables: Mapping[str, Table], prefix: str) -> str:
    query = rename(table.query or "", tables, prefix).strip()
    columns = ",\n".join(
        f"  {column.name} OPTIONS (description = {quote(_told(column))})"
        for column in table.columns
    )
    return (
        f"CREATE OR REPLACE VIEW {bigquery_name(table, prefix)} (\n{columns}\n)\n"
        f"OPTIONS (description = {quote(_description(table))}) AS\n{query};"
    )


def _create_geography(table: Table, tables: Mapping[str, Table], prefix: str) -> str:
    """DuckDB has no GEOGRAPHY, and ST_ functions mean nothing there: this view is BigQuery's."""
    query = rename(table.geography or "", tables, prefix).strip()
    return (
        f"CREATE OR REPLACE VIEW {bigquery_name(table, prefix)}_geography\n"
        f"OPTIONS (description = {quote(_description(table))}) AS\n{query};"
    )
