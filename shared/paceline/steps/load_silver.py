"""Bronze to silver: one bronze object becomes validated rows in landing.

What does not fit becomes a row of ops.failed_events that points to the payload; the rest loads.
"""

import gzip
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from paceline.errors import PayloadInvalid, StoreUnavailable
from paceline.metrics.summary import summarise
from paceline.model.landed import Landed
from paceline.model.outcome import Outcome
from paceline.model.streams import Streams
from paceline.ports import Blobs, Clock, Document, Landing, Wire

ACTIVITIES, STREAMS, METRICS = "landing.activities", "landing.streams", "landing.metrics"
FAILED_EVENTS = "ops.failed_events"

# 24 hours at one point a second would not fit into one row of a streaming insert.
CHUNK_POINTS = 10_000

# What one bronze object brings: rows as values, or as an Arrow table where there are many.
Rows = Mapping[str, Document | pa.Table]


@dataclass(frozen=True)
class Loading:
    """What loading needs. `schemas` are those of the landing tables, by name."""

    bronze: Blobs
    wire: Wire
    landing: Landing
    schemas: Mapping[str, pa.Schema]
    clock: Clock


def run(landed: Landed, use: Loading, *, attempt: int = 1) -> Outcome:
    return load([landed], use, attempt=attempt)[0]


def load(batch: Iterable[Landed], use: Loading, *, attempt: int = 1) -> list[Outcome]:
    """Load a batch in one append; a member that does not fit does not hold up the others."""
    found: list[Rows] = []
    outcomes = []
    for landed in batch:
        try:
            found.append(_rows(landed, use))
            outcomes.append(Outcome("loaded"))
        except PayloadInvalid as error:
            found.append(_failed(landed, error, use, attempt))
            named = {"message": str(error), "uri": landed.bronze_name}
            outcomes.append(Outcome("quarantined", named))
    use.landing.append({name: _table(name, found, use) for name in _names(found)})
    return outcomes


def _names(found: Iterable[Rows]) -> list[str]:
    return list(dict.fromkeys(name for rows in found for name in rows))


def _table(name: str, found: Iterable[Rows], use: Loading) -> pa.Table:
    parts = [rows[name] for rows in found if name in rows]
    values = [part for part in parts if not isinstance(part, pa.Table)]
    tables = [part for part in parts if isinstance(part, pa.Table)]
    if values:
        tables.append(pa.Table.from_pylist(values, schema=use.schemas[name]))
    return pa.concat_tables(tables)


def _rows(landed: Landed, use: Loading) -> Rows:
    if landed.op == "tombstone":
        return _tombstones(landed)
    body = _body(landed, use)
    if landed.kind == "activity":
        return {ACTIVITIES: _activity(landed, body, use)}
    streams = use.wire.streams(body)
    return {
        STREAMS: _chunks(landed, streams, use.schemas[STREAMS]),
        METRICS: _common(landed) | summarise(streams),
    }


def _body(landed: Landed, use: Loading) -> bytes:
    blob = use.bronze.get(landed.bronze_name)
    if blob is None:
        raise StoreUnavailable(f"Bronze has no {landed.bronze_name}; it is asked again later.")
    try:
        return gzip.decompress(blob.data)
    except (OSError, EOFError, zlib.error) as error:
        raise PayloadInvalid("The bronze object is not gzip, or is cut short.") from error


def _activity(landed: Landed, body: bytes, use: Loading) -> Document:
    row = use.wire.activity(body)
    if (row["athlete_id"], row["activity_id"]) != (landed.athlete_id, landed.activity_id):
        raise PayloadInvalid("The payload is about another activity than its name says.")
    return row | _common(landed)


def _tombstones(landed: Landed) -> Rows:
    row = _common(landed)
    no_points = {"chunk": 0, "chunks": 0, "points": []}
    streams = {STREAMS: row | no_points, METRICS: row}
    return streams if landed.kind == "streams" else {ACTIVITIES: row, **streams}


def _chunks(landed: Landed, streams: Streams, schema: pa.Schema) -> pa.Table:
    """A row a chunk. Offsets into one struct array: no point is copied or looped over."""
    starts = range(0, streams.points, CHUNK_POINTS)
    points_type = schema.field("points").type
    fields = list(points_type.value_type)
    points = pa.StructArray.from_arrays(
        [streams.columns.get(field.name, pa.nulls(streams.points, field.type)) for field in fields],
        fields=fields,
    )
    offsets = pa.array([*starts, streams.points], pa.int32())
    columns = {name: [value] * len(starts) for name, value in _common(landed).items()} | {
        "chunk": list(range(len(starts))),
        "chunks": [len(starts)] * len(starts),
    }
    arrays = [
        pa.ListArray.from_arrays(offsets, points, type=points_type)
        if field.name == "points"
        else pa.array(columns[field.name], field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _common(landed: Landed) -> Document:
    return {
        "athlete_id": landed.athlete_id,
        "activity_id": landed.activity_id,
        "version": landed.version,
        "op": landed.op,
        "source": "api",
        "bronze_uri": landed.bronze_name,
        "trace": landed.trace,
    }


def _failed(landed: Landed, error: PayloadInvalid, use: Loading, attempt: int) -> Rows:
    row = {
        "stage": "load_silver",
        "error_type": type(error).__name__,
        "message": str(error),
        "payload_uri": landed.bronze_name,
        "athlete_id": landed.athlete_id,
        "activity_id": landed.activity_id,
        "trace": landed.trace,
        "attempts": attempt,
        "failed_at": use.clock.now(),
    }
    return {FAILED_EVENTS: row}
