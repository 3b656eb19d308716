"""Each trap of the dialects is refused, with what to write instead."""

from dataclasses import replace
from pathlib import Path

import pytest

from paceline.warehouse.lint import SqlRefused, lint, parse_query
from paceline.warehouse.plan import compile_plan
from paceline.warehouse.tables import load_tables

TABLES = load_tables(Path(__file__).parents[3] / "sql")
FROM = "FROM silver.activities AS a"


@pytest.mark.parametrize(
    ("expression", "construct", "instead"),
    [
        ("ARRAY_AGG(name ORDER BY name LIMIT 3)", "ARRAY_AGG(... LIMIT n)", "ROW_NUMBER"),
        ("ARRAY_AGG(name)", "in no order", "ORDER BY"),
        ("STRING_AGG(name, ',')", "in no order", "ORDER BY"),
        ("ARRAY(SELECT l.name FROM UNNEST(laps) AS l)", "ARRAY(SELECT ...)", "ARRAY_AGG"),
        ("EXTRACT(DAYOFWEEK FROM local_date)", "EXTRACT of DAYOFWEEK", "in Python"),
        ("EXTRACT(WEEK FROM local_date)", "EXTRACT of DAYOFWEEK, a week", "in Python"),
        ("EXTRACT(WEEK(MONDAY) FROM local_date)", "a week", "in Python"),
        ("EXTRACT(ISOWEEK FROM local_date)", "a week", "in Python"),
        ("EXTRACT(ISOYEAR FROM local_date)", "a week", "in Python"),
        ("EXTRACT(DATE FROM started_at)", "DATE", "local_date"),
        ("DATETIME(started_at, 'Europe/Berlin')", "DATETIME(timestamp, zone)", "started_local"),
        ("SAFE.LN(distance_m)", "SAFE.<function>", "SAFE_DIVIDE"),
        ("FARM_FINGERPRINT(name)", "FARM_FINGERPRINT", "in Python"),
        ("RANGE_BUCKET(distance_m, [1.0, 2.0])", "RANGE_BUCKET", "CASE WHEN"),
        ("ST_GEOGPOINT(start_lng, start_lat)", "ST_", "latitude"),
        ("IEEE_DIVIDE(distance_m, moving_time_s)", "IEEE_DIVIDE", "SAFE_DIVIDE"),
        ("CAST(distance_m AS INT64)", "AS INT64", "ROUND"),
        ("SAFE_CAST(distance_m AS INT64)", "AS INT64", "ROUND"),
        ("distance_m / moving_time_s", "division", "SAFE_DIVIDE"),
        ("distance_m / 0", "division", "SAFE_DIVIDE"),
        ("distance_m / (moving_time_s)", "division", "SAFE_DIVIDE"),
        ("DATE_TRUNC(local_date, MONTH)", "DATE_TRUNC", "AS DATE"),
        ("DATE_SUB(local_date, INTERVAL 1 DAY)", "DATE_SUB", "AS DATE"),
        ("DATE_ADD(local_date, INTERVAL 1 DAY)", "DATE_ADD", "AS DATE"),
        ("local_date - INTERVAL 1 DAY", "INTERVAL", "AS DATE"),
        ("TIMESTAMP_DIFF(started_at, started_at, HOUR)", "TIMESTAMP_DIFF", "UNIX_SECONDS"),
    ],
)
def test_a_trap_is_refused(expression: str, construct: str, instead: str) -> None:
    with pytest.raises(SqlRefused) as refused:
        parse_query(f"SELECT {expression} AS x {FROM}", "marts.x: query.sql", TABLES)
    message = str(refused.value)
    assert message.startswith("marts.x: query.sql uses ")
    problem, advice = message.split("; write ")
    assert construct in problem
    assert instead in advice


def test_unnest_with_offset_is_refused() -> None:
    sql = f"SELECT place {FROM} CROSS JOIN UNNEST(a.laps) AS lap WITH OFFSET AS place"
    with pytest.raises(SqlRefused, match=r"WITH OFFSET.*lap_index"):
        parse_query(sql, "the query", TABLES)


@pytest.mark.parametrize(
    "expression",
    [
        "ARRAY_AGG(name ORDER BY name)",
        "STRING_AGG(name, ',' ORDER BY name)",
        "EXTRACT(YEAR FROM local_date)",
        "CAST(ROUND(distance_m) AS INT64)",
        "CAST(DATE_TRUNC(local_date, MONTH) AS DATE)",
        "CAST(DATE_SUB(local_date, INTERVAL 1 DAY) AS DATE)",
        "distance_m / 1000",
        "distance_m / -3.5",
        "SAFE_DIVIDE(distance_m, moving_time_s)",
        "DATE(started_at, 'Europe/Berlin')",
    ],
)
def test_what_means_the_same_everywhere_passes(expression: str) -> None:
    parsed = parse_query(f"SELECT {expression} AS x {FROM}", "the query", TABLES)

    assert parsed.named_selects == ["x"]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DELETE FROM silver.activities WHERE TRUE", "one SELECT"),
        ("SELECT 1; SELECT 2", "one SELECT"),
        ("SELECT FROM WHERE", "not GoogleSQL"),
        ("SELECT 1 FROM silver.activity", "'silver.activity', which is not one of the tables"),
        ("SELECT 1 FROM activities", "'activities', which is not one of the tables"),
        ("SELECT 1 FROM `silver.activities`", "plainly"),
        ("SELECT 1 FROM silver . activities", "plainly"),
        (
            "SELECT silver.activities FROM marts.daily_summary AS silver",
            "an alias like a layer",
        ),
    ],
)
def test_a_query_is_one_select_that_names_tables_plainly(sql: str, why: str) -> None:
    with pytest.raises(SqlRefused, match=why):
        parse_query(sql, "the query", TABLES)


def test_a_query_selects_the_columns_of_its_metadata_in_order() -> None:
    months = TABLES["touched.months"]
    swapped = (months.query or "").replace("AS year", "AS y").replace("AS month", "AS year")
    with pytest.raises(SqlRefused, match=r"touched.months: query.sql selects 'y' where .*'year'"):
        lint(replace(months, query=swapped), TABLES)
    short = (months.query or "").replace(",\n  EXTRACT(MONTH FROM local_date) AS month", "")
    with pytest.raises(SqlRefused, match=r"selects 2 columns, and metadata.yaml has 3"):
        lint(replace(months, query=short), TABLES)


def test_a_trap_in_any_model_stops_the_compiler() -> None:
    daily = TABLES["marts.daily_summary"]
    query = (daily.query or "").replace("distance_m / 1000", "distance_m / activities")
    with pytest.raises(SqlRefused, match=r"marts\.daily_summary: query.sql uses a division"):
        compile_plan({**TABLES, daily.name: replace(daily, query=query)})
