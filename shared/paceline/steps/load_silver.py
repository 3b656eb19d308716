"""Bronze to silver: one bronze object becomes validated rows in landing.

What does not fit becomes a row of ops.failed_events that points to the payload; the rest loads.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from paceline.errors import PayloadInvalid
from paceline.metrics.summary import summarise
from paceline.model.given import Given, decode_given
from paceline.model.landed import Landed
from paceline.model.outcome import Outcome
from paceline.model.streams import Streams
from paceline.ports import Blobs, Clock, Document, Landing, Wire
from paceline.steps.landed_body import Erased, body_of

ACTIVITIES, STREAMS, METRICS = "landing.activities", "landing.streams", "landing.metrics"
SETTINGS = "landing.settings"
FAILED_EVENTS, RECONCILIATIONS = "ops.failed_events", "ops.reconciliations"

# 24 hours at one point a second would not fit into one row of a streaming insert.
CHUNK_POINTS = 10_000

# Where what Strava says of an athlete lands, by the kind of its bronze object.
PROFILES = {
    "athlete": "landing.athletes",
    "zones": "landing.zones",
    "gear": "landing.gear",
    "stats": "landing.stats",
}

# What one bronze object brings: rows as values, or as an Arrow table where there are many.
Rows = Mapping[str, Sequence[Document] | pa.Table]


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
    members = [_member(landed, use, attempt) for landed in batch]
    return [member.outcome for member in _appended(members, use, attempt)]


@dataclass(frozen=True)
class _Member:
    """One of a batch: its rows, or the row that says why there are none."""

    landed: Landed
    rows: Rows
    outcome: Outcome

    @property
    def can_be_read_again(self) -> bool:
        """Whether nothing is lost when a row that points to its bronze object takes its place."""
        return bool(self.landed.bronze_name) and FAILED_EVENTS not in self.rows


def _member(landed: Landed, use: Loading, attempt: int) -> _Member:
    if landed.op == "erasure":
        return _erasure(landed, use)
    try:
        return _Member(landed, _rows(landed, use), Outcome("loaded").about(**_named(landed)))
    except Erased:
        return _Member(landed, {}, Outcome("already_erased").about(**_named(landed)))
    except PayloadInvalid as error:
        return _quarantined(landed, error, use, attempt)


def _erasure(landed: Landed, use: Loading) -> _Member:
    told_at = datetime.fromisoformat(landed.received_at) if landed.received_at else use.clock.now()
    use.landing.erase(
        landed.athlete_id, landed.activity_id, version=landed.version, failed_before=told_at
    )
    return _Member(landed, {}, Outcome("erased").about(**_named(landed)))


def _quarantined(landed: Landed, error: PayloadInvalid, use: Loading, attempt: int) -> _Member:
    failed = _failed(landed, "load_silver", f"{type(error).__name__}: {error}", use, attempt)
    named = {"message": str(error), "uri": landed.bronze_name}
    return _Member(landed, failed, Outcome("quarantined", named).about(**_named(landed)))


def _appended(members: Sequence[_Member], use: Loading, attempt: int) -> Sequence[_Member]:
    """What is there in the end.

    Where landing refuses a row, the halves are tried, and so the member is found whose row it is.
    """
    found = [member.rows for member in members]
    try:
        use.landing.append({name: _table(name, found, use) for name in _names(found)})
    except PayloadInvalid as error:
        if half := len(members) // 2:
            first = _appended(members[:half], use, attempt)
            return [*first, *_appended(members[half:], use, attempt)]
        (member,) = members
        if not member.can_be_read_again:
            raise  # the message is all that there is: it becomes a dead letter
        return _appended([_quarantined(member.landed, error, use, attempt)], use, attempt)
    return members


def _named(landed: Landed) -> dict[str, str | int]:
    named: dict[str, str | int] = {"athlete": landed.athlete_id, "kind": landed.kind}
    return named | ({"activity": landed.activity_id} if landed.activity_id else {})


def _names(found: Iterable[Rows]) -> list[str]:
    return list(dict.fromkeys(name for rows in found for name in rows))


def _table(name: str, found: Iterable[Rows], use: Loading) -> pa.Table:
    parts = [rows[name] for rows in found if name in rows]
    values = [row for part in parts if not isinstance(part, pa.Table) for row in part]
    tables = [part for part in parts if isinstance(part, pa.Table)]
    if values:
        tables.append(pa.Table.from_pylist(values, schema=use.schemas[name]))
    return pa.concat_tables(tables)


def _rows(landed: Landed, use: Loading) -> Rows:
    if landed.op != "upsert":
        return _news(landed, use)
    body = body_of(landed, use.bronze)
    if landed.kind == "activity":
        return {ACTIVITIES: [_activity(landed, body, use)]}
    if landed.kind == "list":
        return {ACTIVITIES: _summaries(landed, body, use)}
    if landed.kind == "settings":
        return {SETTINGS: [_setting(landed, given) for given in decode_given(body)]}
    if landed.kind != "streams":
        return {PROFILES[landed.kind]: [use.wire.profile(landed.kind, body) | _origin(landed)]}
    streams = use.wire.streams(body)
    return {
        STREAMS: _chunks(landed, streams, use.schemas[STREAMS]),
        METRICS: [_common(landed) | summarise(streams)],
    }


def _news(landed: Landed, use: Loading) -> Rows:
    """What comes without a bronze object."""
    if landed.op == "failure":
        return _failed(landed, _stage(landed), landed.note, use, landed.attempts)
    if landed.op == "report":
        return {RECONCILIATIONS: [_report_row(row) for row in json.loads(landed.note)]}
    return _tombstones(landed)


def _activity(landed: Landed, body: bytes, use: Loading) -> Document:
    row = use.wire.activity(body)
    if (row["athlete_id"], row["activity_id"]) != (landed.athlete_id, landed.activity_id):
        raise PayloadInvalid("The payload is about another activity than its name says.")
    return row | _common(landed) | _asked_for(landed)


def _summaries(landed: Landed, body: bytes, use: Loading) -> list[Document]:
    """Totals before any detail is read.

    Their version is in seconds, others' in microseconds: a later list wins over an earlier one,
    and every detail and every tombstone over any list.
    """
    early = {"version": landed.version // 1_000_000}
    return [
        {**listed.row, **_common(landed), **_asked_for(landed), **early, "activity_id": number}
        for listed in use.wire.listed(body)
        if listed.row and (number := listed.activity_id)
        if listed.row["athlete_id"] == landed.athlete_id
    ]


def _setting(landed: Landed, given: Given) -> Document:
    op = "upsert" if given.value is not None else "tombstone"
    return vars(given) | _origin(landed) | {"op": op, "source": "athlete"}


def _tombstones(landed: Landed) -> Rows:
    row = _common(landed)
    no_points = {"chunk": 0, "chunks": 0, "points": []}
    streams = {STREAMS: [row | no_points], METRICS: [row]}
    if landed.kind == "streams":
        return streams
    return {ACTIVITIES: [row | _asked_for(landed)], **streams}


def _chunks(landed: Landed, streams: Streams, schema: pa.Schema) -> pa.Table:
    """A row a chunk. Offsets into one struct array: no point is copied or looped over."""
    starts = range(0, streams.points, CHUNK_POINTS)
    points_type = schema.field("points").type
    fields = list(points_type.value_type)
    arrays = {"index": pa.array(np.arange(streams.points)), **streams.columns}
    points = pa.StructArray.from_arrays(
        [arrays.get(field.name, pa.nulls(streams.points, field.type)) for field in fields],
        fields=fields,
    )
    offsets = pa.array([*starts, streams.points], pa.int32())
    columns = {name: [value] * len(starts) for name, value in _common(landed).items()} | {
        "chunk": list(range(len(starts))),
        "chunks": [len(starts)] * len(starts),
        "resolution": [streams.resolution] * len(starts),
        "original_size": [streams.original_size] * len(starts),
        "series_type": [streams.series_type] * len(starts),
    }
    found = [
        pa.ListArray.from_arrays(offsets, points, type=points_type)
        if field.name == "points"
        else pa.array(columns[field.name], field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(found, schema=schema)


def _report_row(row: Document) -> Document:
    return row | {"checked_at": datetime.fromisoformat(row["checked_at"])}


def _common(landed: Landed) -> Document:
    return _origin(landed) | {"activity_id": landed.activity_id, "op": landed.op, "source": "api"}


def _origin(landed: Landed) -> Document:
    return {
        "athlete_id": landed.athlete_id,
        "version": landed.version,
        "bronze_uri": landed.bronze_name,
        "trace": landed.trace,
    }


def _asked_for(landed: Landed) -> Document:
    """Why and since when it was wanted: the beginning of its way to the marts."""
    received_at = datetime.fromisoformat(landed.received_at) if landed.received_at else None
    return {"reason": landed.reason, "received_at": received_at}


def _stage(landed: Landed) -> str:
    """Who was refused an answer."""
    if landed.kind == "list":
        return "reconcile" if landed.reason == "reconcile" else "release_work"
    return "fetch_profile" if landed.kind in PROFILES else "fetch_activity"


def _failed(landed: Landed, stage: str, error: str, use: Loading, attempts: int) -> Rows:
    kind, _, message = error.partition(": ")
    row = {
        "stage": stage,
        "error_type": kind,
        "message": message,
        "payload_uri": landed.bronze_name or None,
        "athlete_id": landed.athlete_id,
        "activity_id": landed.activity_id or None,
        "trace": landed.trace,
        "attempts": attempts,
        "failed_at": use.clock.now(),
    }
    return {FAILED_EVENTS: [row]}
