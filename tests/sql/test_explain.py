"""Where a number comes from, asked of a warehouse and of what it publishes."""

from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.duckdb_reader import EVERYTHING, PUBLISHED, open_marts
from paceline.adapters.local.manual import ManualClock
from paceline.errors import SettingsInvalid
from paceline.ports import Reader
from paceline.warehouse.explain import (
    MOST_ROWS,
    STAND_INS,
    explain,
    find_column,
    find_mart,
    parse_key,
)
from paceline.warehouse.explained import Explained
from paceline.warehouse.tables import Table
from tests.sql.landed import FIRST_DAY, SQL, TABLES, tables
from tests.sql.trained import fill

MAY = str(FIRST_DAY + timedelta(days=4))


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lake") / "marts.duckdb"


@pytest.fixture(scope="module")
def trained(marts: Path) -> Iterator[DuckDbWarehouse]:
    """Six days of runs and thirty of rides, which the tests read."""
    clock = ManualClock(datetime(2024, 6, 1, 6, 0, tzinfo=UTC))
    with closing(DuckDbWarehouse(marts.with_name("lake"), marts, SQL, clock)) as warehouse:
        fill(warehouse)
        yield warehouse


@pytest.fixture
def published(trained: DuckDbWarehouse, marts: Path) -> Iterator[Reader]:
    with open_marts(marts, SQL) as reader:
        yield reader


def explained(
    name: str, words: list[str], reader: Reader, layers: Collection[str]
) -> list[Explained]:
    mart = find_mart(name, TABLES)
    return explain(mart, parse_key(words, mart), TABLES, layers, reader)


def by_table(found: Explained) -> dict[str, int]:
    return {each.table: each.count for each in found.inputs}


def test_a_day_is_made_of_its_activities(trained: DuckDbWarehouse) -> None:
    (found,) = explained("daily", [MAY, "Run"], trained, EVERYTHING)

    assert (found.row["activities"], found.row["distance_m"]) == (2, 2000.2)
    assert by_table(found)["silver.activities"] == 2
    assert found.payloads == [
        {
            "athlete_id": 1,
            "activity_id": number,
            "of": "activity",
            "version": 1,
            "bronze_uri": f"bronze/{number}",
        }
        for number in (4, 40)
    ]
    told = {each["column"]: each for each in found.values}
    assert told["distance_m"]["value"] == 2000.2
    assert told["distance_m"]["formula"].startswith("sum of distance_m")


def test_a_month_is_followed_to_its_days_and_their_activities(trained: DuckDbWarehouse) -> None:
    (found,) = explained("monthly", ["2024", "2", "Run"], trained, EVERYTHING)

    days = next(each for each in found.inputs if each.table == "marts.daily_summary")
    assert (days.count, days.read_by) == (4, "marts.monthly_summary")
    assert by_table(found)["silver.activities"] == 5
    assert {row["activity_id"] for row in found.payloads} == {2, 3, 4, 5, 40}


@pytest.mark.parametrize(
    ("activity_id", "names"),
    [
        ("5", ["threshold_speed_mps"]),
        ("106", ["ftp_w", "max_hr_bpm", "rest_hr_bpm", "threshold_hr_bpm"]),
    ],
)
def test_of_the_settings_of_its_day_those_are_shown_that_it_is_computed_with(
    trained: DuckDbWarehouse, published: Reader, activity_id: str, names: list[str]
) -> None:
    for reader, layers in ((trained, EVERYTHING), (published, PUBLISHED)):
        (found,) = explained("activity_load", [activity_id], reader, layers)

        assert sorted(row["name"] for row in found.settings) == names
        assert found.row["load_source"] == ("tss" if "ftp_w" in names else "rtss")


def test_one_number_alone_has_its_own_settings(trained: DuckDbWarehouse) -> None:
    mart = find_mart("activity_load", TABLES)
    key = parse_key(["106"], mart)
    (found,) = explain(mart, key, TABLES, EVERYTHING, trained, find_column("tss", mart))

    (told,) = found.values
    assert told["column"] == "tss"
    assert "intensity_factor^2 x 100" in told["formula"]
    assert [(row["name"], row["value"]) for row in found.settings] == [("ftp_w", 250.0)]
    with pytest.raises(SettingsInvalid, match="has no column happiness; it has athlete_id"):
        find_column("happiness", mart)


def test_a_running_measure_shows_the_settings_of_all_its_days(trained: DuckDbWarehouse) -> None:
    day = str(FIRST_DAY + timedelta(days=12))
    (found,) = explained("fitness", [day], trained, EVERYTHING)

    assert [(row["name"], row["value"]) for row in found.settings] == [
        ("ftp_w", 250.0),
        ("ftp_w", 265.0),
        ("threshold_speed_mps", 4.0),
    ]
    (weekly, *_) = explained("zones_weekly", ["2024-02-05", "ride", "power"], trained, EVERYTHING)
    assert [(row["name"], row["value"]) for row in weekly.settings] == [
        ("ftp_w", 250.0),
        ("ftp_w", 265.0),
    ]


def test_the_published_marts_alone_know_activities_versions_bronze_and_settings(
    published: Reader,
) -> None:
    (found,) = explained("activity_load", ["110"], published, PUBLISHED)

    assert (found.settings[0]["name"], found.settings[0]["value"]) == ("ftp_w", 265.0)
    assert by_table(found)["marts.activity_summary"] == 1
    assert [(row["of"], row["activity_id"], row["bronze_uri"]) for row in found.payloads] == [
        ("activity", 110, "bronze/110"),
        ("streams", 110, "bronze/streams/110"),
    ]
    assert "silver.metrics" in found.unread


def test_fitness_runs_over_every_day_so_far(trained: DuckDbWarehouse, published: Reader) -> None:
    for reader, layers in ((trained, EVERYTHING), (published, PUBLISHED)):
        (found,) = explained("fitness", [MAY], reader, layers)

        assert found.span is not None
        assert (found.span.first, str(found.span.last), found.span.days) == (FIRST_DAY, MAY, 5)
        assert found.span.activities == 6
        (loads,) = reader.query(
            "SELECT SUM(l.load) AS load, COUNT(*) AS n FROM marts.activity_load AS l"
            " WHERE CAST(l.local_date AS STRING) <= @last",
            {"last": MAY},
        ).to_pylist()
        assert loads["n"] == 6
        assert abs(found.span.load - loads["load"]) < 0.001
        assert found.span.load > 0
        assert by_table(found)["marts.activity_load"] == 6
        assert [row["activity_id"] for row in found.payloads] == [4, 40, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("window_days", "days", "activities"), [("1", 1, 2), ("7", 5, 6), ("28", 5, 6)]
)
def test_a_window_runs_over_its_days(
    trained: DuckDbWarehouse, window_days: str, days: int, activities: int
) -> None:
    (found,) = explained("rolling", [MAY, "all", window_days], trained, EVERYTHING)

    assert found.span is not None
    assert (found.span.days, found.span.activities) == (days, activities)
    assert found.span.activities == found.row["activities"]
    assert round(found.span.load, 6) == found.row["load"]
    assert str(found.span.last) == MAY
    assert by_table(found)["marts.activity_load"] == activities
    assert len(found.payloads) == found.activities == activities


def test_of_many_activities_the_newest_are_listed_and_all_are_counted(
    trained: DuckDbWarehouse, published: Reader
) -> None:
    for reader, layers in ((trained, EVERYTHING), (published, PUBLISHED)):
        for unit, words in (("km", "eddington ride km"), ("days", "streaks ride days")):
            name, *key = words.split()
            (found,) = explained(name, key, reader, layers)

            assert found.row["unit"] == unit
            assert found.activities == 30
            listed = [row["activity_id"] for row in found.payloads]
            assert listed == list(range(135, 135 - MOST_ROWS, -1))


def test_what_does_not_run_has_no_span(trained: DuckDbWarehouse) -> None:
    (found,) = explained("daily", [MAY, "Run"], trained, EVERYTHING)

    assert found.span is None


def test_a_part_of_the_key_gives_every_row_that_has_it(trained: DuckDbWarehouse) -> None:
    found = explained("activity_summary", [f"local_date={MAY}"], trained, EVERYTHING)

    assert [each.row["activity_id"] for each in found] == [4, 40]
    assert explained("daily", ["2030-01-01"], trained, EVERYTHING) == []


# About the machinery, or written in the SQL itself.
OF_NO_ACTIVITY = {
    f"marts.{name}" for name in ("failed_payloads", "failures", "freshness", "sports")
}
OF_NO_ACTIVITY |= {"marts.latency", "marts.settings"}
# How often it was ridden through is known cell by cell, and those are not published.
SILVER_ONLY = {"marts.heat_cells"}
# Here `activities` are those of the day; the measures are of all days so far.
OF_MORE_DAYS = {"marts.fitness_daily"}
OF_ACTIVITIES = sorted(
    name for name, t in TABLES.items() if t.layer == "marts" and name not in OF_NO_ACTIVITY
)


def some_keys(mart: Table, reader: Reader) -> list[dict[str, str]]:
    """Of rows that are made of something, as somebody would write them."""
    made = "m.activities > 0" if "activities" in mart.column_names else "TRUE"
    texts = ", ".join(f"CAST(m.{name} AS STRING) AS {name}" for name in mart.key)
    order = ", ".join(f"m.{name}" for name in mart.key)
    sql = f"SELECT {texts} FROM {mart.name} AS m WHERE {made} ORDER BY {order}"
    found = reader.query(sql).to_pylist()
    return [found[place] for place in sorted({0, len(found) // 2, len(found) - 1})]


@pytest.mark.parametrize("name", OF_ACTIVITIES)
def test_a_number_of_every_mart_leads_to_the_bytes_that_it_was_read_from(
    name: str, trained: DuckDbWarehouse, published: Reader
) -> None:
    mart = TABLES[name]
    for reader, layers in ((trained, EVERYTHING), (published, PUBLISHED)):
        for key in some_keys(mart, reader):
            (found,) = explain(mart, key, TABLES, layers, reader)

            if layers is PUBLISHED and name in SILVER_ONLY:
                assert (found.payloads, "silver.activity_cells" in found.unread) == ([], True)
                continue
            stands_in = layers is PUBLISHED and name in STAND_INS.values()  # for all it reads
            assert stands_in or any(each.rows for each in found.inputs), key
            assert found.payloads, key
            assert all(row["bronze_uri"] for row in found.payloads), key
            if "activities" in mart.column_names and name not in OF_MORE_DAYS:
                assert found.activities == found.row["activities"], key


def test_a_setting_leads_to_what_said_so(warehouse: DuckDbWarehouse) -> None:
    said = {"athlete_id": 1, "name": "ftp_w", "version": 7, "op": "upsert", "source": "athlete"}
    said |= {"value": 250.0, "valid_from": FIRST_DAY, "bronze_uri": "bronze/settings"}
    warehouse.append(tables({"settings": [said]}))
    warehouse.refresh()
    (found,) = explained("settings", ["ftp_w"], warehouse, EVERYTHING)

    assert [(row["of"], row["version"], row["bronze_uri"]) for row in found.payloads] == [
        ("settings", 7, "bronze/settings")
    ]


@pytest.mark.parametrize("name", sorted(OF_NO_ACTIVITY))
def test_what_is_of_no_activity_can_be_asked_for_as_well(
    name: str, trained: DuckDbWarehouse, published: Reader
) -> None:
    for reader, layers in ((trained, EVERYTHING), (published, PUBLISHED)):
        for found in explain(TABLES[name], {}, TABLES, layers, reader):
            assert found.activities == 0


def test_a_record_is_found_indoors_and_outdoors(trained: DuckDbWarehouse) -> None:
    key = ["run", "false", "best_effort"]
    for word in ("false", "False"):
        (found,) = explained("records", [key[0], word, key[2]], trained, EVERYTHING)
        assert found.row["activity_id"] == 5
        assert by_table(found)["marts.record_history"] == 1
        assert by_table(found)["silver.grouped_activities"] == 1
    assert explained("records", ["run", "true", "best_effort"], trained, EVERYTHING) == []


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
