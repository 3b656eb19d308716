"""GoogleSQL to what DuckDB runs, with the corrections that keep its meaning."""

from collections.abc import Mapping
from functools import lru_cache

from sqlglot import exp, parse_one

from paceline.warehouse.source_text import replace_tables
from paceline.warehouse.tables import Table


def duckdb_name(table: Table) -> str:
    """Temp tables have no schema to live in; the others live in their layer's."""
    return table.name.replace(".", "_") if table.kind == "temp" else table.name


def to_duckdb(sql: str, tables: Mapping[str, Table]) -> str:
    """One statement of the plan, or one query that passed `parse_query`."""
    renamed = replace_tables(sql, tables, lambda source: duckdb_name(tables[source.table]))
    return _translate(renamed)


@lru_cache(maxsize=2048)  # a refresh runs the same statements again and again
def _translate(googlesql: str) -> str:
    statement = parse_one(googlesql, read="bigquery").transform(_correct)
    return statement.sql(dialect="duckdb", comments=False)


def _correct(node: exp.Expr) -> exp.Expr:
    # GoogleSQL's 1.5 is a FLOAT64, DuckDB's an exact DECIMAL(2, 1) that multiplies differently.
    if isinstance(node, exp.Literal) and node.is_number and not node.is_int:
        return exp.cast(node.copy(), exp.DType.DOUBLE)
    # DIV(a - 1, 7) would become a - 1 // 7, which takes a seventh of 1 from a.
    if isinstance(node, exp.IntDiv):
        operands = (node.this.transform(_correct), node.expression.transform(_correct))
        return exp.Anonymous(this="DIVIDE", expressions=list(operands))
    # GoogleSQL counts no rows, or only NULLs, as 0; DuckDB's COUNT_IF as NULL.
    if isinstance(node, exp.CountIf):
        counted = node.this.transform(_correct)
        return exp.Count(this=exp.Case().when(counted, exp.Literal.number(1)))
    return node
