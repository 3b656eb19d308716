"""load_silver: one bronze object becomes rows; what does not fit is kept, named and pointed to."""

import gzip
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from paceline.adapters.strava.wire import StravaWire
from paceline.errors import PayloadInvalid, StoreUnavailable
from paceline.lake import Cause, Failure
from paceline.model.bronze import BronzeObject, Kind, Subject
from paceline.model.event import Reason
from paceline.model.landed import Landed, decode_landed
from paceline.ports import Answer
from paceline.steps import load_silver
from paceline.steps.load_silver import ACTIVITIES, FAILED_EVENTS, METRICS, STREAMS, Loading
from paceline.warehouse.tables import load_tables
from tests.builders import ACTIVITY, ATHLETE, NOW, as_bytes, detail, streams
from tests.unit.conftest import House

SCHEMAS = {
    name: table.arrow_schema()
    for name, table in load_tables(Path(__file__).parents[2] / "sql").items()
}
REFUSED = 13


class Tray:
    """A landing that keeps what it is given."""

    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {}

    def append(self, tables: Mapping[str, pa.Table]) -> None:
        for name, rows in tables.items():
            self.tables.setdefault(name, []).extend(rows.to_pylist())

    def erase(
        self, athlete_id: int, activity_id: int, *, version: int, failed_before: datetime
    ) -> None:
        for name, rows in self.tables.items():
            self.tables[name] = [
                row
                for row in rows
                if (row["athlete_id"], row["activity_id"]) != (athlete_id, activity_id)
                or (
                    row["failed_at"] >= failed_before
                    if "failed_at" in row
                    else row["version"] >= version
                )
            ]


class Picky(Tray):
    """One that refuses a table for the row of one activity, after others, as BigQuery does."""

    def append(self, tables: Mapping[str, pa.Table]) -> None:
        for name in sorted(tables, reverse=True):
            if name != FAILED_EVENTS and REFUSED in tables[name]["activity_id"].to_pylist():
                raise PayloadInvalid(f"{name}.average_speed_mps: out of range")
            super().append({name: tables[name]})


def put(house: House, kind: Kind, body: bytes, activity_id: int = ACTIVITY) -> Landed:
    item = BronzeObject(kind, ATHLETE, activity_id, NOW, body, "GET /", 200)
    house.bronze.put(item.name(), item.packed(), item.metadata())
    return Landed("upsert", kind, ATHLETE, activity_id, item.version, "trace", item.name())


def load(house: House, *batch: Landed, tray: Tray | None = None) -> tuple[Tray, list[str]]:
    tray = tray or Tray()
    use = Loading(house.bronze, StravaWire(), tray, SCHEMAS, house.clock)
    return tray, [outcome.name for outcome in load_silver.load(batch, use)]


def test_a_detail_becomes_one_row_with_its_provenance(house: House) -> None:
    landed = put(house, "activity", as_bytes(detail()))
    tray, outcomes = load(house, landed)

    (row,) = tray.tables[ACTIVITIES]
    assert outcomes == ["loaded"]
    assert (row["activity_id"], row["version"], row["op"]) == (ACTIVITY, landed.version, "upsert")
    assert (row["bronze_uri"], row["trace"]) == (landed.bronze_name, "trace")
    assert row["name"] == "Lunch loop"


def test_streams_become_chunks_and_a_row_of_metrics(house: House) -> None:
    count = load_silver.CHUNK_POINTS * 2 + 5
    body = streams(time=list(range(count)), watts=[200] * count)
    tray, _ = load(house, put(house, "streams", as_bytes(body)))

    chunks = tray.tables[STREAMS]
    assert [(row["chunk"], row["chunks"], len(row["points"])) for row in chunks] == [
        (0, 3, 10_000),
        (1, 3, 10_000),
        (2, 3, 5),
    ]
    assert chunks[2]["points"][0]["t"] == 20_000
    assert chunks[2]["points"][4]["index"] == count - 1
    assert chunks[0]["points"][0]["heartrate_bpm"] is None
    (metrics,) = tray.tables[METRICS]
    assert metrics["recorded_s"] == count - 1
    assert metrics["normalized_power_w"] == pytest.approx(200.0)


def test_streams_without_time_are_kept_in_their_order(house: House) -> None:
    body = streams(distance=[0.0, 0.0, 2.5], heartrate=[100, None, 120])
    tray, outcomes = load(house, put(house, "streams", as_bytes(body)))

    assert outcomes == ["loaded"]
    (chunk,) = tray.tables[STREAMS]
    points: list[dict[str, object]] = chunk["points"]
    assert [point["index"] for point in points] == [0, 1, 2]
    assert {point["t"] for point in points} == {None}
    assert [point["heartrate_bpm"] for point in points] == [100.0, None, 120.0]


def test_a_tombstone_reaches_every_landing_table(house: House) -> None:
    tray, _ = load(house, Landed("tombstone", "activity", ATHLETE, ACTIVITY, 9, "trace"))

    for name in (ACTIVITIES, STREAMS, METRICS):
        (row,) = tray.tables[name]
        assert (row["op"], row["version"]) == ("tombstone", 9)


def test_streams_that_are_gone_leave_without_their_activity(house: House) -> None:
    tray, _ = load(house, Landed("tombstone", "streams", ATHLETE, ACTIVITY, 9, "trace"))

    assert set(tray.tables) == {STREAMS, METRICS}


@pytest.mark.parametrize(
    ("kind", "body", "named"),
    [
        ("activity", b"{", "JSON"),
        ("streams", b"<html>", "JSON"),
        ("streams", as_bytes(streams(time=[0, 1], watts=[1])), "unequal"),
        ("activity", as_bytes(detail(id=5)), "another activity"),
    ],
)
def test_what_does_not_fit_is_quarantined_and_the_rest_loads(
    house: House, kind: Kind, body: bytes, named: str
) -> None:
    bad = put(house, kind, body)
    good = put(house, "activity", as_bytes(detail(id=7)), activity_id=7)
    tray, outcomes = load(house, bad, good)

    (failure,) = tray.tables[FAILED_EVENTS]
    assert outcomes == ["quarantined", "loaded"]
    assert named in str(failure["message"])
    assert (failure["payload_uri"], failure["activity_id"]) == (bad.bronze_name, ACTIVITY)
    blob = house.bronze.get(bad.bronze_name)
    assert blob is not None
    assert gzip.decompress(blob.data) == body


@pytest.mark.parametrize("others", [(), (7,), (7, 8, 20, 21)])
def test_what_landing_refuses_is_quarantined_and_the_rest_of_its_batch_lands(
    house: House, others: tuple[int, ...]
) -> None:
    ids = sorted((REFUSED, *others))
    batch = [put(house, "activity", as_bytes(detail(id=each)), each) for each in ids]
    tray, outcomes = load(house, *batch, tray=Picky())

    assert outcomes == ["quarantined" if each == REFUSED else "loaded" for each in ids]
    (failure,) = tray.tables[FAILED_EVENTS]
    assert failure["message"] == "landing.activities.average_speed_mps: out of range"
    assert failure["error_type"] == "PayloadInvalid"
    assert failure["payload_uri"] == batch[ids.index(REFUSED)].bronze_name
    landed = [row["activity_id"] for row in tray.tables.get(ACTIVITIES, ())]
    assert sorted(landed) == sorted(others)


def test_what_landing_refuses_and_nobody_could_read_again_stays_on_the_bus(house: House) -> None:
    gone = Landed("tombstone", "activity", ATHLETE, REFUSED, 9, "trace")

    with pytest.raises(PayloadInvalid):
        load(house, gone, tray=Picky())


def test_what_strava_refused_is_listed_with_its_tries_and_a_pointer_to_the_answer(
    house: House,
) -> None:
    answer = Answer(403, as_bytes({"message": "Forbidden"}), {}, "GET /")
    subject, cause = Subject(ATHLETE, ACTIVITY, NOW), Cause("trace", "webhook", NOW)
    refused = Failure("StravaRefused: no", attempts=3)
    name = house.lake.keep(answer, "activity", subject, cause, "failure", refused)
    tray, _ = load(house, *house.landed())

    (failure,) = tray.tables[FAILED_EVENTS]
    assert (failure["stage"], failure["error_type"]) == ("fetch_activity", "StravaRefused")
    assert (failure["attempts"], failure["payload_uri"]) == (3, name)


def test_bytes_that_are_not_gzip_are_quarantined(house: House) -> None:
    name = BronzeObject("activity", ATHLETE, ACTIVITY, NOW, b"", "GET /", 200).name()
    house.bronze.put(name, b"plain", {})
    _, outcomes = load(house, Landed("upsert", "activity", ATHLETE, ACTIVITY, 1, "trace", name))

    assert outcomes == ["quarantined"]


def test_a_bronze_object_that_is_not_there_yet_is_asked_for_again(house: House) -> None:
    name = BronzeObject("activity", ATHLETE, ACTIVITY, NOW, b"", "GET /", 200).name()

    with pytest.raises(StoreUnavailable):
        load(house, Landed("upsert", "activity", ATHLETE, ACTIVITY, 1, "trace", name))


def test_the_name_of_a_bronze_object_says_what_whose_and_when(house: House) -> None:
    item = BronzeObject("streams", ATHLETE, ACTIVITY, NOW, b"x", "GET /", 200)
    folder = f"strava/athlete_id={ATHLETE}/streams/activity_id={ACTIVITY}/"

    assert item.name() == f"{folder}20261121T090002000000Z-2d711642b726.json.gz"


def test_a_landed_message_survives_the_journey() -> None:
    landed = Landed("upsert", "activity", ATHLETE, ACTIVITY, 5, "trace", "name")

    assert decode_landed(landed.encode()) == landed


@pytest.mark.parametrize(
    ("kind", "reason", "stage"),
    [
        ("activity", "webhook", "fetch_activity"),
        ("list", "backfill", "release_work"),
        ("list", "reconcile", "reconcile"),
        ("stats", "reconcile", "fetch_profile"),
        ("gear", "backfill", "fetch_profile"),
    ],
)
def test_what_strava_refused_is_named_by_who_asked(
    house: House, kind: Kind, reason: Reason, stage: str
) -> None:
    note = "StravaRefused: Strava refused GET / with 403."
    news = Landed("failure", kind, ATHLETE, 0, 1, "trace", reason=reason, note=note)
    tray, outcomes = load(house, news)

    (row,) = tray.tables[FAILED_EVENTS]
    assert outcomes == ["loaded"]
    assert (row["stage"], row["error_type"]) == (stage, "StravaRefused")
    assert (row["athlete_id"], row["activity_id"]) == (ATHLETE, None)
