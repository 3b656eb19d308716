"""The script for BigQuery, read by Google's own parser and analyser."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from paceline.warehouse.__main__ import main
from paceline.warehouse.bigquery import render_script, render_template
from paceline.warehouse.bigquery_tables import (
    bigquery_name,
    rename,
    render_tables,
    render_views,
    table_schemas,
)
from paceline.warehouse.column_types import parse_type
from paceline.warehouse.erasures import erasures
from paceline.warehouse.plan import compile_plan
from paceline.warehouse.tables import Column, Table, load_tables
from tests.sql.googlesql import Analyser, GoogleRefuses, pieces_of_script

TABLES = load_tables(Path(__file__).parents[2] / "sql")
TERRAFORM = Path(__file__).parents[2] / "terraform"
PREFIX = "lake_"
# Parameters of the statements that erase an activity, which the analyser takes for variables.
GIVEN = {
    "given_athlete_id": "INT64",
    "given_activity_id": "INT64",
    "given_version": "INT64",
    "given_failed_before": "TIMESTAMP",
}
VARIABLES = {
    "run_started_at": "TIMESTAMP",
    "newest_landed": "TIMESTAMP",
    "seen_until": "TIMESTAMP",
    "first_activity": "INT64",
    "last_activity": "INT64",
    "oldest_landed": "TIMESTAMP",
    "touched_count": "INT64",
    "failed_check": "STRING",
    "is_compared": "BOOL",
    "built_names": "ARRAY<STRING>",
    "blocked_names": "ARRAY<STRING>",
    "blocked_reasons": "ARRAY<STRING>",
    "drifted_names": "ARRAY<STRING>",
}
# What the weekly script remembers of the rows before it builds everything anew.
ROWS_BEFORE = Table(
    name="weekly.rows_before",
    description="What the tables held",
    grain="one row per table",
    kind="temp",
    columns=tuple(
        Column(name, parse_type(kind), required=True, description=name)
        for name, kind in (("table_name", "STRING"), ("row_count", "INT64"), ("hashed", "INT64"))
    ),
)


def analyser(tables: dict[str, Table]) -> Analyser:
    named = {bigquery_name(table, PREFIX): table for table in tables.values()}
    return Analyser(named | {"rows_before": ROWS_BEFORE}, VARIABLES | GIVEN)


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


@pytest.mark.parametrize("options", [{"full": True}, {"reports": True}])
def test_other_scripts_differ_only_in_statements_that_are_valid_too(
    google: Analyser, options: dict[str, bool]
) -> None:
    plan = compile_plan(TABLES)
    usual = set(map(dedent, pieces(render_script(plan, prefix=PREFIX))))
    other = set(map(dedent, pieces(render_script(plan, prefix=PREFIX, **options))))
    assert other - usual
    for piece in other - usual:
        google.analyse(piece)


def test_the_ddl_of_every_table_is_googlesql(google: Analyser) -> None:
    for statement in render_tables(TABLES, prefix=PREFIX):
        google.analyse(statement)


def test_what_erases_an_activity_is_googlesql_over_every_table_that_lands(
    google: Analyser,
) -> None:
    statements = [rename(each, TABLES, PREFIX) for each in erasures(TABLES.values())]
    erased = {each.split()[2] for each in statements}
    names = ("activities", "streams", "metrics")
    assert erased == {f"lake_landing.{name}" for name in names} | {"lake_ops.failed_events"}
    for statement in statements:
        google.analyse(re.sub("@([a-z_]+)", r"given_\1", statement))


def test_views_are_made_by_the_script_each_after_those_that_it_reads(google: Analyser) -> None:
    statements = render_views(TABLES, prefix=PREFIX)
    views = [statement.split()[4] for statement in statements]
    assert views.index("lake_ops.latency") < views.index("lake_marts.latency")
    assert "lake_silver.points" in views
    script = dedent(render_script(compile_plan(TABLES), prefix=PREFIX, full=True))
    for statement in statements:
        google.analyse(statement)
        assert dedent(statement) in script


def test_places_have_a_view_with_geography_that_is_googlesql_over_the_table(
    google: Analyser,
) -> None:
    (view,) = (v for v in render_views(TABLES, prefix=PREFIX) if "lake_marts.routes_geography" in v)
    google.analyse(view)
    assert "SAFE.ST_GEOGFROMTEXT(routes.line_wkt) AS line" in view
    with pytest.raises(GoogleRefuses, match="geo_wkt"):
        google.analyse(view.replace("line_wkt", "geo_wkt"))
    queries = "".join(table.query or "" for table in TABLES.values())
    assert re.search(r"\bST_", queries) is None


def test_every_table_and_every_column_has_its_description_in_the_schema() -> None:
    statements = [*render_tables(TABLES, prefix=PREFIX), *render_views(TABLES, prefix=PREFIX)]
    ddl = "\n\n".join(statements)
    for table in TABLES.values():
        if table.kind != "temp":
            start = ddl.index(f" {PREFIX}{table.name} (\n")
            block = ddl[start : ddl.index("\n)\n", start)]
            assert block.count("OPTIONS (description = '") == len(table.columns), table.name


def test_what_terraform_reads_is_fresh() -> None:
    told = "run `python -m paceline.warehouse {} > terraform/{}`"
    template = (TERRAFORM / "build_marts.sql").read_text()
    assert template == main(["--template"]), told.format("--template", "build_marts.sql")
    weekly = (TERRAFORM / "compare_marts.sql").read_text()
    assert weekly == main(["--template", "--full"]), told.format(
        "--template --full", "compare_marts.sql"
    )
    schemas = (TERRAFORM / "tables.json").read_text()
    assert schemas == main(["--schemas"]), told.format("--schemas", "tables.json")


def test_terraform_makes_the_script_of_its_template() -> None:
    plan = compile_plan(TABLES)
    template = render_template(plan)
    rendered = template.replace("$${", "\0").replace("${prefix}", PREFIX).replace("\0", "${")
    assert rendered.replace("%%{", "%{") == render_script(plan, prefix=PREFIX)
    assert re.findall(r"(?<!\$)\$\{(?!prefix\})|(?<!%)%\{", template) == []


def test_terraform_makes_the_tables_that_the_ddl_makes() -> None:
    schemas = table_schemas(TABLES)
    ddl = [each for each in render_tables(TABLES, prefix=PREFIX) if "CREATE TABLE" in each]
    assert [each.split()[5] for each in ddl] == [f"{PREFIX}{name}" for name in schemas]
    streams = schemas["silver.streams"]
    assert streams["primary_key"] == ["athlete_id", "activity_id", "chunk"]
    assert streams["range_partitioning"]["field"] == "activity_id"
    assert streams["clustering"] == ["athlete_id", "activity_id"]
    landed = schemas["landing.streams"]
    assert landed["time_partitioning"] == {"type": "DAY", "field": "ingested_at"}
    assert landed["primary_key"] == []  # a row may be there twice
    points = next(column for column in landed["schema"] if column["name"] == "points")
    assert (points["type"], points["mode"]) == ("RECORD", "REPEATED")
    assert points["fields"][0] == {"name": "index", "type": "INTEGER", "mode": "NULLABLE"}


def test_a_run_reads_only_the_parts_of_the_large_tables_that_hold_what_was_touched() -> None:
    script = render_script(compile_plan(TABLES), prefix=PREFIX)
    large = [table for table in TABLES.values() if table.partition_by and "streams" in table.name]
    assert [table.name for table in large] == ["landing.streams", "silver.streams"]
    builds = script[script.index("SET oldest_landed") :].partition("\n\n")[2]
    for table in large:
        within = {"ingested_at": ">= oldest_landed", "activity_id": "BETWEEN first_activity"}
        bound = f".{table.partition_by} {within[table.partition_by or '']}"
        # `other` only looks for keys: two narrow columns.
        named = re.findall(rf"{PREFIX}{table.name} AS (?!other)\w+ .*", builds)
        assert named
        assert all(bound in line for line in named), named


def test_google_refuses_a_column_that_there_is_not() -> None:
    table = TABLES["marts.daily_summary"]
    query = (table.query or "").replace("SUM(distance_m)", "SUM(distance_mm)")
    script = render_script(
        compile_plan({**TABLES, table.name: replace(table, query=query)}), prefix=PREFIX
    )
    broken = next(piece for piece in pieces(script) if "distance_mm" in piece)
    with pytest.raises(GoogleRefuses, match="Unrecognized name: distance_mm; Did you mean"):
        analyser(TABLES).analyse(broken)


def test_a_comment_at_the_end_of_a_query_takes_nothing_with_it() -> None:
    table = TABLES["marts.daily_summary"]
    commented = replace(table, query=f"{table.query}-- that was it")
    script = render_script(compile_plan({**TABLES, table.name: commented}), prefix=PREFIX)
    plain = render_script(compile_plan(TABLES), prefix=PREFIX)
    assert len(pieces(script)) == len(pieces(plain))


def test_a_script_that_does_not_parse_is_refused() -> None:
    script = render_script(compile_plan(TABLES)).replace("END IF;", "END;", 1)
    with pytest.raises(Exception, match="Syntax error"):
        pieces(script)


def test_no_variable_of_the_script_has_a_name_that_a_query_uses() -> None:
    declared = re.findall(r"^DECLARE (\w+)", render_script(compile_plan(TABLES)), re.MULTILINE)
    assert declared == [*VARIABLES]
    texts = " ".join(f"{table.query} {table.checks}" for table in TABLES.values())
    columns = {name for table in TABLES.values() for name in table.column_names}
    assert (set(re.findall(r"\w+", texts)) | columns).isdisjoint(declared)


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
    end = script[script.index("IF ARRAY_LENGTH(blocked_names) = 0 THEN") :]
    assert end.index("paceline_ops.watermarks") < end.index("ELSE") < end.index("RAISE")


def test_a_table_without_touched_keys_is_not_read() -> None:
    script = render_script(compile_plan(TABLES), prefix=PREFIX)
    streams = script[script.index("-- silver.streams") :]
    guard = "IF EXISTS (SELECT 1 FROM touched_activities) AND NOT 'silver.streams' IN"
    assert streams.index(guard) < streams.index("DELETE FROM lake_silver.streams")
    assert "IF EXISTS (SELECT 1 FROM touched_activities)" not in render_script(
        compile_plan(TABLES), full=True
    )


def test_the_script_refuses_tables_that_other_sql_built() -> None:
    plan = compile_plan(TABLES)

    assert "The tables were built by other SQL" in render_script(plan)
    assert "The tables were built by other SQL" not in render_script(plan, full=True)
