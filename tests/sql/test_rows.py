"""Rows in, rows out: each case on DuckDB and on Google's reference evaluator, which must agree."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from paceline.warehouse.source_text import replace_tables
from paceline.warehouse.tables import Table, load_tables
from paceline.warehouse.transpile import duckdb_name, to_duckdb
from tests.sql.googlesql import evaluate
from tests.sql.rows import Row, as_arrow, as_cte, comparable

HERE = Path(__file__).parent
TABLES = load_tables(HERE.parents[1] / "sql")
CASES = sorted(HERE.glob("*/*/*.yaml"))


def case_id(path: Path) -> str:
    return str(path.relative_to(HERE).with_suffix(""))


@pytest.fixture(scope="module")
def duckdb_tables() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every table of the warehouse, empty."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table in TABLES.values():
            columns = ", ".join(f'"{c.name}" {c.type.duckdb()}' for c in table.columns)
            if table.kind != "temp":
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.layer}")
            temp = "TEMP" if table.kind == "temp" else ""
            connection.execute(f"CREATE {temp} TABLE {duckdb_name(table)} ({columns})")
        yield connection


@pytest.mark.parametrize("path", CASES, ids=case_id)
def test_both_engines_give_the_expected_rows(
    path: Path, duckdb_tables: duckdb.DuckDBPyConnection
) -> None:
    case = yaml.safe_load(path.read_text())
    table = TABLES[f"{path.parents[1].name}.{path.parent.name}"]
    given = {name: rows or [] for name, rows in case["given"].items()}
    expected = comparable(case["expect"], table)
    assert comparable(in_duckdb(table, given, duckdb_tables), table) == expected
    assert comparable(in_googlesql(table, given), table) == expected


def in_duckdb(
    table: Table, given: Mapping[str, list[Row]], connection: duckdb.DuckDBPyConnection
) -> list[dict[str, Any]]:
    connection.begin()
    try:
        for name, rows in given.items():
            connection.register("given_rows", as_arrow(rows, TABLES[name]))
            into = duckdb_name(TABLES[name])
            connection.execute(f"INSERT INTO {into} BY NAME SELECT * FROM given_rows")
        return list(
            connection.sql(to_duckdb(table.query or "", TABLES)).to_arrow_table().to_pylist()
        )
    finally:
        connection.rollback()


def in_googlesql(table: Table, given: Mapping[str, list[Row]]) -> list[dict[str, Any]]:
    def inlined(name: str) -> str:
        return f"given_{name.replace('.', '_')}"

    read: set[str] = set()

    def replacement(source: Any) -> str:
        read.add(source.table)
        return inlined(source.table) + (
            "" if source.aliased else f" AS {source.table.split('.')[1]}"
        )

    query = replace_tables(table.query or "", TABLES, replacement)
    ctes = ",\n".join(as_cte(given.get(name, []), TABLES[name], inlined(name)) for name in read)
    return evaluate(f"{f'WITH {ctes}' if ctes else ''} SELECT * FROM ({query})")


def test_every_table_that_is_built_has_cases() -> None:
    covered = {f"{path.parents[1].name}.{path.parent.name}" for path in CASES}
    assert {name for name, table in TABLES.items() if table.query} == covered
