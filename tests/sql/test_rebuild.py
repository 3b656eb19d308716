"""Bronze alone gives the silver and marts that arrived bit by bit, in any order."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.duckdb_fingerprint import differences
from paceline.adapters.local.manual import ManualClock
from paceline.lake import Cause
from paceline.ledger import Entry
from paceline.model.bronze import Kind, Subject
from paceline.model.given import parse_given
from paceline.model.landed import Landed, Op
from paceline.ports import Answer
from paceline.steps import load_silver
from paceline.steps.give_settings import Giving, give
from paceline.steps.load_silver import Loading
from paceline.steps.rebuild import Rebuilding, rebuild
from paceline.steps.sweep import sweep
from tests.builders import ATHLETE, NOW, as_bytes, detail, streams
from tests.sql.landed import SQL, TABLES
from tests.sql.test_load_profile import GEAR, PROFILE, SCHEMAS, ZONES
from tests.unit.conftest import House, a_house

MARCH = date(2026, 3, 1)
Story = Callable[[House, int], None]  # something happens; a number says how


def keep(house: House, kind: Kind, body: Any, activity_id: int = 0, op: Op = "upsert") -> None:
    status = 404 if op == "tombstone" else 200
    answer = Answer(status, as_bytes(body), {}, "GET /")
    subject = Subject(ATHLETE, activity_id, house.clock.now())
    house.lake.keep(answer, kind, subject, Cause(house.ids.new(), "webhook", NOW), op)


def upload(house: House, number: int) -> None:
    """Or an edit: it may move the day, the sport and the gear."""
    start = f"2026-{4 + number % 3:02}-{1 + number:02}T22:30:11Z"
    body = detail(
        id=1 + number % 3,
        start_date=start,
        start_date_local=start,
        utc_offset=0.0,
        sport_type=["Run", "Ride", "Swim"][number % 3],
        gear_id=[None, "b1"][number % 2],
        average_watts=[None, 180.0 + number][number % 2],
    )
    keep(house, "activity", body, body["id"])


def record(house: House, number: int) -> None:
    seconds = range(60 + 30 * number)
    heart = [110 + (second + number) % 50 for second in seconds]
    watts = [150 + (7 * second + number) % 90 for second in seconds]
    body = streams(time=list(seconds), heartrate=heart, watts=watts)
    keep(house, "streams", body, 1 + number % 3)


def take_away(house: House, number: int) -> None:
    keep(house, "activity", {"message": "Record Not Found"}, 1 + number % 3, "tombstone")
    now = house.clock.now()
    gone = Entry(ATHLETE, now, "gone", "webhook", fetched_at=now, erase_after=now)
    house.ledger.put(1 + number % 3, lambda _: gone)


def sweep_up(house: House, _: int) -> None:
    sweep(house.sweeping)


def take_streams_away(house: House, number: int) -> None:
    keep(house, "streams", {}, 1 + number % 3, "tombstone")


def list_all(house: House, number: int) -> None:
    keep(house, "list", [detail(id=1 + each, distance=5_000.0 + number) for each in range(3)])


def be_somebody(house: House, number: int) -> None:
    keep(house, "athlete", PROFILE | {"weight": 60.0 + number, "ftp": 200 + number})
    keep(house, "zones", ZONES)
    keep(house, "gear", GEAR | {"distance": 1_000 * number})


def say(house: House, number: int) -> None:
    words = parse_given(f"ftp={250 + number}", MARCH + timedelta(days=9 * number))
    give(ATHLETE, words, "paceline settings", Giving(house.lake, house.clock, house.ids))


def send_nonsense(house: House, number: int) -> None:
    keep(house, "activity", {"id": 1 + number % 3, "athlete": {"id": ATHLETE}}, 1 + number % 3)


HAPPENINGS: list[Story] = [
    *(upload, record) * 3,
    *(take_away, sweep_up) * 2,
    take_streams_away,
    list_all,
    be_somebody,
    say,
    send_nonsense,
]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[DuckDbWarehouse]]:
    """Two warehouses, emptied for each example: to open one costs more than an example does."""
    homes = [tmp_path_factory.mktemp(name) for name in ("arrived", "rebuilt")]
    clock = ManualClock(NOW)
    pair = [DuckDbWarehouse(home / "l.duckdb", home / "m.duckdb", SQL, clock) for home in homes]
    yield pair
    for warehouse in pair:
        warehouse.close()


def empty(warehouse: DuckDbWarehouse) -> None:
    for table in TABLES.values():
        if table.kind not in {"temp", "view"}:
            warehouse._connection.execute(f"DELETE FROM {table.name}")


def into(warehouse: DuckDbWarehouse, house: House) -> Loading:
    return Loading(house.bronze, house.wire, warehouse, SCHEMAS, house.clock)


def arrive(messages: list[Landed], warehouse: DuckDbWarehouse, house: House, dice: Random) -> None:
    """In any order, some of them twice, in batches; the marts are built at any time."""
    messages = [*messages, *(each for each in messages if dice.random() < 0.3)]
    dice.shuffle(messages)
    while messages:
        size = dice.randint(1, 4)
        load_silver.load(messages[:size], into(warehouse, house))
        del messages[:size]
        if dice.random() < 0.3:
            assert warehouse.refresh().blocked == {}
    assert warehouse.refresh().blocked == {}


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    happens=st.lists(st.tuples(st.sampled_from(HAPPENINGS), st.integers(0, 5)), max_size=14),
    dice=st.randoms(use_true_random=False),
)
def test_bronze_alone_gives_what_arrived_in_any_order_and_any_number_of_times(
    tmp_path_factory: pytest.TempPathFactory,
    pair: list[DuckDbWarehouse],
    happens: list[tuple[Story, int]],
    dice: Random,
) -> None:
    arrived, rebuilt = pair
    empty(arrived)
    empty(rebuilt)
    with a_house(tmp_path_factory.mktemp("house")) as house:
        for story, number in happens:
            house.clock.advance(17)
            story(house, number)
        arrive(house.landed(), arrived, house, dice)

        counts = rebuild(Rebuilding(house.lake, into(rebuilt, house)))
        rebuilt.refresh(full=True)

        assert sum(counts.values()) == sum(1 for _ in house.bronze.names(""))
    assert differences(arrived.fingerprints(), rebuilt.fingerprints()) == {}
    assert arrived.refresh(full=True).drifted == {}


def test_days_of_settings_do_not_change_with_the_rows_that_an_erasure_takes(
    house: House, pair: list[DuckDbWarehouse]
) -> None:
    """Fourteen hours ahead it was another day, as only the activity that is gone had said."""
    arrived, rebuilt = pair
    empty(arrived)
    empty(rebuilt)
    early = NOW - timedelta(days=2)
    keep(house, "activity", detail(id=1, start_date=f"{early:%FT%TZ}", utc_offset=50_400), 1)
    for ftp_w in (240, 250):
        house.clock.advance(30 * 3_600)
        keep(house, "athlete", PROFILE | {"ftp": ftp_w})
    take_away(house, 0)
    arrive(house.landed(), arrived, house, Random(1))
    sweep(house.sweeping)
    arrive(house.landed(), arrived, house, Random(1))

    rebuild(Rebuilding(house.lake, into(rebuilt, house)))
    rebuilt.refresh(full=True)
    assert differences(arrived.fingerprints(), rebuilt.fingerprints()) == {}


def test_what_is_no_name_of_ours_is_counted_and_left(house: House, tmp_path: Path) -> None:
    house.bronze.put("strava/notes.txt", b"mine", {})
    upload(house, 1)
    with_rows = DuckDbWarehouse(tmp_path / "l.duckdb", tmp_path / "m.duckdb", SQL, house.clock)
    try:
        counts = rebuild(Rebuilding(house.lake, into(with_rows, house)))
        found = with_rows.query("SELECT activity_id FROM landing.activities").to_pylist()
    finally:
        with_rows.close()
    assert counts == {"strange": 1, "loaded": 1}
    assert found == [{"activity_id": 2}]


def test_a_full_run_that_finds_other_rows_says_so(house: House, tmp_path: Path) -> None:
    warehouse = DuckDbWarehouse(tmp_path / "l.duckdb", tmp_path / "m.duckdb", SQL, house.clock)
    upload(house, 1)
    load_silver.load(house.landed(), into(warehouse, house))
    warehouse.refresh()
    warehouse._connection.execute("UPDATE marts.daily_summary SET activities = 7")
    report = warehouse.refresh(full=True)
    failures = warehouse.query("SELECT table_name, reason FROM ops.check_failures").to_pylist()
    again = warehouse.refresh(full=True)
    runs = warehouse.query(
        "SELECT compared_tables > 0 AS yes FROM ops.script_runs ORDER BY started_at, finished_at"
    )
    warehouse.close()

    told = "1 rows before, 1 after; other values in activities"
    assert report.drifted == {"marts.daily_summary": told}
    assert failures == [
        {"table_name": "marts.daily_summary", "reason": f"a full run built other rows: {told}"}
    ]
    assert again.drifted == {}
    assert sorted(runs["yes"].to_pylist()) == [False, True, True]
