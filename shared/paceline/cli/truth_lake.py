"""Compare bronze, landing and silver with what Strava's API answers now, activity by activity."""

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from paceline.adapters.strava.wire import StravaWire
from paceline.metrics.summary import summarise
from paceline.model.bronze import Kind, parse_name, prefix_of
from paceline.model.streams import Streams
from paceline.ports import Blobs
from paceline.reading import OK
from paceline.steps.fetch_streams import STREAM_KEYS

Row = dict[str, Any]
Ask = Callable[[int, str], tuple[int, bytes]]  # an athlete and a path; the status and the body

# What Strava works out from the athlete's other activities: it changes without any event, and no
# list shows it.
_DERIVED = {
    "achievement_count",
    "achievements",
    "converted_distance",
    "kom_rank",
    "pr_count",
    "pr_rank",
    "raw_json",  # holds the rest
    "similar_activities",
}


@dataclass
class Compared:
    """What differs, and how much was looked at."""

    faults: list[str] = field(default_factory=list)
    activities: int = 0
    identical: int = 0  # of them: the newest detail in bronze is the answer, byte for byte
    recorded: set[int] = field(default_factory=set)  # their streams have to be, byte for byte
    gone: int = 0  # activities of which bronze has Strava's answer that they are gone


def compare_lake(
    live: Mapping[int, int], ask: Ask, bronze: Blobs, warehouse: Path, schema: pa.Schema
) -> Compared:
    """`live` are all activities that the tokens see, with their athletes.

    Nobody else may have the warehouse open. `schema` is that of landing.activities.
    """
    compared, wire = Compared(activities=len(live)), StravaWire()
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        silver = _Silver.read(connection)
        compared.faults += _left_in_landing(connection, live)
    compared.faults += silver.other_than(live)
    for activity_id, athlete_id in live.items():
        path = f"activities/{activity_id}"
        _, detail = ask(athlete_id, f"{path}?include_all_efforts=true")
        kept = _newest(bronze, "activity", athlete_id, activity_id)
        compared.identical += kept == detail
        expected = _as_in_silver(wire.activity(detail), schema)
        faults = [] if kept and _told(kept) == _told(detail) else ["bronze has another detail"]
        faults += silver.detail_faults(activity_id, expected)

        status, body = ask(athlete_id, f"{path}/streams?keys={STREAM_KEYS}&key_by_type=true")
        if status != OK or not wire.has_points(body):
            body = b"{}"
        else:
            compared.recorded.add(activity_id)
            if body != _newest(bronze, "streams", athlete_id, activity_id):
                faults.append("bronze has other streams")
        faults += silver.stream_faults(activity_id, wire.streams(body))
        compared.faults += [f"{activity_id}: {fault}" for fault in faults]
    compared.gone = _look_for_gone(bronze, live, compared.faults)
    return compared


@dataclass(frozen=True)
class _Silver:
    activities: Mapping[int, Sequence[Row]]
    streams: Mapping[int, Sequence[Row]]  # chunks in order
    metrics: Mapping[int, Sequence[Row]]

    @classmethod
    def read(cls, connection: duckdb.DuckDBPyConnection) -> "_Silver":
        return cls(
            _rows(connection, "silver.activities", "activity_id"),
            _rows(connection, "silver.streams", "activity_id, chunk"),
            _rows(connection, "silver.metrics", "activity_id"),
        )

    def other_than(self, live: Mapping[int, int]) -> list[str]:
        """What silver has and should not have, or has twice."""
        faults = []
        for name in ("activities", "metrics", "streams"):
            rows: Mapping[int, Sequence[Row]] = getattr(self, name)
            faults += [f"{each} should not be in silver.{name}" for each in rows.keys() - live]
            keys = {each: {row.get("chunk") for row in rows[each]} for each in rows}
            twice = [each for each in rows if len(rows[each]) > len(keys[each])]
            faults += [f"{each} is twice in silver.{name}" for each in twice]
        return faults

    def detail_faults(self, activity_id: int, expected: Row) -> list[str]:
        found = self.activities.get(activity_id)
        return _unequal("silver", found[0], expected) if found else ["is not in silver"]

    def stream_faults(self, activity_id: int, streams: Streams) -> list[str]:
        points = [p for chunk in self.streams.get(activity_id, []) for p in chunk["points"]]
        (metrics,) = self.metrics.get(activity_id, [{}])[:1]
        if not streams.points:
            return ["silver has streams that Strava has not"] if points or metrics else []
        columns = {name: values.to_pylist() for name, values in streams.columns.items()}
        found = {name: [point[name] for point in points] for name in columns}
        faults = [] if found == columns else ["silver has other streams"]
        faults += [] if metrics else ["silver has no metrics"]
        return faults + _unequal("silver.metrics", metrics, summarise(streams))


def _unequal(where: str, found: Row, expected: Row) -> list[str]:
    return [
        f"{where}: {name} is {found[name]!r}, not {value!r}"
        for name, value in expected.items()
        if name in found and name not in _DERIVED and _pruned(found[name]) != _pruned(value)
    ]


def _rows(connection: duckdb.DuckDBPyConnection, table: str, order: str) -> dict[int, list[Row]]:
    """All rows, by activity."""
    connection.execute("SET TimeZone = 'UTC'")
    found: dict[int, list[Row]] = defaultdict(list)
    query = f"SELECT * FROM {table} ORDER BY {order}"  # noqa: S608 - a table of our own
    for row in connection.sql(query).to_arrow_table().to_pylist():
        found[row["activity_id"]].append(row)
    return found


def _as_in_silver(row: Row, schema: pa.Schema) -> Row:
    """The same values, as silver has them."""
    landed: Row = pa.Table.from_pylist([row], schema=schema).to_pylist()[0]
    if None not in (times := (landed["moving_time_s"], landed["elapsed_time_s"])):
        landed["moving_time_s"] = min(times)  # silver lets nobody move for longer than it took
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


def _left_in_landing(connection: duckdb.DuckDBPyConnection, live: Mapping[int, int]) -> list[str]:
    faults = []
    for name in ("activities", "streams", "metrics"):
        query = f"SELECT DISTINCT activity_id FROM landing.{name} WHERE op = 'upsert'"  # noqa: S608
        found = {activity_id for (activity_id,) in connection.execute(query).fetchall()}
        faults += [f"{each} is gone, and in landing.{name}" for each in sorted(found - live.keys())]
    return faults


def _look_for_gone(bronze: Blobs, live: Mapping[int, int], faults: list[str]) -> int:
    """What bronze has of activities that are gone is Strava's answer that they are."""
    kinds: tuple[Kind, ...] = ("activity", "streams", "list")
    gone: set[int] = set()
    for folder in [prefix_of(each, kind) for each in sorted(set(live.values())) for kind in kinds]:
        for name in bronze.names(folder):
            subject, blob = parse_name(name)[1], bronze.get(name)
            if blob is None or subject.activity_id in live:
                continue
            if subject.activity_id and blob.metadata["op"] == "tombstone":
                gone.add(subject.activity_id)
            elif subject.activity_id:
                faults.append(f"{subject.activity_id} is gone, and bronze has {name}")
            else:
                listed = {row["id"] for row in json.loads(gzip.decompress(blob.data))}
                faults += [
                    f"{each} is gone, and in {name}" for each in sorted(listed - live.keys())
                ]
    return len(gone)
