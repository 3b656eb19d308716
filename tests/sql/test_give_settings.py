"""From a word of the athlete to the settings that the marts are built with."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.model.bronze import Subject, parse_name, prefix_of
from paceline.model.given import Given, parse_given
from paceline.model.landed import Landed
from paceline.steps import load_silver
from paceline.steps.give_settings import Giving, give, history, holding
from paceline.steps.load_silver import Loading
from paceline.warehouse.tables import load_tables
from tests.builders import ATHLETE, NOW
from tests.unit.conftest import House

SQL = Path(__file__).parents[2] / "sql"
SCHEMAS = {name: table.arrow_schema() for name, table in load_tables(SQL).items()}
MARCH, MAY = date(2026, 3, 1), date(2026, 5, 1)
FOUND = (
    "SELECT value, valid_from, valid_until, source FROM silver.settings"
    " WHERE name = @name ORDER BY valid_from"
)


@pytest.fixture
def use(house: House) -> Giving:
    return Giving(house.lake, house.clock, house.ids)


@pytest.fixture
def warehouse(house: House, tmp_path: Path) -> Iterator[DuckDbWarehouse]:
    found = DuckDbWarehouse(tmp_path / "lake.duckdb", tmp_path / "m.duckdb", SQL, house.clock)
    yield found
    found.close()


def say(house: House, use: Giving, *given: Given) -> list[Landed]:
    house.clock.advance(1)
    give(ATHLETE, given, "paceline settings", use)
    return house.landed()


def load(house: House, warehouse: DuckDbWarehouse, *batch: Landed) -> list[str]:
    using = Loading(house.bronze, house.wire, warehouse, SCHEMAS, house.clock)
    return [outcome.name for outcome in load_silver.load(batch, using)]


def found(warehouse: DuckDbWarehouse, name: str = "ftp_w") -> list[tuple[object, ...]]:
    warehouse.refresh()
    return [tuple(row.values()) for row in warehouse.query(FOUND, {"name": name}).to_pylist()]


def test_a_setting_is_in_bronze_before_it_is_told(house: House, use: Giving) -> None:
    (landed,) = say(house, use, *parse_given("ftp=265", MARCH))

    assert list(house.bronze.names(f"settings/athlete_id={ATHLETE}/")) == [landed.bronze_name]
    at = NOW + timedelta(seconds=1)
    assert parse_name(landed.bronze_name) == ("settings", Subject(ATHLETE, 0, at))
    assert history(ATHLETE, use)[0].given == Given("ftp_w", MARCH, 265.0)
    assert history(ATHLETE, use)[0].at == at


def test_a_setting_holds_from_its_day_on(
    house: House, use: Giving, warehouse: DuckDbWarehouse
) -> None:
    said = [
        *say(house, use, *parse_given("ftp=250", MARCH)),
        *say(house, use, *parse_given("ftp=265", MAY)),
    ]

    assert load(house, warehouse, *said) == ["loaded", "loaded"]
    assert found(warehouse) == [
        (250.0, date(1900, 1, 1), MAY, "athlete"),
        (265.0, MAY, None, "athlete"),
    ]


def test_what_is_taken_back_is_gone_and_history_remembers(
    house: House, use: Giving, warehouse: DuckDbWarehouse
) -> None:
    said = [
        *say(house, use, *parse_given("ftp=250", MARCH)),
        *say(house, use, *parse_given("ftp=265", MAY)),
        *say(house, use, Given("ftp_w", MAY, None)),
    ]
    load(house, warehouse, *said)

    assert found(warehouse) == [(250.0, date(1900, 1, 1), None, "athlete")]
    assert holding(ATHLETE, use) == [Given("ftp_w", MARCH, 250.0)]
    assert [each.given.value for each in history(ATHLETE, use)] == [250.0, 265.0, None]


def test_zones_are_five_settings_of_one_day(
    house: House, use: Giving, warehouse: DuckDbWarehouse
) -> None:
    load(house, warehouse, *say(house, use, *parse_given("zones=120,140,155,170", MARCH)))

    assert found(warehouse, "heart_rate_zone_4_min") == [(155.0, date(1900, 1, 1), None, "athlete")]
    (published,) = warehouse.query("SELECT COUNT(*) AS n FROM marts.settings").to_pylist()
    assert published["n"] == 6  # and the resting heart rate, by default


def test_loading_the_bronze_objects_again_gives_the_same_settings(
    house: House, use: Giving, warehouse: DuckDbWarehouse, tmp_path: Path
) -> None:
    load(house, warehouse, *say(house, use, *parse_given("ftp=250", MARCH)))
    load(house, warehouse, *say(house, use, *parse_given("ftp=255", MARCH)))
    before = found(warehouse)
    again = []
    for name in house.bronze.names(prefix_of(ATHLETE, "settings")):
        kind, subject = parse_name(name)
        version = int((subject.asked_at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1))
        again.append(Landed("upsert", kind, ATHLETE, 0, version * 1_000_000, "trace", name))

    load(house, warehouse, *reversed(again))

    assert before == found(warehouse) == [(255.0, date(1900, 1, 1), None, "athlete")]


def test_settings_that_are_not_as_we_write_them_are_refused_and_counted(
    house: House, use: Giving, warehouse: DuckDbWarehouse
) -> None:
    name = f"{prefix_of(ATHLETE, 'settings')}20260301T000000000000Z-0123456789ab.json.gz"
    house.bronze.put(name, b"not gzip", {})
    landed = Landed("upsert", "settings", ATHLETE, 0, 1, "trace", name)

    assert load(house, warehouse, landed) == ["quarantined"]
