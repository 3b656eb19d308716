"""The order of the tables, and how their queries are kept to what was touched."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from paceline.warehouse.lint import SqlRefused
from paceline.warehouse.order import build_order
from paceline.warehouse.plan import Plan, compile_plan
from paceline.warehouse.restrict import restrict
from paceline.warehouse.source_text import references, replace_parameters
from paceline.warehouse.tables import Table, TableInvalid, load_tables

TABLES = load_tables(Path(__file__).parents[3] / "sql")


@cache
def our_plan() -> Plan:
    return compile_plan(TABLES)


def changed(name: str, **changes: object) -> dict[str, Table]:
    return {**TABLES, name: replace(TABLES[name], **changes)}  # type: ignore[arg-type]  # by field


def test_a_table_is_built_after_everything_it_reads() -> None:
    order = build_order(TABLES)
    for earlier, later in [
        ("touched.activities", "touched.days"),
        ("touched.days", "touched.months"),
        ("silver.activities", "marts.daily_summary"),
        ("silver.streams", "silver.points"),
        ("marts.daily_summary", "marts.monthly_summary"),
    ]:
        assert order.index(earlier) < order.index(later)


def test_what_is_read_before_it_is_rebuilt_comes_first() -> None:
    order = build_order(TABLES)
    assert order.index("touched.days") < order.index("silver.activities")


def test_the_order_is_always_the_same() -> None:
    backwards = dict(reversed(TABLES.items()))
    assert build_order(backwards) == build_order(TABLES)


def test_tables_that_wait_for_each_other_are_refused_by_name() -> None:
    query = (TABLES["silver.metrics"].query or "").replace("landing.metrics", "silver.streams")
    looped = changed("silver.metrics", query=query)
    streams = (TABLES["silver.streams"].query or "").replace("landing.streams", "silver.metrics")
    looped["silver.streams"] = replace(TABLES["silver.streams"], query=streams)
    with pytest.raises(TableInvalid, match=r"silver\.(metrics|streams) <- silver\.(streams|met)"):
        build_order(looped)


def test_without_reads_before_the_touched_days_would_wait_for_silver() -> None:
    reads_today = ("silver.today",)  # which waits for the touched days in any case
    order = build_order(changed("touched.days", reads_before=reads_today, kept_in=None))
    assert order.index("silver.activities") < order.index("touched.days")


@pytest.mark.parametrize("key", ["rebuilt_by", "kept_in"])
def test_a_name_in_metadata_must_be_a_table(key: str) -> None:
    with pytest.raises(TableInvalid, match=f"{key} names 'touched.dayz', which is not a table"):
        build_order(changed("marts.daily_summary", **{key: "touched.dayz"}))


def test_only_sources_with_the_touched_keys_are_restricted_and_the_text_stays() -> None:
    sql = "SELECT a.x -- silver.activities\nFROM silver.activities AS a, ops.watermarks"
    assert restrict(sql, TABLES["touched.days"], TABLES) == (
        "SELECT a.x -- silver.activities\nFROM (SELECT * FROM silver.activities AS src WHERE"
        " EXISTS (SELECT 1 FROM touched.days AS changed WHERE changed.athlete_id = src.athlete_id"
        " AND changed.local_date = src.local_date)) AS a, ops.watermarks"
    )


def test_a_source_without_a_name_of_its_own_keeps_the_one_it_had() -> None:
    restricted = restrict("SELECT * FROM silver.metrics", TABLES["touched.activities"], TABLES)
    assert str(restricted).endswith(") AS metrics")


def test_rows_from_a_day_on_are_rebuilt_and_a_table_goes_on_from_its_own_rows_before() -> None:
    sql = "SELECT * FROM marts.activity_load UNION ALL SELECT * FROM marts.fitness_daily AS own"
    touched = TABLES["touched.athletes_from"]
    row = "EXISTS (SELECT 1 FROM touched.athletes_from AS changed WHERE changed.athlete_id ="
    assert restrict(sql, touched, TABLES, own="marts.fitness_daily") == (
        f"SELECT * FROM (SELECT * FROM marts.activity_load AS src WHERE {row} src.athlete_id"
        " AND src.local_date >= changed.from_date)) AS activity_load UNION ALL"
        f" SELECT * FROM (SELECT * FROM marts.fitness_daily AS src WHERE {row} src.athlete_id"
        " AND src.local_date < changed.from_date)) AS own"
    )
    assert (
        restrict("SELECT * FROM marts.fitness_daily", touched, TABLES, "marts.fitness_daily")
        is None
    )


def test_a_table_that_is_built_from_nothing_has_no_rows_before() -> None:
    build = next(b for b in our_plan().builds if b.table.name == "marts.fitness_daily")
    assert "SELECT * FROM marts.fitness_daily AS src WHERE FALSE" in build.everything[1]
    assert "marts.fitness_daily" not in build.waits_for


def test_only_a_table_that_is_rebuilt_from_a_day_on_may_read_itself() -> None:
    itself = changed("marts.fitness_daily", rebuilt_by="touched.days")
    with pytest.raises(TableInvalid, match=r"marts\.fitness_daily <- marts\.fitness_daily"):
        build_order(itself)


def test_a_model_that_cannot_be_restricted_is_refused() -> None:
    columns = tuple(TABLES["ops.watermarks"].columns[:1])
    query = "SELECT name FROM ops.watermarks AS w"
    tables = changed("marts.daily_summary", columns=columns, key=("name",), query=query)
    tables.pop("marts.monthly_summary")
    with pytest.raises(TableInvalid, match=r"marts\.daily_summary: nothing that query.sql reads"):
        compile_plan(tables)


def test_names_in_strings_and_comments_are_not_tables() -> None:
    sql = "SELECT 'silver.metrics', \"silver.metrics\" /* silver.metrics */ FROM silver.metrics # x"
    assert [sql[r.start : r.end] for r in references(sql, TABLES)] == ["silver.metrics"]
    assert references(sql, TABLES)[0].start == sql.index("FROM") + 5


def test_parameters_are_replaced_and_strings_are_not() -> None:
    assert replace_parameters("SELECT @a, '@a', x", {"a": "1"}) == "SELECT 1, '@a', x"


def test_checks_of_ones_own_are_restricted_and_named() -> None:
    written = (
        "-- check: positive: a distance below zero is a unit mistake\n"
        "SELECT 1 FROM marts.daily_summary AS d WHERE d.distance_m < 0;\n"
    )
    plan = compile_plan(changed("marts.daily_summary", checks=written))
    build = next(b for b in plan.builds if b.table.name == "marts.daily_summary")
    assert str(build.checks[-1]) == "positive: a distance below zero is a unit mistake"
    assert "touched.days AS changed" in build.checks[-1].offending


def test_checks_without_a_name_are_refused() -> None:
    with pytest.raises(TableInvalid, match=r"checks\.sql must begin with '-- check:"):
        compile_plan(changed("marts.daily_summary", checks="SELECT 1"))


def test_the_signature_changes_with_the_sql() -> None:
    query = (TABLES["marts.daily_summary"].query or "").replace("), 3)", "), 2)")
    other = compile_plan(changed("marts.daily_summary", query=query))
    assert other.signature != our_plan().signature


def test_an_unknown_table_stops_the_compiler() -> None:
    query = (TABLES["silver.metrics"].query or "").replace("landing.metrics", "landing.metricz")
    with pytest.raises(SqlRefused, match=r"silver\.metrics: query.sql reads 'landing.metricz'"):
        compile_plan(changed("silver.metrics", query=query))
