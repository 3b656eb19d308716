"""A deauthorisation is believed only when Strava refuses the athlete's token."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from paceline.errors import AthleteLeft, StravaRefused, StravaUnavailable
from paceline.model.event import EventMessage, decode_event_message
from paceline.model.outcome import Outcome
from paceline.steps import forget_athlete, release_work
from paceline.steps.forget_athlete import Forgetting
from tests.builders import ATHLETE, message
from tests.unit.conftest import House

DEAUTHORISED: dict[str, Any] = {
    "object_type": "athlete",
    "object_id": ATHLETE,
    "aspect_type": "update",
    "updates": {"authorized": "false"},
}


@dataclass
class Desk:
    house: House
    stopped: list[int] = field(default_factory=list)

    def post(self, attempt: int = 1, **changes: Any) -> Outcome:
        return self.receive(message(**(DEAUTHORISED | changes)), attempt)

    def receive(self, sent: EventMessage, attempt: int = 1) -> Outcome:
        house = self.house
        use = Forgetting(
            house.vault,
            house.budget,
            house.claims,
            house.counters,
            house.clock,
            self.stopped.append,
        )
        return forget_athlete.run(sent, use, attempt=attempt)

    def release(self) -> list[Outcome]:
        """What release_work sends again is received."""
        release_work.run(self.house.releasing, limit=0)
        found = self.house.bus.pull("forget_athlete", 10)
        for each in found:
            self.house.bus.ack(each)
        return [self.receive(decode_event_message(each.data)) for each in found]

    def status(self) -> str:
        athlete = self.house.vault.athlete(ATHLETE)
        return athlete.status if athlete else "unknown"


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


@pytest.mark.parametrize("changes", [{}, {"aspect_type": "delete", "updates": {}}])
def test_a_refused_token_confirms_it_and_all_work_stops_at_once(
    desk: Desk, changes: dict[str, Any]
) -> None:
    desk.house.connect()
    desk.house.strava.dead = True

    assert desk.post(**changes).name == "deauthorised"
    assert desk.status() == "erasing"
    assert desk.stopped == [ATHLETE]
    with pytest.raises(AthleteLeft):
        desk.house.vault.access_token(ATHLETE)


def test_an_accepted_token_means_that_it_was_forged(desk: Desk) -> None:
    desk.house.connect()

    assert desk.post().name == "forged_deauthorisation"
    assert desk.status() == "active"
    assert desk.stopped == []
    assert desk.house.vault.access_token(ATHLETE) == "access-1"  # what was rotated is kept


def test_an_event_that_comes_after_a_new_connection_changes_nothing(desk: Desk) -> None:
    desk.house.connect()
    desk.house.strava.dead = True
    desk.post()
    desk.house.strava.dead = False
    desk.house.connect()

    assert desk.post().name == "forged_deauthorisation"
    assert desk.status() == "active"


def test_delivered_twice_it_asks_strava_once_and_stops_work_again(desk: Desk) -> None:
    desk.house.connect()
    desk.house.strava.dead = True
    desk.post()
    asked: list[None] = []
    desk.house.strava.meanwhile = lambda: asked.append(None)

    assert desk.post().name == "already_erasing"
    assert asked == []
    assert desk.stopped == [ATHLETE, ATHLETE]


def test_one_who_had_to_connect_again_and_left_instead_is_forgotten(desk: Desk) -> None:
    desk.house.connect()
    desk.house.strava.dead = True
    desk.house.clock.advance(6 * 3_600)
    with pytest.raises(Exception, match="connect them again"):
        desk.house.vault.access_token(ATHLETE)
    assert desk.status() == "needs_reauth"

    assert desk.post().name == "deauthorised"
    assert desk.status() == "erasing"


def test_a_stranger_is_unknown(desk: Desk) -> None:
    assert desk.post().name == "unknown_athlete"
    assert desk.stopped == []


@pytest.mark.parametrize(
    "changes",
    [
        {"updates": {}},
        {"updates": {"authorized": "true"}},
        {"aspect_type": "create", "updates": {}},
        {"object_id": ATHLETE + 1},
        {"object_type": "activity"},
    ],
)
def test_other_events_are_ignored(desk: Desk, changes: dict[str, Any]) -> None:
    desk.house.connect()
    desk.house.strava.dead = True

    assert desk.post(**changes).name == "ignored"
    assert desk.status() == "active"


def test_a_silent_strava_is_asked_again_later(desk: Desk) -> None:
    desk.house.connect()
    desk.house.strava.faults.append(StravaUnavailable("down"))

    with pytest.raises(StravaUnavailable):
        desk.post()
    assert desk.status() == "active"
    desk.house.strava.dead = True
    assert desk.post().name == "deauthorised"


def test_a_wrong_secret_of_ours_erases_nobody_and_stops_the_asking(desk: Desk) -> None:
    desk.house.connect()
    desk.house.strava.our_secret_is_wrong = True
    asked: list[None] = []
    desk.house.strava.meanwhile = lambda: asked.append(None)

    assert [desk.post().name for _ in range(3)] == ["parked", "parked", "parked"]
    assert desk.status() == "active"
    assert "client id and secret" in (desk.house.budget.current().halted or "")
    assert len(asked) == 1

    desk.house.clock.advance(3_601)
    desk.house.strava.our_secret_is_wrong = False
    assert [each.name for each in desk.release()] == ["forged_deauthorisation"]
    assert desk.house.claims.open() == 0


def test_one_who_leaves_while_the_application_is_closed_is_erasing_once_it_is_open(
    desk: Desk,
) -> None:
    desk.house.connect()
    desk.house.strava.dead = True
    desk.house.budget.halt("inactive")
    assert desk.post().name == "parked"

    for _ in range(9):  # it is closed for longer than the bus would try
        desk.house.clock.advance(400)
        assert [each.name for each in desk.release()] in ([], ["deauthorised"])
    assert desk.status() == "erasing"
    assert desk.stopped == [ATHLETE]
    assert desk.house.claims.open() == 0


def test_a_claim_that_gets_lost_on_its_way_is_sent_again(desk: Desk) -> None:
    desk.house.connect()
    desk.house.strava.dead = True
    desk.house.budget.halt("inactive")
    desk.post()
    desk.house.clock.advance(3_601)
    release_work.run(desk.house.releasing, limit=0)
    for each in desk.house.bus.pull("forget_athlete", 10):
        desk.house.bus.ack(each)
    assert desk.release() == []

    desk.house.clock.advance(900)
    assert [each.name for each in desk.release()] == ["deauthorised"]


def test_an_outage_of_strava_is_not_waited_for_on_the_bus(desk: Desk) -> None:
    desk.house.connect()
    desk.house.strava.faults = [StravaUnavailable("down")]
    assert desk.post(attempt=4).name == "strava_unavailable"

    desk.house.strava.dead = True
    desk.house.clock.advance(600)
    assert [each.name for each in desk.release()] == ["deauthorised"]


def test_an_odd_refusal_proves_nothing_and_is_looked_into_again(desk: Desk) -> None:
    desk.house.connect()
    desk.house.strava.faults = [StravaRefused("Bad Request")]
    assert desk.post().name == "parked"
    assert desk.status() == "active"

    desk.house.clock.advance(3_600)
    assert [each.name for each in desk.release()] == ["forged_deauthorisation"]


def test_whoever_connects_again_while_a_claim_waits_stays(desk: Desk) -> None:
    desk.house.connect()
    desk.house.strava.dead = True
    desk.house.budget.halt("inactive")
    desk.post()
    desk.house.strava.dead = False
    desk.house.connect()
    desk.house.clock.advance(3_601)

    assert [each.name for each in desk.release()] == ["forged_deauthorisation"]
    assert desk.status() == "active"
