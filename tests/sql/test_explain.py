"""Where a number comes from, asked of a warehouse and of what it publishes."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.errors import SettingsInvalid
from paceline.warehouse.explain import Ask, Explained, Row, explain, find_mart, parse_key
from paceline.warehouse.transpile import to_duckdb
from tests.sql.landed import FIRST_DAY, TABLES, activity, metric, tables

EVERYTHING, PUBLISHED = ("marts", "strava", "silver"), ("marts", "strava")
MAY = str(FIRST_DAY + timedelta(days=4))


@pytest.fixture
def trained(warehouse: DuckDbWarehouse) -> DuckDbWarehouse:
    setting = {"athlete_id": 1, "name": "ftp_w", "version": 1, "op": "upsert", "source": "athlete"}
    speed = {"name": "threshold_speed_mps", "value": 4.0, "valid_from": FIRST_DAY}
    warehouse.append(
        tables(
            {
                "activities": [
                    *(activity(n, day=n, bronze_uri=f"bronze/{n}") for n in range(6)),
                    activity(40, day=4, bronze_uri="bronze/40"),
                ],
                "metrics": [metric(n) for n in range(6)],
                "settings": [
                    setting | {"value": 250.0, "valid_from": FIRST_DAY},
                    setting | {"value": 265.0, "valid_from": FIRST_DAY + timedelta(days=5)},
                    setting | speed,
                ],
            }
        )
    )
    assert warehouse.refresh().blocked == {}
    return warehouse


def asking(warehouse: DuckDbWarehouse) -> Ask:
    def ask(sql: str, parameters: Mapping[str, Any]) -> list[Row]:
        used = {name: value for name, value in parameters.items() if f"@{name}" in sql}
        return list(warehouse.query(sql, used).to_pylist())

    return ask


@pytest.fixture
def published(trained: DuckDbWarehouse, marts: Path) -> Iterator[Ask]:
    with duckdb.connect(marts, read_only=True) as connection:

        def ask(sql: str, parameters: Mapping[str, Any]) -> list[Row]:
            used = {name: value for name, value in parameters.items() if f"@{name}" in sql}
            found = connection.sql(to_duckdb(sql, TABLES), params=used or None)
            return list(found.to_arrow_table().to_pylist())

        yield ask


def explained(name: str, words: list[str], ask: Ask, layers: tuple[str, ...]) -> list[Explained]:
    mart = find_mart(name, TABLES)
    return explain(mart, parse_key(words, mart), TABLES, layers, ask)


def by_table(found: Explained) -> dict[str, int]:
    return {each.table: each.count for each in found.inputs}


def test_a_day_is_made_of_its_activities(trained: DuckDbWarehouse) -> None:
    (found,) = explained("daily", [MAY, "Run"], asking(trained), EVERYTHING)

    assert (found.row["activities"], found.row["distance_m"]) == (2, 2000.2)
    assert by_table(found)["silver.activities"] == 2
    assert [(row["activity_id"], row["version"], row["bronze_uri"]) for row in found.payloads] == [
        (4, 1, "bronze/4"),
        (40, 1, "bronze/40"),
    ]


def test_a_month_is_followed_to_its_days_and_their_activities(trained: DuckDbWarehouse) -> None:
    (found,) = explained("monthly", ["2024", "2", "Run"], asking(trained), EVERYTHING)

    days = next(each for each in found.inputs if each.table == "marts.daily_summary")
    assert (days.count, days.read_by) == (4, "marts.monthly_summary")
    assert by_table(found)["silver.activities"] == 5
    assert {row["activity_id"] for row in found.payloads} == {2, 3, 4, 5, 40}


def test_what_uses_settings_shows_those_of_its_day(trained: DuckDbWarehouse) -> None:
    (found,) = explained("activity_load", ["4"], asking(trained), EVERYTHING)

    assert [(row["name"], row["value"]) for row in found.settings] == [
        ("ftp_w", 250.0),
        ("rest_hr_bpm", 50.0),
        ("threshold_speed_mps", 4.0),
    ]
    assert {"silver.activities", "silver.metrics"} <= by_table(found).keys()
    assert found.unread == set()


def test_the_published_marts_alone_know_activities_versions_and_settings(published: Ask) -> None:
    (found,) = explained("activity_load", ["5"], published, PUBLISHED)

    assert (found.settings[0]["name"], found.settings[0]["value"]) == ("ftp_w", 265.0)
    assert by_table(found)["marts.activity_summary"] == 1
    assert [(row["activity_id"], row["version"]) for row in found.payloads] == [(5, 1)]
    assert "silver.metrics" in found.unread


def test_fitness_runs_over_every_day_so_far(trained: DuckDbWarehouse, published: Ask) -> None:
    for ask, layers in ((asking(trained), EVERYTHING), (published, PUBLISHED)):
        (found,) = explained("fitness", [MAY], ask, layers)

        assert found.span is not None
        assert (found.span.first, str(found.span.last), found.span.days) == (FIRST_DAY, MAY, 5)
        assert found.span.activities == 6
        (loads,) = ask(
            "SELECT SUM(l.load) AS load, COUNT(*) AS n FROM marts.activity_load AS l"
            " WHERE CAST(l.local_date AS STRING) <= @last",
            {"last": MAY},
        )
        assert loads["n"] == 6
        assert abs(found.span.load - loads["load"]) < 0.001
        assert found.span.load > 0
        assert by_table(found)["marts.activity_load"] == 2  # of the day itself


@pytest.mark.parametrize(
    ("window_days", "days", "activities"), [("1", 1, 2), ("7", 5, 6), ("28", 5, 6)]
)
def test_a_window_runs_over_its_days(
    trained: DuckDbWarehouse, window_days: str, days: int, activities: int
) -> None:
    (found,) = explained("rolling", [MAY, "all", window_days], asking(trained), EVERYTHING)

    assert found.span is not None
    assert (found.span.days, found.span.activities) == (days, activities)
    assert found.span.activities == found.row["activities"]
    assert round(found.span.load, 6) == found.row["load"]
    assert str(found.span.last) == MAY


def test_what_does_not_run_has_no_span(trained: DuckDbWarehouse) -> None:
    (found,) = explained("daily", [MAY, "Run"], asking(trained), EVERYTHING)

    assert found.span is None


def test_a_part_of_the_key_gives_every_row_that_has_it(trained: DuckDbWarehouse) -> None:
    found = explained("activity_summary", [f"local_date={MAY}"], asking(trained), EVERYTHING)

    assert [each.row["activity_id"] for each in found] == [4, 40]
    assert explained("daily", ["2030-01-01"], asking(trained), EVERYTHING) == []


def test_every_mart_can_be_explained(trained: DuckDbWarehouse, published: Ask) -> None:
    for table in TABLES.values():
        if table.layer == "marts":
            explain(table, {}, TABLES, EVERYTHING, asking(trained))
            explain(table, {}, TABLES, PUBLISHED, published)


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("happiness", [], "There is no mart happiness; there are activity_"),
        ("activity", [], "activity can be activity_"),
        ("daily_summary", ["2024-01-01", "Run", "7"], "7 is not a part of the key of marts.daily"),
        ("daily_summary", ["weather=good"], "weather=good is not a part of the key"),
    ],
)
def test_a_question_that_cannot_be_answered_is_named(
    name: str, words: list[str], said: str
) -> None:
    with pytest.raises(SettingsInvalid, match=said):
        parse_key(words, find_mart(name, TABLES))
