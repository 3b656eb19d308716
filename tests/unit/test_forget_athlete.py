"""A deauthorisation is believed only when Strava refuses the athlete's token."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from paceline.errors import AthleteLeft, StravaUnavailable
from paceline.model.outcome import Outcome
from paceline.steps import forget_athlete
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

    def post(self, **changes: Any) -> Outcome:
        use = Forgetting(self.house.vault, self.house.budget, self.stopped.append)
        return forget_athlete.run(message(**(DEAUTHORISED | changes)), use)

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

    for _ in range(3):
        with pytest.raises(StravaUnavailable, match="client id and secret"):
            desk.post()
    assert desk.status() == "active"
    assert desk.house.budget.current().halted
    assert len(asked) == 1

    desk.house.clock.advance(3_601)
    desk.house.strava.our_secret_is_wrong = False
    assert desk.post().name == "forged_deauthorisation"
