"""Whoever thinks in miles and feet finds them beside kilometres and metres."""

import pytest

from paceline.warehouse.tables import Table
from tests.sql.landed import TABLES

BESIDE = {
    "distance_km": "distance_mi",
    "elevation_gain_m": "elevation_gain_ft",
    "speed_kmh": "speed_mph",
    "pace_s_per_km": "pace_s_per_mi",
}
# Its climb is for comparing years, and in metres only.
METRIC = {"marts.year_over_year"}
SHOWN = [table for name, table in TABLES.items() if table.layer == "marts" and name not in METRIC]


@pytest.mark.parametrize("table", SHOWN, ids=lambda table: str(table.name))
def test_every_metric_number_has_its_imperial_one_beside_it(table: Table) -> None:
    imperial = {
        name.removesuffix(metric) + other
        for name in table.column_names
        for metric, other in BESIDE.items()
        if name.endswith(metric)
    }
    assert imperial <= set(table.column_names)
