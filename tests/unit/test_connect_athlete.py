"""Connecting: the redirect is checked before its code is spent, and every refusal has a name."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlsplit

import pytest

from paceline.errors import (
    AccessLost,
    AthleteLimit,
    CodeExpired,
    CodeRefused,
    PacelineError,
    StravaRefused,
    StravaUnavailable,
    WaitUntil,
)
from paceline.steps import connect_athlete
from paceline.steps.connect_athlete import Connected, Connecting, ConnectRefused, Consent
from paceline.tickets import Tickets
from tests.builders import ATHLETE, NOW
from tests.unit.conftest import House

SCOPES = ["read", "activity:read", "activity:read_all", "profile:read_all"]
REDIRECTED = "read,activity:read,activity:read_all,profile:read_all"


@dataclass
class Desk:
    house: House
    pauses: list[float] = field(default_factory=list)
    planned: list[int] = field(default_factory=list)
    stopped: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.use = Connecting(
            oauth=self.house.strava,
            vault=self.house.vault,
            ids=self.house.ids,
            tickets=Tickets("secret", self.house.clock),
            consent=Consent("https://strava/oauth/authorize", 12_345, REDIRECTED, "http://us/back"),
            pause=self.pauses.append,
            connected=self.planned.append,
            stop_work=self.stopped.append,
        )

    def start(self) -> tuple[dict[str, str], str]:
        address, nonce = connect_athlete.start(self.use)
        return {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}, nonce

    def finish(self, **changes: str) -> Connected:
        asked, nonce = self.start()
        query = {"state": asked["state"], "code": "c0de", "scope": REDIRECTED} | changes
        nonce = query.pop("nonce", nonce)
        return connect_athlete.finish(query, nonce, self.use)


@pytest.fixture
def desk(house: House) -> Desk:
    house.strava.granted = SCOPES
    return Desk(house)


def test_the_athlete_is_sent_to_strava_with_what_we_ask_for(desk: Desk) -> None:
    asked, nonce = desk.start()

    assert asked["client_id"] == "12345"
    assert asked["redirect_uri"] == "http://us/back"
    assert asked["scope"] == REDIRECTED
    assert asked["response_type"] == "code"
    assert asked["state"].startswith(nonce)


def test_a_good_redirect_connects_stores_and_plans(desk: Desk) -> None:
    connected = desk.finish()

    assert connected == Connected(ATHLETE, SCOPES, [])
    assert desk.house.vault.access_token(ATHLETE) == "access-0"
    assert desk.planned == [ATHLETE]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": ""}, "state_invalid"),
        ({"state": "made.up.state"}, "state_invalid"),
        ({"nonce": ""}, "state_foreign"),
        ({"nonce": "of another browser"}, "state_foreign"),
        ({"error": "access_denied"}, "access_denied"),
        ({"error": "something else"}, "refused_by_strava"),
        ({"code": ""}, "code_missing"),
        ({"scope": "read,profile:read_all"}, "scope_missing"),
    ],
)
def test_a_redirect_that_is_no_good_is_named_and_its_code_is_not_spent(
    desk: Desk, changes: dict[str, str], code: str
) -> None:
    with pytest.raises(ConnectRefused) as error:
        desk.finish(**changes)

    assert error.value.code == code
    assert desk.house.strava.codes == []
    assert desk.house.vault.athletes() == []


def test_a_state_lives_for_half_an_hour(desk: Desk) -> None:
    asked, nonce = desk.start()
    desk.house.clock.advance(1_801)

    with pytest.raises(ConnectRefused) as error:
        connect_athlete.finish({"state": asked["state"], "code": "c0de"}, nonce, desk.use)
    assert error.value.code == "state_expired"


def test_a_fresh_code_that_is_refused_is_tried_once_more(desk: Desk) -> None:
    desk.house.strava.faults.append(CodeRefused("too early"))

    assert desk.finish().athlete_id == ATHLETE
    assert desk.house.strava.codes == ["c0de", "c0de"]
    assert len(desk.pauses) == 1
    assert 2 <= desk.pauses[0] <= 3


@pytest.mark.parametrize(
    ("faults", "tries"),
    [
        ([CodeRefused("used"), CodeRefused("used")], 2),
        ([CodeExpired("old")], 1),
        ([AthleteLimit("full")], 1),
        ([StravaRefused("our secret")], 1),
        ([StravaUnavailable("down")], 1),
    ],
)
def test_other_refusals_are_not_tried_again(
    desk: Desk, faults: list[PacelineError], tries: int
) -> None:
    kind = type(faults[0])
    desk.house.strava.faults.extend(faults)

    with pytest.raises(kind):
        desk.finish()
    assert len(desk.house.strava.codes) == tries
    assert desk.house.vault.athletes() == []
    assert desk.planned == []


def test_a_grant_of_too_little_is_refused_though_the_redirect_hid_it(desk: Desk) -> None:
    desk.house.strava.granted = ["read"]

    with pytest.raises(ConnectRefused, match="activity:read"):
        desk.finish(scope="")
    assert desk.house.vault.athletes() == []


def test_a_refused_grant_leaves_the_older_connection(desk: Desk) -> None:
    desk.finish()
    with pytest.raises(ConnectRefused):
        desk.finish(scope="read")

    assert desk.house.vault.access_token(ATHLETE) == "access-0"


@pytest.mark.parametrize(
    ("granted", "missed"),
    [
        (["read", "activity:read"], ["Private activities", "Weight, FTP"]),
        (["activity:read_all"], ["Weight, FTP"]),
        (["activity:read", "profile:read_all"], ["Private activities"]),
    ],
)
def test_what_was_not_granted_is_stored_and_said(
    desk: Desk, granted: list[str], missed: list[str]
) -> None:
    desk.house.strava.granted = granted
    connected = desk.finish(scope=",".join(granted))

    assert desk.house.vault.athletes()[0].scopes == tuple(granted)
    assert len(connected.warnings) == len(missed)
    for warning, word in zip(connected.warnings, missed, strict=True):
        assert warning.startswith(word)


def test_the_scopes_of_the_redirect_count_where_the_answer_names_none(desk: Desk) -> None:
    desk.house.strava.granted = []
    desk.finish(scope="read,activity:read")

    assert desk.house.vault.athletes()[0].scopes == ("read", "activity:read")


def test_a_plan_that_must_wait_does_not_undo_the_connection(desk: Desk) -> None:
    def plan(_: int) -> None:
        raise WaitUntil(NOW, "the quota is used up")

    connected = connect_athlete.connect("c0de", replace(desk.use, connected=plan))

    assert "the quota is used up" in connected.warnings[0]
    assert desk.house.vault.access_token(ATHLETE) == "access-0"


def test_the_browser_that_connected_may_disconnect_for_an_hour(desk: Desk) -> None:
    visit = connect_athlete.visit_of(desk.finish(), desk.use)
    assert connect_athlete.visitor(visit, desk.use) == ATHLETE

    connect_athlete.disconnect(ATHLETE, desk.use)
    athlete = desk.house.vault.athlete(ATHLETE)
    assert athlete is not None
    assert athlete.status == "erasing"
    assert desk.house.strava.revoked == ["refresh-0"]
    assert desk.stopped == [ATHLETE]

    desk.house.clock.advance(3_600)
    with pytest.raises(ConnectRefused, match="last hour"):
        connect_athlete.visitor(visit, desk.use)


def _state(desk: Desk) -> str:
    return desk.start()[0]["state"]


@pytest.mark.parametrize("forge", [_state, lambda _: "", lambda _: f"{ATHLETE}.9999999999.00"])
def test_nobody_else_may_disconnect(desk: Desk, forge: Callable[[Desk], str]) -> None:
    desk.finish()

    with pytest.raises(ConnectRefused) as error:
        connect_athlete.visitor(forge(desk), desk.use)
    assert error.value.code == "not_this_browser"


@pytest.mark.parametrize(
    ("before", "after"), [(SCOPES, ["read", "activity:read"]), (["read", "activity:read"], SCOPES)]
)
def test_whoever_connects_again_has_the_scopes_that_they_granted_then(
    desk: Desk, before: list[str], after: list[str]
) -> None:
    for granted in (before, after):
        desk.house.strava.granted = granted
        connected = desk.finish(scope=",".join(granted))
        (athlete,) = desk.house.vault.athletes()
        assert athlete.scopes == tuple(granted)
        assert len(connected.warnings) == (0 if granted == SCOPES else 2)

    assert desk.house.vault.access_token(ATHLETE) == "access-0"


def test_whoever_lacked_a_scope_and_connects_again_with_it_is_read_again(desk: Desk) -> None:
    desk.finish()
    vault, clock = desk.house.vault, desk.house.clock
    lost = vault.refused(ATHLETE, "access-0", "No activity:read.", for_good=True)
    assert isinstance(lost, AccessLost)
    with pytest.raises(AccessLost):
        vault.access_token(ATHLETE)

    desk.finish()
    (athlete,) = vault.athletes()
    assert (athlete.status, athlete.trouble) == ("active", None)
    assert vault.access_token(ATHLETE) == "access-0"
    vault.refused(ATHLETE, "access-0", "Refused.", for_good=False)
    desk.finish()
    assert vault.access_token(ATHLETE) == "access-0"
    assert clock.now() == NOW
