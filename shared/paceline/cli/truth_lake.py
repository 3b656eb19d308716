"""Compare bronze and silver with what Strava's API answers now, activity by activity.

Bronze of an activity that is gone stays until erasure takes it, and is only counted.
"""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from paceline.adapters.strava.wire import StravaWire
from paceline.metrics.summary import summarise
from paceline.model.bronze import Kind, parse_name, prefix_of
from paceline.ports import Blobs
from paceline.reading import OK
from paceline.steps.fetch_activity import STREAM_KEYS

Row = dict[str, Any]
Ask = Callable[[int, str], tuple[int, bytes]]  # an athlete and a path; the status and the body

# What Strava works out from the athlete's other activities: it changes without any event, and no
# list shows it. Nothing of it is in silver.
_DERIVED = {
    "achievement_count",
    "achievements",
    "converted_distance",
    "kom_rank",
    "pr_count",
    "pr_rank",
    "similar_activities",
}


@dataclass
class Compared:
    """What differs, and how much was looked at."""

    faults: list[str] = field(default_factory=list)
    activities: int = 0
    identical: int = 0  # of them: the newest detail in bronze is the answer, byte for byte
    streams: int = 0  # these have to be, byte for byte
    gone: int = 0  # activities that bronze still knows and Strava does not


def compare_lake(
    live: Mapping[int, int], ask: Ask, bronze: Blobs, warehouse: Path, schema: pa.Schema
) -> Compared:
    """`live` are all activities that the tokens see, with their athletes.

    Nobody else may have the warehouse open. `schema` is that of landing.activities.
    """
    compared, wire = Compared(activities=len(live)), StravaWire()
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        silver = _Silver.read(connection)
    compared.faults += silver.other_than(live)
    for activity_id, athlete_id in live.items():
        path = f"activities/{activity_id}"
        _, detail = ask(athlete_id, f"{path}?include_all_efforts=true")
        kept = _newest(bronze, "activity", athlete_id, activity_id)
        compared.identical += kept == detail
        expected = _as_landed(wire.activity(detail), schema)
        faults = [] if kept and _told(kept) == _told(detail) else ["bronze has another detail"]
        faults += silver.detail_faults(activity_id, expected)

        status, body = ask(athlete_id, f"{path}/streams?keys={STREAM_KEYS}&key_by_type=true")
        has_points = status == OK and wire.has_points(body)
        if has_points and body != _newest(bronze, "streams", athlete_id, activity_id):
            faults.append("bronze has other streams")
        compared.streams += has_points
        faults += silver.stream_faults(activity_id, wire, body if has_points else b"{}")
        compared.faults += [f"{activity_id}: {fault}" for fault in faults]
    compared.gone = len(_known(bronze, live) - live.keys())
    return compared


@dataclass(frozen=True)
class _Silver:
    activities: Sequence[Row]
    streams: Mapping[int, Sequence[Row]]  # chunks in order
    metrics: Mapping[int, Row]

    @classmethod
    def read(cls, connection: duckdb.DuckDBPyConnection) -> "_Silver":
        chunks: dict[int, list[Row]] = defaultdict(list)
        for chunk in _rows(connection, "SELECT * FROM silver.streams ORDER BY activity_id, chunk"):
            chunks[chunk["activity_id"]].append(chunk)
        metrics = _rows(connection, "SELECT * FROM silver.metrics")
        return cls(
            activities=_rows(connection, "SELECT * FROM silver.activities"),
            streams=chunks,
            metrics={row["activity_id"]: row for row in metrics},
        )

    def other_than(self, live: Mapping[int, int]) -> list[str]:
        """What silver has and should not have, or has twice."""
        count = Counter(row["activity_id"] for row in self.activities)
        faults = [f"{each} is in silver {n} times" for each, n in count.items() if n > 1]
        for name, ids in (
            ("activities", count.keys()),
            ("streams", self.streams.keys()),
            ("metrics", self.metrics.keys()),
        ):
            faults += [f"{each} should not be in silver.{name}" for each in ids - live.keys()]
        return faults

    def detail_faults(self, activity_id: int, expected: Row) -> list[str]:
        found = [row for row in self.activities if row["activity_id"] == activity_id]
        if not found:
            return ["is not in silver"]
        return _unequal("silver", found[0], expected)

    def stream_faults(self, activity_id: int, wire: StravaWire, body: bytes) -> list[str]:
        streams = wire.streams(body)
        chunks = self.streams.get(activity_id, [])
        points = [point for chunk in chunks for point in chunk["points"]]
        metrics = self.metrics.get(activity_id)
        if not streams.points:
            return ["silver has streams that Strava has not"] if points or metrics else []
        columns = {name: values.to_pylist() for name, values in streams.columns.items()}
        names = points[0].keys() if points else ()
        expected = [
            {name: columns[name][i] if name in columns else None for name in names}
            for i in range(streams.points)
        ]
        faults = [] if points == expected else ["silver has other streams"]
        return faults + _unequal("silver.metrics", metrics or {}, summarise(streams))


def _unequal(where: str, found: Row, expected: Row) -> list[str]:
    return [
        f"{where}: {name} is {found.get(name)!r}, not {value!r}"
        for name, value in expected.items()
        if found.get(name) != value
    ]


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    connection.execute("SET TimeZone = 'UTC'")
    found: list[Row] = connection.sql(sql).to_arrow_table().to_pylist()
    return found


def _as_landed(row: Row, schema: pa.Schema) -> Row:
    """The same values with the types that the tables give them."""
    landed: Row = pa.Table.from_pylist([row], schema=schema).to_pylist()[0]
    return {name: value for name, value in landed.items() if name in row}


def _newest(bronze: Blobs, kind: Kind, athlete_id: int, activity_id: int) -> bytes | None:
    names = list(bronze.names(prefix_of(athlete_id, kind, activity_id)))
    blob = bronze.get(names[-1]) if names else None
    return gzip.decompress(blob.data) if blob else None


def _told(body: bytes) -> Any:
    """What an answer says of this activity by itself."""
    return _pruned(json.loads(body))


def _pruned(value: Any) -> Any:
    if isinstance(value, list):
        return [_pruned(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {name: _pruned(each) for name, each in value.items() if name not in _DERIVED}
    if isinstance(kept.get("gear"), dict):
        kept["gear"].pop("distance", None)
    return kept


def _known(bronze: Blobs, live: Mapping[int, int]) -> set[int]:
    """Every activity of these athletes of which bronze has a detail."""
    folders: Iterable[str] = (prefix_of(each, "activity") for each in set(live.values()))
    names = (name for folder in folders for name in bronze.names(folder))
    return {parse_name(name)[1].activity_id for name in names}
