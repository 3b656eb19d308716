"""fetch_activity: the lake matches what Strava says now."""

import gzip
from dataclasses import replace

import pytest

from paceline.errors import StravaUnavailable
from paceline.lake import Cause
from paceline.model.bronze import Subject, version_of
from paceline.model.priority import Priority
from paceline.steps import backfill, fetch_activity
from paceline.steps.backfill import Backfill
from paceline.steps.fetch_work import Work, settle
from paceline.windows import LATE, next_quarter
from tests.builders import ACTIVITY, ATHLETE, NOW, as_bytes, detail, message, streams
from tests.unit.conftest import House


@pytest.fixture
def connected(house: House) -> House:
    house.connect()
    house.strava.details[ACTIVITY] = detail()
    house.strava.streams[ACTIVITY] = streams()
    return house


def test_a_new_activity_lands_as_two_bronze_objects_byte_for_byte(connected: House) -> None:
    outcome = fetch_activity.run(message(), connected.fetching)

    assert outcome.name == "fetched"
    landed = connected.landed()
    bodies = [connected.bronze.get(each.bronze_name) for each in landed]
    assert [gzip.decompress(blob.data) for blob in bodies if blob] == [
        as_bytes(detail()),
        as_bytes(streams()),
    ]
    assert {each.version for each in landed} == {version_of(connected.clock.now())}


def test_an_event_that_a_later_fetch_covers_costs_no_read(connected: House) -> None:
    first = message(received_at=connected.clock.now())
    connected.clock.advance(1)
    fetch_activity.run(first, connected.fetching)
    asked = len(connected.strava.asked)

    assert fetch_activity.run(first, connected.fetching).name == "covered"
    assert len(connected.strava.asked) == asked


def test_an_edit_of_the_title_costs_one_read_and_a_crop_two(connected: House) -> None:
    fetch_activity.run(message(), connected.fetching)
    connected.clock.advance(60)
    connected.strava.details[ACTIVITY] = detail(name="Renamed")
    connected.strava.asked.clear()
    edit = message(received_at=connected.clock.now(), aspect_type="update")
    fetch_activity.run(edit, connected.fetching)
    assert connected.strava.asked == [f"activities/{ACTIVITY}"]

    connected.clock.advance(60)
    connected.strava.details[ACTIVITY] = detail(elapsed_time=3_000)
    edit = message(received_at=connected.clock.now(), aspect_type="update")
    fetch_activity.run(edit, connected.fetching)
    assert connected.strava.asked[1:] == [
        f"activities/{ACTIVITY}",
        f"activities/{ACTIVITY}/streams",
    ]


def test_a_delete_is_believed_only_when_strava_says_404(connected: House) -> None:
    forged = message(aspect_type="delete")
    assert fetch_activity.run(forged, connected.fetching).name == "fetched"

    connected.clock.advance(60)
    connected.strava.details.clear()
    connected.landed()
    real = message(received_at=connected.clock.now(), aspect_type="delete")
    assert fetch_activity.run(real, connected.fetching).name == "gone"
    assert [each.op for each in connected.landed()] == ["tombstone"]


def test_a_create_after_a_delete_brings_the_activity_back(connected: House) -> None:
    del connected.strava.details[ACTIVITY]
    fetch_activity.run(message(aspect_type="delete"), connected.fetching)
    connected.clock.advance(60)
    connected.strava.details[ACTIVITY] = detail()
    again = message(received_at=connected.clock.now())

    assert fetch_activity.run(again, connected.fetching).name == "fetched"
    versions = [each.version for each in connected.landed()]
    assert versions == sorted(versions)


def test_a_young_activity_is_asked_for_again_before_it_counts_as_gone(connected: House) -> None:
    connected.strava.details.clear()
    outcomes = [fetch_activity.run(message(), connected.fetching).name]
    for _ in range(4):
        connected.clock.advance(2_000)
        outcomes.append(fetch_activity.run(message(reason="retry"), connected.fetching).name)

    assert outcomes == ["parked"] * 4 + ["gone"]


def test_a_burst_of_events_does_not_use_up_the_retries(connected: House) -> None:
    connected.strava.details.clear()
    for number in range(6):
        connected.clock.advance(1)
        event = message(event_time=number + 1)
        assert fetch_activity.run(event, connected.fetching).name == "parked"
    connected.strava.details[ACTIVITY] = detail()
    connected.strava.streams[ACTIVITY] = {}
    for number in range(6):
        connected.clock.advance(1)
        event = message(received_at=connected.clock.now(), event_time=number + 1)
        assert fetch_activity.run(event, connected.fetching).name == "streams_waiting"
    assert connected.landed()[-1].op == "upsert"


@pytest.mark.parametrize(("before", "attempt"), [(0, 2), (1, 1)])
def test_what_a_fetch_stored_before_it_died_is_taken_away_when_it_is_not_found(
    connected: House, before: int, attempt: int
) -> None:
    """By the message that comes again, or by the next one: the ledger knows nothing of it."""
    subject = Subject(ATHLETE, ACTIVITY, NOW)
    cause = Cause("t" * 32, "webhook", NOW)
    connected.lake.keep(connected.strava.answer(200, detail()), "activity", subject, cause)
    connected.strava.details.clear()
    connected.clock.advance(1)
    for _ in range(before):
        assert fetch_activity.run(message(), connected.fetching).name == "parked"
    outcome = fetch_activity.run(message(), connected.fetching, attempt=attempt)
    assert outcome.name == "parked"
    assert [each.op for each in connected.landed()] == ["upsert", "tombstone"]


def test_what_was_never_there_and_is_not_found_at_first_costs_no_tombstone(
    connected: House,
) -> None:
    connected.strava.details.clear()
    assert fetch_activity.run(message(), connected.fetching).name == "parked"
    assert connected.landed() == []


def test_streams_that_lag_are_asked_for_again_and_then_given_up(connected: House) -> None:
    connected.strava.streams[ACTIVITY] = {}
    outcomes = [fetch_activity.run(message(), connected.fetching).name]
    for _ in range(3):
        connected.clock.advance(3_000)
        retry = message(received_at=connected.clock.now(), reason="retry")
        outcomes.append(fetch_activity.run(retry, connected.fetching).name)

    entry = connected.ledger.get(ACTIVITY)
    assert outcomes == ["streams_waiting"] * 3 + ["fetched"]
    assert entry is not None
    assert entry.streams == "none"


def test_a_manual_activity_is_not_asked_for_streams(connected: House) -> None:
    connected.strava.details[ACTIVITY] = detail(manual=True)
    fetch_activity.run(message(), connected.fetching)

    assert connected.strava.asked == [f"activities/{ACTIVITY}"]


def test_an_unknown_athlete_costs_no_read(house: House) -> None:
    assert fetch_activity.run(message(), house.fetching).name == "unknown_athlete"
    assert house.strava.asked == []


def test_a_payload_that_does_not_fit_is_kept_for_quarantine_and_fails_the_work(
    connected: House,
) -> None:
    connected.strava.details[ACTIVITY] = detail(distance="far")
    assert fetch_activity.run(message(), connected.fetching).name == "failed"

    (landed,) = connected.landed()
    blob = connected.bronze.get(landed.bronze_name)
    assert blob is not None
    assert gzip.decompress(blob.data) == as_bytes(detail(distance="far"))


def test_streams_whose_values_do_not_fit_are_kept_for_quarantine_too(connected: House) -> None:
    connected.strava.streams[ACTIVITY] = streams(time=[0, 1], watts=[100])

    assert fetch_activity.run(message(), connected.fetching).name == "fetched"
    assert len(connected.landed()) == 2


def test_an_activity_of_somebody_else_is_not_stored(connected: House) -> None:
    connected.strava.details[ACTIVITY] = detail(athlete={"id": ATHLETE + 1})

    assert fetch_activity.run(message(), connected.fetching).name == "foreign_athlete"
    assert connected.landed() == []


def test_a_forged_owner_does_not_touch_work_that_waits(connected: House) -> None:
    connected.strava.streams[ACTIVITY] = {}
    fetch_activity.run(message(), connected.fetching)
    waiting = connected.ledger.get(ACTIVITY)
    connected.clock.advance(1)
    forged = message(received_at=connected.clock.now(), owner_id=ATHLETE + 1)

    assert fetch_activity.run(forged, connected.fetching).name == "foreign_athlete"
    assert connected.ledger.get(ACTIVITY) == waiting


def test_a_forged_owner_that_came_first_does_not_lock_the_real_one_out(house: House) -> None:
    house.connect()
    stranger = replace(house.strava.exchange("code"), athlete_id=ATHLETE + 1)
    house.vault.connect(stranger)
    assert fetch_activity.run(message(owner_id=ATHLETE + 1), house.fetching).name == "parked"
    house.strava.details[ACTIVITY] = detail()
    house.strava.streams[ACTIVITY] = streams()

    for _ in range(2):  # the first settles it, the second is an edit
        house.clock.advance(1)
        real = message(received_at=house.clock.now())
        assert fetch_activity.run(real, house.fetching).name == "fetched"
        house.clock.advance(1)
    entry = house.ledger.get(ACTIVITY)
    assert entry is not None
    assert entry.athlete_id == ATHLETE


@pytest.mark.parametrize("status", ["unknown", "needs_reauth", "erasing"])
def test_a_forged_owner_without_a_token_does_not_end_work_that_waits(
    house: House, status: str
) -> None:
    house.connect()
    if status != "unknown":
        house.vault.connect(replace(house.strava.exchange("code"), athlete_id=ATHLETE + 1))
        house.strava.dead = True
        house.clock.advance(6 * 3_600)
    if status == "erasing":
        assert house.vault.erase_if_refused(ATHLETE + 1)
    backfill.want_ids(ATHLETE, [ACTIVITY], Backfill(ATHLETE), house.backfilling)
    waiting = house.ledger.get(ACTIVITY)
    forged = message(received_at=house.clock.now(), owner_id=ATHLETE + 1)

    assert fetch_activity.run(forged, house.fetching).name == "foreign_athlete"
    assert house.ledger.get(ACTIVITY) == waiting


def test_work_that_was_parked_for_a_forged_owner_goes_to_the_one_that_strava_names(
    connected: House,
) -> None:
    connected.vault.connect(replace(connected.strava.exchange("code"), athlete_id=ATHLETE + 1))
    connected.budget.reserve(100, Priority.LIVE)
    for owner_id in (ATHLETE + 1, ATHLETE):  # neither can be asked about now
        event = message(received_at=connected.clock.now(), owner_id=owner_id)
        assert fetch_activity.run(event, connected.fetching).name == "parked"
    connected.clock.advance(900)
    retry = message(received_at=connected.clock.now(), owner_id=ATHLETE + 1, reason="retry")
    assert fetch_activity.run(retry, connected.fetching).name == "foreign_athlete"

    ((activity_id, entry),) = connected.ledger.due(connected.clock.now(), 10)
    assert (activity_id, entry.athlete_id) == (ACTIVITY, ATHLETE)


def test_a_forged_delete_does_not_end_the_wait_for_a_young_activity(house: House) -> None:
    house.connect()
    house.vault.connect(replace(house.strava.exchange("code"), athlete_id=ATHLETE + 1))
    fetch_activity.run(message(), house.fetching)
    waiting = house.ledger.get(ACTIVITY)
    forged = message(aspect_type="delete", owner_id=ATHLETE + 1)

    assert fetch_activity.run(forged, house.fetching).name == "foreign_athlete"
    assert house.ledger.get(ACTIVITY) == waiting
    assert house.landed() == []


def test_a_fetch_that_ends_late_does_not_erase_newer_work_that_was_parked(
    connected: House,
) -> None:
    began = Work(message(), None, connected.clock.now())
    connected.clock.advance(1)
    connected.budget.reserve(95, Priority.LIVE)
    edit = message(received_at=connected.clock.now(), aspect_type="update")
    assert fetch_activity.run(edit, connected.fetching).name == "parked"
    settle(began, connected.ledger, state="fetched", detail_sha="x", streams="present")

    entry = connected.ledger.get(ACTIVITY)
    assert entry is not None
    assert (entry.state, entry.streams) == ("parked", "present")
    assert [each for each, _ in connected.ledger.due(entry.not_before or entry.wanted_at, 9)]


def test_streams_come_back_after_a_kill_between_the_tombstone_and_its_record(
    connected: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch_activity.run(message(), connected.fetching)
    connected.strava.details.clear()
    connected.clock.advance(60)
    delete = message(received_at=connected.clock.now(), aspect_type="delete")
    with monkeypatch.context() as killed:
        killed.setattr(fetch_activity, "settle", lambda *_, **__: exec("raise KeyboardInterrupt"))
        with pytest.raises(KeyboardInterrupt):
            fetch_activity.run(delete, connected.fetching)
    connected.strava.details[ACTIVITY] = detail()
    connected.clock.advance(60)
    connected.landed()
    fetch_activity.run(delete, connected.fetching)

    assert [each.kind for each in connected.landed()] == ["activity", "streams"]


def test_streams_of_a_former_recording_leave_when_the_new_one_has_none(connected: House) -> None:
    fetch_activity.run(message(), connected.fetching)
    connected.strava.details[ACTIVITY] = detail(elapsed_time=1)
    connected.strava.streams[ACTIVITY] = {}
    connected.landed()
    for _ in range(4):
        connected.clock.advance(3_000)
        again = message(received_at=connected.clock.now(), reason="retry")
        outcome = fetch_activity.run(again, connected.fetching).name

    assert outcome == "fetched"
    gone = [each for each in connected.landed() if each.op == "tombstone"]
    assert {each.kind for each in gone} == {"streams"}


def test_streams_of_a_fetch_that_died_leave_when_the_next_recording_has_none(
    connected: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(fetch_activity, "settle", lambda *_, **__: exec("raise KeyboardInterrupt"))
        with pytest.raises(KeyboardInterrupt):
            fetch_activity.run(message(), connected.fetching)
    connected.strava.details[ACTIVITY] = detail(elapsed_time=1)
    del connected.strava.streams[ACTIVITY]
    for _ in range(4):
        connected.clock.advance(3_000)
        retry = message(received_at=connected.clock.now(), reason="retry")
        fetch_activity.run(retry, connected.fetching)

    recordings = [each.op for each in connected.landed() if each.kind == "streams"]
    assert (recordings[0], recordings[-1]) == ("upsert", "tombstone")


def test_an_old_activity_of_a_backfill_is_not_asked_again_for_streams(connected: House) -> None:
    connected.strava.streams[ACTIVITY] = {}
    found = fetch_activity.run(message(reason="backfill"), connected.fetching)

    assert (found.name, found.fields["streams"]) == ("fetched", "none")


def test_a_refused_token_is_refreshed_once_and_the_read_repeated(connected: House) -> None:
    connected.strava.instead = [connected.strava.answer(401, {})]

    assert fetch_activity.run(message(), connected.fetching).name == "fetched"
    assert connected.strava.refreshes == 1


def test_work_of_a_lost_access_is_kept_and_wakes_when_the_athlete_connects_again(
    connected: House,
) -> None:
    connected.strava.dead = True
    connected.clock.advance(6 * 3_600)

    assert fetch_activity.run(message(), connected.fetching).name == "access_lost"
    assert [athlete.status for athlete in connected.vault.athletes()] == ["needs_reauth"]
    assert connected.ledger.due(connected.clock.now(), 10) == []

    connected.strava.dead = False
    connected.connect()
    assert connected.ledger.wake(ATHLETE, connected.clock.now()) == 1
    assert [each for each, _ in connected.ledger.due(connected.clock.now(), 10)] == [ACTIVITY]
    assert fetch_activity.run(message(), connected.fetching).name == "fetched"


def test_what_strava_refuses_for_good_is_named_in_the_ledger_and_on_its_way_to_ops(
    connected: House,
) -> None:
    connected.strava.instead = [connected.strava.answer(403, {"message": "Forbidden"})]

    assert fetch_activity.run(message(), connected.fetching).name == "failed"
    entry = connected.ledger.get(ACTIVITY)
    assert entry is not None
    assert (entry.state, "403" in (entry.last_error or "")) == ("failed", True)
    (landed,) = connected.landed()
    assert (landed.op, landed.note.partition(":")[0]) == ("failure", "StravaRefused")


def test_streams_that_are_not_wanted_cost_no_read_and_can_be_wanted_later(
    connected: House,
) -> None:
    connected.clock.advance(1)
    backfill.plan(Backfill(ATHLETE, stream_keys="none"), connected.backfilling)
    again = message(received_at=connected.clock.now(), reason="backfill")
    assert fetch_activity.run(again, connected.fetching).fields["streams"] == "skipped"
    assert f"activities/{ACTIVITY}/streams" not in connected.strava.asked

    connected.clock.advance(1)
    use = connected.backfilling
    assert backfill.plan(Backfill(ATHLETE, stream_keys="none"), use).planned == 0
    assert backfill.plan(Backfill(ATHLETE, stream_keys="heartrate"), use).planned == 1
    again = message(received_at=connected.clock.now(), reason="backfill")
    assert fetch_activity.run(again, connected.fetching).fields["streams"] == "present"


def test_a_server_error_leaves_as_retryable_with_nothing_stored(connected: House) -> None:
    connected.strava.instead = [connected.strava.answer(503, "<html>")]

    with pytest.raises(StravaUnavailable):
        fetch_activity.run(message(), connected.fetching)
    assert connected.ledger.get(ACTIVITY) is None
    assert connected.landed() == []


def test_an_outage_that_lasts_is_parked_instead_of_dying_on_the_bus(connected: House) -> None:
    connected.strava.instead = [connected.strava.answer(503, "<html>")] * 2
    with pytest.raises(StravaUnavailable):
        fetch_activity.run(message(), connected.fetching, attempt=3)
    outcome = fetch_activity.run(message(), connected.fetching, attempt=4)
    assert outcome.name == "strava_unavailable"

    connected.clock.advance(600)
    assert [each for each, _ in connected.ledger.due(connected.clock.now(), 10)] == [ACTIVITY]
    again = message(received_at=connected.clock.now(), reason="retry")
    assert fetch_activity.run(again, connected.fetching).name == "fetched"


def test_work_over_the_quota_is_parked_and_released_after_the_boundary(connected: House) -> None:
    full = {"x-readratelimit-limit": "100,1000", "x-readratelimit-usage": "100,100"}
    connected.strava.instead = [connected.strava.answer(429, {}, **full)]
    assert fetch_activity.run(message(), connected.fetching).name == "parked"

    entry = connected.ledger.get(ACTIVITY)
    assert entry is not None
    assert entry.not_before is not None
    assert entry.not_before == next_quarter(connected.clock.now()) + LATE
    assert fetch_activity.run(message(), connected.fetching).name == "parked"
    assert len(connected.strava.asked) == 1


def test_a_wrong_client_secret_stops_everything_and_keeps_the_work(connected: House) -> None:
    connected.strava.our_secret_is_wrong = True
    connected.clock.advance(6 * 3_600)
    assert fetch_activity.run(message(), connected.fetching).name == "parked"
    assert "secret" in (connected.budget.current().halted or "")
    assert connected.alerts == [connected.budget.current().halted]

    connected.strava.our_secret_is_wrong = False
    connected.clock.advance(3_700)
    assert fetch_activity.run(message(), connected.fetching).name == "fetched"


def test_an_inactive_application_stops_every_call_and_keeps_the_work(connected: House) -> None:
    inactive = {"errors": [{"resource": "Application", "field": "Status", "code": "Inactive"}]}
    connected.strava.instead = [connected.strava.answer(403, inactive)]
    assert fetch_activity.run(message(), connected.fetching).name == "parked"
    assert fetch_activity.run(message(object_id=5), connected.fetching).name == "parked"
    assert len(connected.strava.asked) == 1

    connected.clock.advance(3_700)
    assert fetch_activity.run(message(), connected.fetching).name == "fetched"


def test_an_older_fetch_that_ends_later_does_not_win(connected: House) -> None:
    fetch_activity.run(message(), connected.fetching)
    newer = connected.ledger.get(ACTIVITY)
    assert newer is not None
    late = Work(message(), None, newer.fetched_at.replace(hour=1))  # type: ignore[union-attr]
    settle(late, connected.ledger, state="gone")

    entry = connected.ledger.get(ACTIVITY)
    assert entry is not None
    assert entry.state == "fetched"
