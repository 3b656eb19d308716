"""What an activity weighs, measured: `python benchmarks/sizes.py > benchmarks/sizes.json`.

Three months of the simulated athlete go through the steps over their local adapters. Of each table
the bytes a row, as BigQuery counts them; of bronze the bytes; of state the documents that are read
and written, as Firestore counts them. benchmarks/costs.py reckons with what this prints.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
if __name__ == "__main__":  # or `import simulator` would find the benchmark of that name
    sys.path[0] = str(ROOT)

# ruff: noqa: E402
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.virtual.strava import ATHLETE, VirtualStrava
from benchmarks.virtual.world import BEGINS, SETTINGS, Live, World
from paceline.adapters.local.manual import CountingIds, ManualClock
from paceline.adapters.local.state import SqliteState
from paceline.adapters.strava.session import StravaSession
from paceline.ports import Document, Stored, Version, Where
from paceline.runtime.local import LocalRuntime
from paceline.runtime.settings import Settings
from paceline.steps import reconcile
from paceline.warehouse.tables import load_tables
from simulator.config import SimulatorConfig

YEARS, PER_WEEK = 0.25, 7.0
PLENTY = (100_000, 1_000_000)  # reads, so that no time is waited


class CountedState(SqliteState):
    """Bills as Firestore does: an empty answer is a read, and so are 1,000 documents counted."""

    counts: Counter[str]

    def get(self, collection: str, doc_id: str) -> Stored | None:
        self.counts["reads"] += 1
        return super().get(collection, doc_id)

    def create(self, collection: str, doc_id: str, data: Document) -> Version:
        self.counts["writes"] += 1
        return super().create(collection, doc_id, data)

    def replace(self, collection: str, doc_id: str, data: Document, version: Version) -> Version:
        self.counts["writes"] += 1
        return super().replace(collection, doc_id, data, version)

    def query(
        self,
        collection: str,
        where: Sequence[Where] = (),
        *,
        order_by: Sequence[str] = (),
        limit: int | None = None,
    ) -> Sequence[Stored]:
        found = super().query(collection, where, order_by=order_by, limit=limit)
        self.counts["reads"] += max(1, len(found))
        return found

    def count(self, collection: str, where: Sequence[Where] = ()) -> int:
        found = super().count(collection, where)
        self.counts["reads"] += max(1, found // 1_000)
        return found


def logical_bytes(values: pa.Array) -> int:
    """As BigQuery counts: 8 a number, 2 and the text a string, NULL nothing."""
    if pa.types.is_list(values.type):
        return logical_bytes(values.flatten())
    if pa.types.is_struct(values.type):
        return sum(logical_bytes(part) for part in values.flatten())
    present = int(len(values) - values.null_count)
    if pa.types.is_string(values.type):
        return 2 * present + int(pc.sum(pc.binary_length(values)).as_py() or 0)
    return present if pa.types.is_boolean(values.type) else 8 * present


def measure() -> dict[str, Any]:
    clock = ManualClock(BEGINS)
    config = SimulatorConfig(
        years=YEARS,
        activities_per_week=PER_WEEK,
        now_s=BEGINS.timestamp(),
        read_limits=PLENTY,
        overall_limits=PLENTY,
    )
    strava = VirtualStrava(config, clock)
    with tempfile.TemporaryDirectory() as folder:
        runtime = LocalRuntime(Settings.from_env(SETTINGS | {"PACELINE_HOME": folder}))
        session = StravaSession(
            runtime.settings.strava_api_base, runtime.settings.strava_oauth_base
        )
        session.mount("https://www.strava.com", strava)
        state = CountedState(runtime.state_file)
        state.counts = Counter()
        runtime.built.update(clock=clock, ids=CountingIds(), session=session, state=state)
        strava.runtime = runtime
        try:
            return _measured(World(strava, runtime), state)
        finally:
            runtime.close()


def _measured(world: World, state: CountedState) -> dict[str, Any]:
    world.connect()
    world.release()
    while world.left():
        world.minute()
    imported = Counter(state.counts)
    activities = len(world.strava.history())
    idle = _counted(state, world.release)
    compared = _counted(state, lambda: reconcile.run(world.runtime.reconciling, force=True))
    world.build()
    world.lives = [Live(world.now)]
    live = _counted(state, world.minute)
    live.subtract(idle)
    world.build()
    return {
        "activities": activities,
        "bronze_bytes_an_activity": _bronze(world.runtime, activities),
        "tables": _tables(world.runtime, activities + 1),
        "documents": {
            "an_imported_activity": {n: round(c / activities, 1) for n, c in imported.items()},
            "a_live_activity": dict(live),
            "a_minute_without_work": dict(idle),
            "a_comparison": dict(compared),
        },
    }


def _counted(state: CountedState, work: Callable[[], object]) -> Counter[str]:
    before = Counter(state.counts)
    work()
    after = Counter(state.counts)
    after.subtract(before)
    return after


def _bronze(runtime: LocalRuntime, activities: int) -> int:
    names = list(runtime.bronze.names(f"strava/athlete_id={ATHLETE}"))
    blobs = (runtime.bronze.get(name) for name in names)
    return sum(len(blob.data) for blob in blobs if blob) // activities


def _tables(runtime: LocalRuntime, activities: int) -> dict[str, Any]:
    """Rows an activity, and bytes a row of each column."""
    sizes = {}
    for name, table in load_tables(ROOT / "sql").items():
        if table.kind in {"temp", "view"}:
            continue
        found = runtime.warehouse.query(f"SELECT * FROM {name}").combine_chunks()
        rows = found.num_rows
        columns = {
            column: round(sum(logical_bytes(chunk) for chunk in found[column].chunks) / rows, 1)
            for column in (found.column_names if rows else ())
        }
        sizes[name] = {"rows_an_activity": round(rows / activities, 4), "bytes_a_row": columns}
    return sizes


def _told(found: dict[str, Any]) -> str:
    """A table a line."""
    sizes = found.pop("tables")
    tables = ",\n".join(f"  {json.dumps(name)}: {json.dumps(sizes[name])}" for name in sizes)
    return f'{json.dumps(found, indent=1)[:-2]},\n "tables": {{\n{tables}\n }}\n}}'


if __name__ == "__main__":
    print(_told(measure()))
