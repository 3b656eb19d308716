"""One list of sport groups: silver's, which the marts publish and the dashboard colours by."""

from pathlib import Path
from typing import get_args

import duckdb
from stravalib.strava_model import SportType

from dashboard.history import Grain, Selection, bars, holdings
from dashboard.marts import open_marts
from dashboard.period import ALL_TIME
from dashboard.sports import FAMILIES, OTHER, family_of
from paceline.adapters.local.duckdb import DuckDbWarehouse
from simulator.sport_types import legacy_type
from tests.sql.landed import activity, tables

# Strava's own list, as another project has it from Strava's description of its API.
SPORT_TYPES = get_args(SportType.model_fields["root"].annotation)


def test_every_sport_type_of_strava_is_in_a_group_and_nothing_else_is(
    warehouse: DuckDbWarehouse,
) -> None:
    listed = warehouse.query("SELECT sport_type FROM silver.sports")["sport_type"].to_pylist()

    assert sorted(listed) == sorted(SPORT_TYPES)
    assert {legacy_type(name) for name in listed} <= set(listed)


def test_the_dashboard_has_a_family_for_every_group_and_for_no_other(
    warehouse: DuckDbWarehouse, marts: Path
) -> None:
    warehouse.refresh(full=True)
    groups = warehouse.query("SELECT sport_type, sport_group FROM silver.sports").to_pylist()
    assert {family.key for family in (*FAMILIES, OTHER)} == {row["sport_group"] for row in groups}
    assert [family_of(row["sport_group"]).key for row in groups] == [
        row["sport_group"] for row in groups
    ]
    with duckdb.connect(marts, read_only=True) as connection:
        published = connection.sql("SELECT sport_type, sport_group FROM sports ORDER BY ALL")
        assert published.fetchall() == sorted(tuple(row.values()) for row in groups)


def test_the_dashboard_reads_the_group_of_each_sport_from_the_marts(
    warehouse: DuckDbWarehouse, marts: Path
) -> None:
    sports = {"EBikeRide": "ebike", "Snowshoe": "walk", "Handcycle": "other", "Chess": "other"}
    warehouse.append(
        tables({"activities": [activity(n, sport_type=s) for n, s in enumerate(sports, start=1)]})
    )
    assert warehouse.refresh().blocked == {}
    with open_marts(marts) as opened:
        held = {one.sport_type: one.sport_group for one in holdings(opened)}
        years = bars(opened, Selection(1, tuple(sports), ALL_TIME), Grain.YEAR)
    assert held == sports
    assert [(one.sport_group, one.distance_m) for one in years] == [
        ("ebike", 1000.1),
        ("other", 2000.2),
        ("walk", 1000.1),
    ]
