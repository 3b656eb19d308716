"""What is of no one activity, from Strava's bytes to the tables and marts of a real warehouse."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.model.bronze import BronzeObject, Kind
from paceline.model.landed import Landed
from paceline.steps import fetch_activity, load_silver, reconcile
from paceline.steps.load_silver import Loading
from paceline.warehouse.tables import load_tables
from tests.builders import ATHLETE, NOW, as_bytes, detail, message, streams
from tests.unit.conftest import House

SQL = Path(__file__).parents[2] / "sql"
TABLES = load_tables(SQL)
SCHEMAS = {name: table.arrow_schema() for name, table in TABLES.items()}

PERSON = {
    "username": "ada_l",
    "firstname": "Adelheid",
    "lastname": "Lovelace-Byron",
    "bio": "rides before breakfast",
    "city": "Kreuzberg",
    "country": "Deutschland",
    "profile": "https://pictures.example/large.jpg",
}
PROFILE = {
    **PERSON,
    "id": ATHLETE,
    "resource_state": 3,
    "sex": "F",
    "premium": True,
    "measurement_preference": "meters",
    "weight": 61.5,
    "ftp": 240,
    "clubs": [{"id": 1, "name": "Kreuzberg Wheelers"}],
    "bikes": [{"id": "b1", "name": "Grey"}],
    "shoes": [],
}
ZONES = {
    "heart_rate": {
        "custom_zones": True,
        "zones": [{"min": 0, "max": 120}, {"min": 120, "max": -1}],
    },
    "power": {"zones": [{"min": 0, "max": 132}, {"min": 133, "max": -1}]},
}
RANGES = [{"low": 0, "high": 120}, {"low": 120, "high": None}]
GEAR = {
    "id": "b1",
    "primary": True,
    "name": "Grey",
    "nickname": None,
    "retired": False,
    "distance": 1_234_567,
    "brand_name": "Make",
    "model_name": "Two",
    "description": "a present of Charles",
}
STATS = {
    "biggest_ride_distance": None,
    "all_ride_totals": {"count": 12, "distance": 400_000, "moving_time": 50_000},
    "all_run_totals": {"count": 3.0, "distance": 31_000.5, "moving_time": 9_000.0},
    "all_swim_totals": {"count": 0, "distance": 0, "moving_time": 0},
}


@dataclass
class Home:
    """load_silver over a warehouse in a file."""

    house: House
    warehouse: DuckDbWarehouse
    marts: Path

    def put(self, kind: Kind, body: Any, at: datetime = NOW, activity_id: int = 0) -> Landed:
        item = BronzeObject(kind, ATHLETE, activity_id, at, as_bytes(body), "GET /", 200)
        self.house.bronze.put(item.name(), item.packed(), item.metadata())
        return Landed("upsert", kind, ATHLETE, activity_id, item.version, "trace", item.name())

    def load(self, *batch: Landed) -> list[str]:
        house = self.house
        use = Loading(house.bronze, house.wire, self.warehouse, SCHEMAS, house.clock)
        return [outcome.name for outcome in load_silver.load(batch, use)]

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return list(self.warehouse.query(sql).to_pylist())

    def published(self, sql: str) -> list[tuple[Any, ...]]:
        self.warehouse.refresh()
        with duckdb.connect(self.marts, read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def home(house: House, tmp_path: Path) -> Iterator[Home]:
    marts = tmp_path / "marts.duckdb"
    warehouse = DuckDbWarehouse(tmp_path / "lake.duckdb", marts, SQL, house.clock)
    yield Home(house, warehouse, marts)
    warehouse.close()


def test_profile_and_zones_are_one_athlete_and_the_settings_of_now(home: Home) -> None:
    later = NOW + timedelta(seconds=2)
    assert home.load(home.put("athlete", PROFILE), home.put("zones", ZONES, later)) == [
        "loaded",
        "loaded",
    ]

    (athlete,) = home.rows("SELECT * FROM silver.athletes")
    assert (athlete["athlete_id"], athlete["weight_kg"], athlete["ftp_w"]) == (ATHLETE, 61.5, 240)
    assert athlete["zones_version"] - athlete["version"] == 2_000_000
    assert athlete["heart_rate_zones"] == RANGES
    assert home.rows("SELECT * FROM silver.athlete_settings") == [
        {
            "athlete_id": ATHLETE,
            "valid_from": NOW,
            "valid_until": None,
            "weight_kg": 61.5,
            "ftp_w": 240,
            "heart_rate_zones": RANGES,
            "power_zones": [{"low": 0, "high": 132}, {"low": 133, "high": None}],
            "source": "strava",
        }
    ]


def test_a_new_threshold_leaves_the_old_one_to_its_time(home: Home) -> None:
    home.load(home.put("athlete", PROFILE), home.put("zones", ZONES))
    for days in (1, 2, 3):
        at = NOW + timedelta(days=days)
        raised = PROFILE | {"ftp": 250 if days > 1 else 240}
        home.load(home.put("athlete", raised, at), home.put("zones", ZONES, at))

    changed_at = NOW + timedelta(days=2)
    found = home.rows(
        "SELECT ftp_w, valid_from, valid_until FROM silver.athlete_settings ORDER BY valid_from"
    )
    assert [tuple(row.values()) for row in found] == [
        (240, NOW, changed_at),
        (250, changed_at, None),
    ]


def test_gear_and_totals_land(home: Home) -> None:
    older = home.put("gear", GEAR | {"distance": 5}, NOW - timedelta(days=1))
    assert home.load(home.put("gear", GEAR), older, home.put("stats", STATS)) == ["loaded"] * 3

    (gear,) = home.rows("SELECT gear_id, name, is_primary, retired, distance_m FROM silver.gear")
    assert tuple(gear.values()) == ("b1", "Grey", True, False, 1_234_567.0)
    (stats,) = home.rows("SELECT ride_count, run_count, run_distance_m FROM landing.stats")
    assert tuple(stats.values()) == (12, 3, 31_000.5)


@pytest.mark.parametrize(
    ("kind", "body", "table", "stored"),
    [
        ("athlete", {"id": ATHLETE}, "athletes", {"weight_kg": None, "ftp_w": None, "sex": None}),
        ("athlete", PROFILE | {"ftp": 240.0, "weight": 61}, "athletes", {"ftp_w": 240}),
        ("athlete", PROFILE | {"ftp": None, "weight": None}, "athletes", {"ftp_w": None}),
        ("athlete", PROFILE | {"bikes": None, "premium": None}, "athletes", {"premium": None}),
        ("zones", {}, "zones", {"heart_rate_zones": [], "power_zones": []}),
        ("zones", {"heart_rate": None, "power": None}, "zones", {"heart_rate_is_custom": None}),
        ("zones", {"heart_rate": {"zones": None}}, "zones", {"heart_rate_zones": []}),
        (
            "zones",
            {"power": {"zones": [{"min": 0.0, "max": 99.5}, {"min": 100, "max": -1.0}, {}]}},
            "zones",
            {
                "power_zones": [
                    {"low": 0, "high": 99},
                    {"low": 100, "high": None},
                    {"low": None, "high": None},
                ]
            },
        ),
        ("gear", {"id": "g7"}, "gear", {"gear_id": "g7", "name": None, "distance_m": None}),
        ("gear", GEAR | {"retired": None, "distance": None}, "gear", {"retired": None}),
        ("stats", {}, "stats", {"ride_count": None, "swim_distance_m": None}),
        ("stats", {"all_run_totals": None}, "stats", {"run_count": None}),
    ],
)
def test_what_strava_leaves_out_or_writes_otherwise_is_taken(
    home: Home, kind: Kind, body: Any, table: str, stored: dict[str, Any]
) -> None:
    assert home.load(home.put(kind, body)) == ["loaded"]

    (row,) = home.rows(f"SELECT {', '.join(stored)} FROM landing.{table}")
    assert row == stored


@pytest.mark.parametrize(
    ("kind", "body", "named"),
    [
        ("athlete", PROFILE | {"weight": "heavy"}, "weight"),
        ("zones", {"power": {"zones": [{"min": "a lot"}]}}, "power.zones.0.min"),
        ("gear", {"name": "Grey"}, "id"),
        ("stats", [], "body"),
    ],
)
def test_what_does_not_fit_is_counted_among_the_failures(
    home: Home, kind: Kind, body: Any, named: str
) -> None:
    bad = home.put(kind, body)
    assert home.load(bad, home.put("gear", GEAR)) == ["quarantined", "loaded"]

    (failure,) = home.published("SELECT stage, error_type, failures, payload_uri FROM failures")
    assert failure == ("load_silver", "PayloadInvalid", 1, bad.bronze_name)
    (refused,) = home.rows("SELECT message, activity_id FROM ops.failed_events")
    assert named in refused["message"]
    assert refused["activity_id"] is None


def test_no_name_place_or_picture_of_a_person_is_stored(home: Home) -> None:
    personal = [*PERSON.values(), "Wheelers", "Charles"]
    home.load(
        home.put("athlete", PROFILE),
        home.put("zones", ZONES),
        home.put("gear", GEAR),
        home.put("athlete", PROFILE | {"weight": "heavy"}, NOW + timedelta(days=1)),
        home.put("stats", PERSON | {"all_run_totals": PERSON}),
    )

    stored = [table for table in TABLES.values() if table.kind != "temp"]
    dump = "\n".join(str(home.rows(f"SELECT * FROM {table.name}")) for table in stored)
    assert "Grey" in dump
    assert "PayloadInvalid" in dump
    assert [each for each in personal if each in dump] == []


def test_a_list_gives_totals_until_the_detail_comes_whichever_lands_first(home: Home) -> None:
    page = [detail(id=1, name="listed"), detail(id=2, name="listed"), detail(id=3, name="listed")]
    read = home.put("activity", detail(id=2, name="read"), NOW - timedelta(days=9), activity_id=2)
    home.load(read, home.put("list", page))

    told = "SELECT activity_id, name, detailed FROM activity_summary ORDER BY activity_id"
    assert home.published(told) == [(1, "listed", False), (2, "read", True), (3, "listed", False)]
    (year,) = home.published("SELECT year, listed, held, detailed, told FROM completeness")
    assert year == (2026, None, 3, 1, "2026: 3, 1 in detail, not checked yet")

    again = [row | {"name": "renamed"} for row in page]
    gone = Landed("tombstone", "activity", ATHLETE, 3, read.version, "trace")
    home.load(home.put("list", again, NOW + timedelta(days=1)), gone)
    assert home.published(told) == [(1, "renamed", False), (2, "read", True)]


def test_a_comparison_tells_of_completeness_without_any_activity(home: Home) -> None:
    house = home.house
    house.connect()
    for number in (1, 2, 3):
        house.strava.details[number] = detail(id=number, start_date=f"2026-10-0{number}T06:00:00Z")
        house.strava.streams[number] = streams()
        if number < 3:
            fetch_activity.run(message(object_id=number), house.fetching)
    house.clock.advance(60)
    home.load(*house.landed())
    assert home.published("SELECT told FROM completeness") == [("2026: 2, not checked yet",)]

    house.strava.profile.update(PROFILE)
    assert reconcile.reconcile(house.reconciling, full=True).failed == {}
    reports = house.landed()
    assert {each.kind for each in reports} == {"list", "athlete", "stats", "gear"}
    assert set(home.load(*reports, *reports)) == {"loaded"}
    told = ("2026: 2 of 3, 1 healed, checked 2026-11-21 09:01", 1)
    assert home.published("SELECT told, missing FROM completeness") == [told]

    healing = message(object_id=3, received_at=house.clock.now(), reason="reconcile")
    fetch_activity.run(healing, house.fetching)
    home.load(*house.landed())
    told = ("2026: 3 of 3, 1 healed, checked 2026-11-21 09:01", 0)
    assert home.published("SELECT told, missing FROM completeness") == [told]


def test_the_way_of_an_event_to_the_marts_is_measured(home: Home) -> None:
    house = home.house
    event = home.put("activity", detail(id=1), NOW + timedelta(seconds=2), activity_id=1)
    event = replace(event, received_at=NOW.isoformat(), reason="webhook")
    house.clock.advance(5)
    home.load(event)
    assert home.rows("SELECT versions, built, p50_s FROM marts.latency") == [
        {"versions": 1, "built": 0, "p50_s": None}
    ]

    house.clock.advance(3)
    home.warehouse.refresh()
    (way,) = home.rows("SELECT * FROM ops.latency")
    assert (way["to_fetched_s"], way["to_loaded_s"], way["to_built_s"]) == (2.0, 5.0, 8.0)
    assert way["fetched_at"] == NOW + timedelta(seconds=2)

    house.clock.advance(60)
    home.load(replace(event, reason="replay", received_at=house.clock.now().isoformat()))
    days = home.published("SELECT versions, built, p50_s, max_s FROM latency")
    assert days == [(1, 1, 8.0, 8.0)]
