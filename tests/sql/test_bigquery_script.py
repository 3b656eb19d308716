"""The script for BigQuery, read by Google's own parser and analyser."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from paceline.warehouse.__main__ import main
from paceline.warehouse.bigquery import bigquery_name, render_script, render_tables
from paceline.warehouse.plan import compile_plan
from paceline.warehouse.tables import Table, load_tables
from tests.sql.googlesql import Analyser, GoogleRefuses, pieces_of_script

TABLES = load_tables(Path(__file__).parents[2] / "sql")
PREFIX = "lake_"
VARIABLES = {
    "started_at": "TIMESTAMP",
    "seen_until": "TIMESTAMP",
    "touched_count": "INT64",
    "built_count": "INT64",
    "blocked": "ARRAY<STRING>",
}


def analyser(tables: dict[str, Table]) -> Analyser:
    named = {bigquery_name(table, PREFIX): table for table in tables.values()}
    return Analyser(named, VARIABLES)


def pieces(script: str) -> list[str]:
    # A system variable of BigQuery, which the analyser has not got.
    return [piece.replace("@@error.message", "''") for piece in pieces_of_script(script)]


def dedent(piece: str) -> str:
    return re.sub(r"\n +", "\n", piece)


@pytest.fixture(scope="module")
def google() -> Analyser:
    return analyser(TABLES)


def test_every_statement_of_the_script_is_googlesql_over_our_tables(google: Analyser) -> None:
    found = pieces(render_script(compile_plan(TABLES), prefix=PREFIX))
    kinds = Counter(table.kind for table in TABLES.values())
    inserts = ("INSERT INTO lake_marts.", "INSERT INTO lake_silver.")
    assert sum(piece.startswith(inserts) for piece in found) == kinds["table"]
    assert sum(piece.startswith("CREATE TEMP TABLE touched_") for piece in found) == kinds["temp"]
    for piece in set(found):
        google.analyse(piece)


def test_the_full_script_differs_only_in_statements_that_are_valid_too(google: Analyser) -> None:
    plan = compile_plan(TABLES)
    usual = set(map(dedent, pieces(render_script(plan, prefix=PREFIX))))
    full = set(map(dedent, pieces(render_script(plan, prefix=PREFIX, full=True))))
    # A DELETE and an INSERT a table, and a new watermark.
    assert len(full - usual) == 2 * len(plan.builds) + 1
    for piece in full - usual:
        google.analyse(piece)


def test_the_ddl_of_every_table_is_googlesql(google: Analyser) -> None:
    statements = render_tables(TABLES, prefix=PREFIX)
    views = [s.split()[4] for s in statements if s.startswith("CREATE OR REPLACE VIEW")]
    assert views.index("lake_ops.latency") < views.index("lake_marts.latency")
    assert "lake_silver.points" in views
    for statement in statements:
        google.analyse(statement)


def test_every_table_and_every_column_has_its_description_in_the_schema() -> None:
    ddl = "\n\n".join(render_tables(TABLES, prefix=PREFIX))
    for table in TABLES.values():
        if table.kind != "temp":
            start = ddl.index(f" {PREFIX}{table.name} (\n")
            block = ddl[start : ddl.index("\n)\n", start)]
            assert block.count("OPTIONS (description = '") == len(table.columns), table.name


def test_google_refuses_a_column_that_there_is_not() -> None:
    table = TABLES["marts.daily_summary"]
    query = (table.query or "").replace("SUM(distance_m)", "SUM(distance_mm)")
    script = render_script(
        compile_plan({**TABLES, table.name: replace(table, query=query)}), prefix=PREFIX
    )
    broken = next(piece for piece in pieces(script) if "distance_mm" in piece)
    with pytest.raises(GoogleRefuses, match="Unrecognized name: distance_mm; Did you mean"):
        analyser(TABLES).analyse(broken)


def test_a_script_that_does_not_parse_is_refused() -> None:
    script = render_script(compile_plan(TABLES)).replace("END IF;", "END;", 1)
    with pytest.raises(Exception, match="Syntax error"):
        pieces(script)


def test_the_command_prints_the_script_and_nothing_else() -> None:
    assert main([]) == render_script(compile_plan(TABLES))
    assert main(["--prefix", PREFIX, "--full"]) == render_script(
        compile_plan(TABLES), prefix=PREFIX, full=True
    )
    assert main(["--tables"]).startswith("CREATE SCHEMA IF NOT EXISTS paceline_landing;")


def test_a_blocked_table_blocks_its_readers_and_the_watermark() -> None:
    script = render_script(compile_plan(TABLES))
    daily = script[script.index("-- marts.daily_summary") :]
    assert "WHERE name IN ('silver.activities')" in daily[:300]
    end = script[script.index("IF ARRAY_LENGTH(blocked) = 0 THEN") :]
    assert end.index("paceline_ops.watermarks") < end.index("ELSE") < end.index("RAISE")


def test_a_table_without_touched_keys_is_not_read() -> None:
    script = render_script(compile_plan(TABLES), prefix=PREFIX)
    streams = script[script.index("-- silver.streams") :]
    guard = "IF EXISTS (SELECT 1 FROM touched_activities) THEN"
    assert streams.index(guard) < streams.index("DELETE FROM lake_silver.streams")
    assert "touched_activities) THEN" not in render_script(compile_plan(TABLES), full=True)


def test_the_script_refuses_tables_that_other_sql_built() -> None:
    plan = compile_plan(TABLES)

    assert f"!= '{plan.signature}' THEN" in render_script(plan)
    assert f"!= '{plan.signature}' THEN" not in render_script(plan, full=True)
