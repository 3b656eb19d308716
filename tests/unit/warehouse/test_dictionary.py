"""The data dictionary is what sql/ says today."""

from dataclasses import replace
from pathlib import Path

from paceline.warehouse.dictionary import render_dictionary
from paceline.warehouse.tables import load_tables

ROOT = Path(__file__).parents[3]
TABLES = load_tables(ROOT / "sql")


def test_the_dictionary_is_fresh() -> None:
    written = (ROOT / "docs/dictionary.md").read_text()

    assert written == render_dictionary(TABLES) + "\n", "run `make generated`"


def test_a_table_is_told_with_its_grain_key_and_columns() -> None:
    told = render_dictionary({"marts.daily_summary": TABLES["marts.daily_summary"]})

    assert "### marts.daily_summary" in told
    assert "- one row per athlete, day and sport type; key: athlete_id, local_date, sport" in told
    assert "- rebuilt by touched.days" in told
    assert (
        "| `distance_km` | FLOAT64, required | distance_m in kilometres | distance_m / 1000 |"
        in told
    )


def test_a_formula_has_a_column_of_its_own() -> None:
    table = TABLES["marts.daily_summary"]
    columns = tuple(
        replace(column, formula="a | b") if column.name == "work_kj" else column
        for column in table.columns
    )
    told = render_dictionary({table.name: replace(table, columns=columns)})

    assert "| column | type | what it is | formula |" in told
    assert told.count("a \\| b |") == 1
