"""What a month costs is what the script says, reckoned from the SQL that is there."""

import pytest

from benchmarks.costs import ATHLETES, DOCUMENT, Sizes, World, hourly, written
from benchmarks.script_reads import Script
from paceline.warehouse.bigquery_tables import stored_tables


def test_the_document_shows_the_table_that_the_script_prints() -> None:
    text = DOCUMENT.read_text()

    assert text == written(text), "run: python benchmarks/costs.py --write"
    assert "| **a month** | **$" in text


@pytest.fixture(scope="module")
def script() -> Script:
    return Script()


def test_every_table_that_is_stored_was_measured(script: Script) -> None:
    stored = {table.name for table in stored_tables(script.plan.tables)}

    assert stored == Sizes.measured().tables.keys(), "run: benchmarks/sizes.py > its json"


def test_a_month_costs_more_with_more_athletes_and_less_with_fewer_runs(script: Script) -> None:
    sizes = Sizes.measured()
    worlds = [World(athletes, sizes, script) for athletes in ATHLETES]

    months = [world.month for world in worlds]
    assert months == sorted(months)
    assert all(hourly(world).month <= world.month for world in worlds)


def test_a_view_counts_as_the_tables_beneath_it_and_a_struct_as_a_whole(script: Script) -> None:
    found = script.read("SELECT lat FROM silver.points WHERE activity_id = 1")

    assert found.columns == {"silver.streams": {"activity_id", "points"}}


def test_of_a_table_in_a_query_only_the_columns_that_it_needs_are_counted(script: Script) -> None:
    query = "WITH rides AS (SELECT * FROM silver.activities) SELECT SUM(distance_m) FROM rides"

    assert script.read(query).columns == {"silver.activities": {"distance_m"}}
