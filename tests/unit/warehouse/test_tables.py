"""What metadata.yaml may say, and what is said about it when it is wrong."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from paceline.warehouse.column_types import parse_type
from paceline.warehouse.tables import TableInvalid, load_tables

SQL = Path(__file__).parents[3] / "sql"
GOOD = """\
description: Rides
grain: one row per ride
kind: landing
columns:
  ride_id: {type: INT64, required: true, description: The ride}
  parts: {type: "ARRAY<STRUCT<km FLOAT64, names ARRAY<STRING>>>", description: Parts}
  ingested_at: {type: TIMESTAMP, required: true, description: When}
"""


def write(root: Path, text: str, query: str | None = None) -> Path:
    folder = root / "landing" / "rides"
    folder.mkdir(parents=True)
    (folder / "metadata.yaml").write_text(text)
    if query:
        (folder / "query.sql").write_text(query)
    return root


def test_a_table_is_read_from_its_folder(tmp_path: Path) -> None:
    table = load_tables(write(tmp_path, GOOD))["landing.rides"]
    assert table.grain == "one row per ride"
    assert table.required_columns == ("ride_id", "ingested_at")
    assert table.columns[1].type.duckdb() == 'STRUCT("km" DOUBLE, "names" VARCHAR[])[]'


def test_callers_do_not_give_the_time_of_arrival(tmp_path: Path) -> None:
    schema = load_tables(write(tmp_path, GOOD))["landing.rides"].arrow_schema()
    part = pa.struct([("km", pa.float64()), ("names", pa.list_(pa.string()))])
    assert schema.names == ["ride_id", "parts"]
    assert schema.field("parts").type == pa.list_(part)
    assert not schema.field("ride_id").nullable


@pytest.mark.parametrize(
    ("right", "wrong", "why"),
    [
        ("kind: landing", "kind: lake", "kind is 'lake'; there are landing, temp"),
        ("kind: landing", "kind: view", r"kind view needs a query\.sql"),
        ("kind: landing", "kind: landing\nrebuilt_by: touched.days", "rebuilt_by names a touched"),
        ("kind: landing", "kind: landing\nkey: [ride]", "key names 'ride', which is not a column"),
        ("kind: landing", "kind: landing\npartition_by: ride", "partition_by names 'ride'"),
        ("kind: landing", "kind: landing\npartition_by: parts", "partition_by needs one of INT64"),
        ("kind: landing", "kind: landing\ncluster_by: [ride]", "cluster_by names 'ride'"),
        ("kind: landing", "kind: landing\nkeys: [ride_id]", "unknown key 'keys'"),
        ("kind: landing", "kind: landing\nkey: ride_id", "key must be a list of names"),
        ("kind: landing", "kind: landing\nreads_before: [a.b]", "reads_before and kept_in"),
        ("description: Rides\n", "", "description must say something"),
        ("one row per ride", "rides", "grain must begin with 'one row'"),
        ("type: INT64", "type: INTEGER", "columns.ride_id: 'INTEGER' is not a column type"),
        ("type: INT64", "type: INT64, nullable: false", "columns.ride_id must have type"),
        (
            "type: INT64",
            "type: INT64, settings: {kind: {a: [ftp_w]}}",
            "settings names 'kind', which is not a column",
        ),
        ("STRING>>>", "STRING>>", "columns.parts: type .* ends too early"),
        ("STRING>>>", "STRING>>> x", "columns.parts: type .* goes on after its end"),
        ("STRING>>>", "STRING>;>", "is not understood from ';>' on"),
        ("columns:", "columns: [", "while parsing"),
    ],
)
def test_wrong_metadata_is_refused_by_file_and_key(
    tmp_path: Path, right: str, wrong: str, why: str
) -> None:
    root = write(tmp_path, GOOD.replace(right, wrong))
    with pytest.raises(TableInvalid, match=why) as refused:
        load_tables(root)
    assert str(root / "landing/rides/metadata.yaml") in str(refused.value)


def test_a_folder_without_tables_is_not_taken_for_the_right_one(tmp_path: Path) -> None:
    with pytest.raises(TableInvalid, match="is this the folder sql/"):
        load_tables(tmp_path)


def test_every_table_of_ours_says_one_row_per_what_and_describes_each_column() -> None:
    tables = load_tables(SQL)
    assert {"landing.activities", "silver.streams", "marts.monthly_summary"} <= tables.keys()
    for table in tables.values():
        assert all(len(column.description) > 3 for column in table.columns), table.name


@pytest.mark.parametrize(
    "text", ["INT64", "ARRAY<STRUCT<a INT64, b ARRAY<FLOAT64>>>", "STRUCT<at TIMESTAMP>"]
)
def test_a_type_is_written_as_it_was_read(text: str) -> None:
    assert parse_type(text).googlesql() == text


def test_the_metadata_is_read_without_an_sql_engine() -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from paceline.warehouse.tables import load_tables\n"
        f"load_tables(Path({str(SQL)!r}))['landing.streams'].arrow_schema()\n"
        "print([name for name in ('duckdb', 'sqlglot', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
