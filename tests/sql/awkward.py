"""Awkward activities on their whole way: what Strava answers, bronze, landing, silver, marts."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from paceline.adapters.local.blobs import FileBlobs
from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.manual import ManualClock
from paceline.adapters.strava.wire import StravaWire
from paceline.model.bronze import BronzeObject, Kind
from paceline.model.landed import Landed
from paceline.steps.load_silver import Loading, load
from simulator.wire_streams import KEYS
from tests.simulator.harness import ADA, NOW_S, SMALL, strava
from tests.sql.landed import SQL, TABLES

Row = dict[str, Any]
NOW = datetime.fromtimestamp(NOW_S, UTC)
EVERYTHING = replace(SMALL, awkward=True, max_points=None)
QUERY = {"keys": ",".join(KEYS), "key_by_type": "true"}
NOT_FOUND = 404


@dataclass(frozen=True)
class Loaded:
    """What Strava answered about each case, and the warehouse after it was loaded."""

    truth: dict[str, Row]
    details: dict[str, bytes]
    streams: dict[str, bytes]
    outcomes: list[str]
    warehouse: DuckDbWarehouse
    marts: Path

    def rows(self, table: str, case: str) -> list[Row]:
        found = self.warehouse.query(
            f"SELECT * FROM {table} WHERE activity_id = @id",
            {"id": self.truth[case]["id"]},
        )
        rows: list[Row] = found.to_pylist()
        return rows

    def silver(self, case: str) -> Row:
        (row,) = self.rows("silver.activities", case)
        return row


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    home = tmp_path_factory.mktemp("awkward")
    clock = ManualClock(NOW)
    warehouse = DuckDbWarehouse(home / "lake.duckdb", home / "marts.duckdb", SQL, clock)
    with closing(warehouse):
        truth, details, streams = asyncio.run(_answers())
        schemas = {name: table.arrow_schema() for name, table in TABLES.items()}
        use = Loading(FileBlobs(home / "bronze"), StravaWire(), warehouse, schemas, clock)
        batch = [_put(use, "activity", truth[case]["id"], body) for case, body in details.items()]
        batch += [_put(use, "streams", truth[case]["id"], body) for case, body in streams.items()]
        outcomes = [f"{found.name} {found.fields.get('message', '')}" for found in load(batch, use)]
        assert warehouse.refresh().blocked == {}
        yield Loaded(truth, details, streams, outcomes, warehouse, home / "marts.duckdb")


async def _answers() -> tuple[dict[str, Row], dict[str, bytes], dict[str, bytes]]:
    sim = strava(EVERYTHING)
    await sim.signed_in()
    truth = {row["case"]: row for row in await sim.truth() if "case" in row}
    details, streams = {}, {}
    for case, row in truth.items():
        path = f"/activities/{row['id']}"
        answer = await sim.http.get(path, params={"include_all_efforts": "true"})
        details[case] = answer.content
        answer = await sim.http.get(f"{path}/streams", params=QUERY)
        if answer.status_code != NOT_FOUND:
            streams[case] = answer.content
    return truth, details, streams


def _put(use: Loading, kind: Kind, activity_id: int, body: bytes) -> Landed:
    item = BronzeObject(kind, ADA, activity_id, NOW, body, "GET /", 200)
    use.bronze.put(item.name(), item.packed(), item.metadata())
    return Landed("upsert", kind, ADA, activity_id, item.version, "trace", item.name())
