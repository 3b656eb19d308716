"""replay: what was given up on is tried again, and what went well is left alone."""

import pytest

from paceline.lake import Cause
from paceline.ledger import Entry
from paceline.model.bronze import Subject, parse_name
from paceline.model.priority import Priority
from paceline.ports import Answer
from paceline.steps import fetch_activity, replay
from paceline.steps.replay import Replaying
from tests.builders import ACTIVITY, ATHLETE, NOW, as_bytes, detail, message, streams
from tests.unit.conftest import House


@pytest.fixture
def use(house: House) -> Replaying:
    return Replaying(house.ledger, house.lake, house.clock, house.ids)


def test_failed_activities_are_due_at_once_and_the_others_are_not(
    house: House, use: Replaying
) -> None:
    house.connect()
    house.strava.details[ACTIVITY] = detail()
    house.strava.streams[ACTIVITY] = streams()
    house.strava.instead = [house.strava.answer(403, {"message": "Forbidden"})]
    assert fetch_activity.run(message(), house.fetching).name == "failed"
    gone = Entry(ATHLETE, NOW, "gone", "webhook")
    house.ledger.put(5, lambda _: gone)

    assert replay.failed_activities(use) == 1
    assert house.ledger.get(5) == gone
    ((activity_id, entry),) = house.ledger.due(house.clock.now(), 10)
    assert (activity_id, entry.priority) == (ACTIVITY, Priority.EDIT)
    again = message(received_at=house.clock.now(), reason="replay")
    assert fetch_activity.run(again, house.fetching).name == "fetched"


def test_a_refused_payload_is_announced_again_under_its_own_version(
    house: House, use: Replaying
) -> None:
    answer = Answer(200, as_bytes(detail()), {}, "GET /")
    subject = Subject(ATHLETE, ACTIVITY, NOW)
    house.lake.keep(answer, "activity", subject, Cause("t" * 32, "webhook", NOW))
    (first,) = house.landed()

    assert replay.payloads([first.bronze_name], use) == 1
    (again,) = house.landed()
    assert (again.bronze_name, again.version, again.kind) == (
        first.bronze_name,
        first.version,
        first.kind,
    )
    assert again.reason == "replay"


@pytest.mark.parametrize("name", ["", "spool/events/abc", "strava/athlete_id=1/other/x.json.gz"])
def test_what_is_no_bronze_object_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a bronze object"):
        parse_name(name)
