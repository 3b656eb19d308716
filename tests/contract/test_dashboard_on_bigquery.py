"""The dashboard over BigQuery: the answers of the file, in the environment that it is given."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard import bigquery as reader
from dashboard import history
from dashboard.history import Grain, Selection
from dashboard.marts import Marts, MartsUnavailableError, Place, identity_of, open_marts, place_of
from dashboard.period import ALL_TIME, Period
from paceline.adapters.gcp.bigquery import BigQueryWarehouse
from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.manual import ManualClock
from paceline.cli.emulators.bigquery import PROJECT
from tests.bigquery import LAKE, few_tables, stand_in, warehouse_on
from tests.builders import NOW
from tests.deploy import hcl
from tests.sql.landed import activity, tables

SPORTS = ("Run", "TrailRun", "Ride", "Chess")
ROWS = [
    activity(number, day=number * 9, sport_type=SPORTS[number % 4], distance_m=1_000.0 * number)
    for number in range(1, 9)
]
# What dashboard.tf gives: a literal as it is, a reference by what it comes to here.
GIVEN = {"${var.project}": PROJECT, "${local.dataset_prefix}": LAKE}


def environment() -> dict[str, str]:
    (service,) = hcl.resources("google_cloud_run_v2_service")
    (template,) = service.body["template"]
    (container,) = template["containers"]
    return {each["name"]: GIVEN.get(each["value"], each["value"]) for each in container["env"]}


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return few_tables(tmp_path_factory.mktemp("few") / "sql")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, sql: Path) -> Iterator[BigQueryWarehouse]:
    """Its marts are built."""
    folder = tmp_path_factory.mktemp("bigquery")
    with stand_in(folder), warehouse_on(sql, ManualClock(NOW)) as warehouse:
        warehouse.create_tables()
        warehouse.append(tables({"activities": ROWS}))
        assert warehouse.refresh().blocked == {}
        yield warehouse
        reader.lake.cache_clear()


@pytest.fixture
def in_the_cloud(lake: BigQueryWarehouse, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name in ("PACELINE_MARTS", "PACELINE_RUNTIME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    place = place_of(environment())
    assert not isinstance(place, Path)
    return place


@pytest.fixture
def on_a_laptop(sql: Path, tmp_path: Path) -> Path:
    marts = tmp_path / "marts.duckdb"
    lake = DuckDbWarehouse(tmp_path / "lake.duckdb", marts, sql, ManualClock(NOW))
    with closing(lake) as warehouse:
        warehouse.append(tables({"activities": ROWS}))
        assert warehouse.refresh().blocked == {}
    return marts


def asked(marts: Marts) -> list[Any]:
    """Every question that a page has."""
    selections = [
        Selection(1, SPORTS, ALL_TIME),
        Selection(1, ("Run", "Ride"), Period(date(2024, 2, 10), date(2024, 3, 31))),
        Selection(2, SPORTS, ALL_TIME),
    ]
    return [
        sorted(history.holdings(marts), key=lambda each: (each.year, each.sport_type)),
        history.reached(marts, 1),
        history.reached(marts, 2),
        *(history.totals(marts, each) for each in selections),
        *(history.days(marts, each) for each in selections),
        *(history.bars(marts, each, grain) for each in selections for grain in Grain),
        *(history.latest(marts, each, 3) for each in selections),
    ]


def test_bigquery_answers_as_the_file_does(in_the_cloud: Place, on_a_laptop: Path) -> None:
    assert identity_of(in_the_cloud) is not None
    with open_marts(in_the_cloud) as there, open_marts(on_a_laptop) as here:
        assert asked(there) == asked(here)
        assert history.refreshed_at(there) is not None


def test_the_page_shows_rows_in_the_environment_that_terraform_gives_it(
    in_the_cloud: Place,
) -> None:
    entry = Path(dashboard.__file__).with_name("app.py")
    page = AppTest.from_file(entry, default_timeout=60).run()
    assert not page.exception
    text = "\n".join(str(one.proto.body) for one in page.get("html"))
    assert f"{len(ROWS)} activities" in text
    assert "8.0<small>km" not in text  # a distance of one; the total is of all
    assert "36.0<small>km</small>" in text


def test_what_is_asked_again_is_answered_from_memory_until_the_marts_change(
    in_the_cloud: Place, lake: BigQueryWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = "SELECT COUNT(*) FROM marts.activity_summary WHERE athlete_id = $athlete"
    name = f"{LAKE}marts.activity_summary"
    before = identity_of(in_the_cloud)
    with open_marts(in_the_cloud) as marts:
        assert marts.rows(sql, {"athlete": 1}) == [(8,)]
        lake._client.query(
            f"DELETE FROM {LAKE}marts.activity_summary WHERE activity_id = 8"
        ).result()
        assert marts.rows(sql, {"athlete": 1}) == [(8,)]
    assert identity_of(in_the_cloud) == before  # it looked a moment ago

    # The stand-in dates a table by its description alone.
    table = lake._client.get_table(f"{PROJECT}.{name}")
    table.description = "changed"
    lake._client.update_table(table, ["description"])
    monkeypatch.setattr(reader, "LOOK_EVERY_S", 0)
    assert identity_of(in_the_cloud) != before
    with open_marts(in_the_cloud) as marts:
        assert marts.rows(sql, {"athlete": 1}) == [(7,)]


def test_marts_that_are_not_there_yet_are_said_to_be_on_their_way(
    lake: BigQueryWarehouse,
) -> None:
    place = reader.Lake(PROJECT, "other_")
    assert identity_of(place) is None
    with open_marts(place) as marts, pytest.raises(MartsUnavailableError) as told:
        history.holdings(marts)
    assert told.value.title == "The marts are being built"


@pytest.mark.parametrize("missing", ["PACELINE_PROJECT", "PACELINE_DATASET_PREFIX"])
def test_a_setting_that_is_missing_is_named(missing: str) -> None:
    given = {name: value for name, value in environment().items() if name != missing}
    with pytest.raises(MartsUnavailableError, match=missing):
        place_of(given)
