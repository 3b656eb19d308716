"""Every number of a mart that is computed says how, and with which settings."""

import pytest
from sqlglot import exp
from sqlglot.lineage import lineage

from paceline.model.given import WORDS
from paceline.warehouse.lint import parse_query
from paceline.warehouse.order import reads
from paceline.warehouse.tables import Table
from tests.sql.landed import TABLES

MARTS = [table for table in TABLES.values() if table.layer == "marts"]
# What may stand around a single column without being a computation: other units of it.
UNITS = (exp.Mul, exp.Div, exp.SafeDivide, exp.Literal, exp.Cast, exp.DataType, exp.Paren)
NAMES = (exp.Column, exp.Identifier, exp.Alias)
KNOWN = {name for word in WORDS.values() for name in word.names}


def is_taken_as_it_is(table: Table, name: str) -> bool:
    """From one column of another table, at every step on the way, in other units at most."""
    query = parse_query(table.query or "", table.name, TABLES)
    steps = lineage(name, query, {}, dialect="bigquery").walk()
    return all(is_plain(step.expression) for step in steps)


def is_plain(expression: exp.Expr) -> bool:
    if isinstance(expression, (exp.Table, exp.Star)):
        return True
    parts = list(expression.walk())
    columns = {part.name for part in parts if isinstance(part, exp.Column)}
    return len(columns) == 1 and all(isinstance(part, (*UNITS, *NAMES)) for part in parts)


@pytest.mark.parametrize("table", MARTS, ids=lambda table: str(table.name))
def test_every_computed_number_of_a_mart_has_its_formula(table: Table) -> None:
    numbers = [column for column in table.columns if column.type.name == "FLOAT64"]
    silent = [
        column.name
        for column in numbers
        if column.formula is None and not is_taken_as_it_is(table, column.name)
    ]
    assert silent == []


def test_the_rule_knows_a_copy_from_a_computation() -> None:
    taken = {
        name
        for name in ("distance_mi", "elevation_gain_ft", "calories_kcal", "stopped_share")
        if is_taken_as_it_is(TABLES["marts.activity_summary"], name)
    }
    assert taken == {"distance_mi", "elevation_gain_ft", "calories_kcal"}
    assert not is_taken_as_it_is(TABLES["marts.daily_summary"], "distance_m")
    assert not is_taken_as_it_is(TABLES["marts.activity_load"], "tss")


@pytest.mark.parametrize("table", MARTS, ids=lambda table: str(table.name))
def test_the_settings_that_a_mart_reads_are_named_beside_its_numbers(table: Table) -> None:
    """All that its query asks for, and nothing that there is not."""
    if table.name == "marts.settings" or "silver.settings" not in reads(table, TABLES):
        assert settings_of(table) == set()
        return
    asked = {name for name in KNOWN if f"'{name}'" in (table.query or "")}
    assert settings_of(table) == asked


def settings_of(table: Table) -> set[str]:
    return {name for c in table.columns for use in c.settings for name in use.names}
