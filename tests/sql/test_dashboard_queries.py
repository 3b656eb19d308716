"""Every query of the dashboard is GoogleSQL over the marts, as BigQuery has them."""

import re

import pytest

from dashboard import history
from paceline.warehouse.bigquery_tables import bigquery_name
from tests.sql.googlesql import Analyser
from tests.sql.landed import TABLES

QUERIES = {
    name: text
    for name, text in vars(history).items()
    if isinstance(text, str) and "FROM marts." in text
}
KINDS = {
    "athlete_id": "INT64",
    "sport_types": "ARRAY<STRING>",
    "first": "DATE",
    "last": "DATE",
    "first_month": "INT64",
    "last_month": "INT64",
    "rows": "INT64",
}


@pytest.fixture(scope="module")
def google() -> Analyser:
    named = {bigquery_name(table, ""): table for table in TABLES.values()}
    return Analyser(named, {f"given_{name}": kind for name, kind in KINDS.items()})


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_a_query_of_the_dashboard_is_googlesql(name: str, google: Analyser) -> None:
    # A parameter is a constant to the analyser, which has no other values; LIMIT takes a number.
    sql = QUERIES[name].replace("LIMIT $rows", "LIMIT 20")
    google.analyse(re.sub(r"\$(\w+)", r"given_\1", sql))


def test_the_dashboard_reads_marts_alone() -> None:
    assert len(QUERIES) >= 6
    for text in QUERIES.values():
        assert set(re.findall(r"(?:FROM|JOIN) (\w+)\.", text)) == {"marts"}
