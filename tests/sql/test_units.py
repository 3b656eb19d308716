"""Whoever thinks in miles and feet finds them beside kilometres and metres."""

import pytest

from paceline.warehouse.tables import Table
from tests.sql.landed import TABLES

BESIDE = {
    "distance_km": "distance_mi",
    "elevation_gain_m": "elevation_gain_ft",
    "pace_s_per_100m": "pace_s_per_100yd",
    "speed_kmh": "speed_mph",
    "pace_s_per_km": "pace_s_per_mi",
}
SHOWN = [table for table in TABLES.values() if table.layer == "marts"]


@pytest.mark.parametrize("table", SHOWN, ids=lambda table: str(table.name))
def test_every_metric_number_has_its_imperial_one_beside_it(table: Table) -> None:
    imperial = {
        name.removesuffix(metric) + other
        for name in table.column_names
        for metric, other in BESIDE.items()
        if name.endswith(metric)
    }
    assert imperial <= set(table.column_names)


@pytest.mark.parametrize("name", ["marts.records", "marts.record_history"])
def test_a_climb_that_is_a_record_is_told_in_feet_as_well(name: str) -> None:
    assert {"elevation_gain_m", "elevation_gain_ft"} <= set(TABLES[name].column_names)
