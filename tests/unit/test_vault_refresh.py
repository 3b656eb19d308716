"""Who refreshes a token, what the others do meanwhile, and what is believed of a refusal."""

import base64
import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from paceline.adapters.cipher import AesGcmCipher
from paceline.errors import (
    AccessLost,
    ApplicationRefused,
    AthleteLeft,
    StoreUnavailable,
    StravaUnavailable,
)
from paceline.model.priority import Priority
from paceline.ports import Cipher, Document, Grant, Stored, Version
from paceline.vault import COLLECTION, Vault
from tests.builders import ACTIVITY, ATHLETE, detail
from tests.unit.conftest import House

KEYS = {name: base64.b64decode(name * 43 + "=") for name in "ab"}


def another(house: House, pause: Callable[[float], object], cipher: Cipher | None = None) -> Vault:
    """The vault of another process, over the same state."""
    cipher = cipher or house.vault._cipher
    return Vault(house.state, cipher, house.strava, house.clock, house.ids, pause=pause)


def no_pause(_: float) -> None:
    """For a process that meets nobody."""


def expired(house: House) -> None:
    house.connect()
    house.clock.advance(6 * 3_600)


def stored(house: House) -> Stored:
    found = house.state.get(COLLECTION, str(ATHLETE))
    assert found is not None
    return found


def write(house: House, **changes: object) -> None:
    before = stored(house)
    house.state.replace(COLLECTION, before.id, before.data | changes, before.version)


def lease(house: House) -> None:
    until = house.clock.now().replace(minute=1)
    write(house, lease_owner="other", lease_until=until.isoformat())


def status(house: House) -> str:
    return str(stored(house).data["status"])


def test_a_second_process_waits_for_the_first_and_uses_its_token(house: House) -> None:
    expired(house)
    pauses: list[float] = []

    def pause(look_s: float) -> None:
        pauses.append(look_s)
        if len(pauses) == 3:  # now the first process has its answer
            write(house, lease_owner=None, lease_until=None)
            house.vault.access_token(ATHLETE)

    lease(house)

    assert another(house, pause).access_token(ATHLETE) == "access-1"
    assert house.strava.refreshes == 1
    assert len(pauses) == 3
    assert all(0.2 <= look_s <= 1 for look_s in pauses)


def test_waiting_ends_after_ten_seconds_and_a_lease_that_ran_out_is_taken(house: House) -> None:
    expired(house)
    pauses: list[float] = []
    vault = another(house, pauses.append)
    lease(house)

    with pytest.raises(StoreUnavailable, match="Another process"):
        vault.access_token(ATHLETE)
    assert 9 < sum(pauses) <= 10
    assert house.strava.refreshes == 0
    house.clock.advance(61)
    assert vault.access_token(ATHLETE) == "access-1"


def test_a_refusal_counts_for_nothing_when_somebody_rotated_meanwhile(house: House) -> None:
    expired(house)
    slow = house.strava

    def other_process() -> None:
        slow.meanwhile = lambda: None
        house.clock.advance(31)  # our lease has run out
        assert another(house, no_pause).access_token(ATHLETE) == "access-1"
        slow.faults.append(AccessLost())  # what our own, old token gets now

    slow.meanwhile = other_process

    assert house.vault.access_token(ATHLETE) == "access-1"
    assert status(house) == "active"


def test_a_refusal_counts_for_nothing_when_the_athlete_connected_anew_meanwhile(
    house: House,
) -> None:
    expired(house)

    def reconnect() -> None:
        house.connect()
        house.strava.faults.append(AccessLost())

    house.strava.meanwhile = reconnect

    assert house.vault.access_token(ATHLETE) == "access-0"
    assert status(house) == "active"


def test_a_refresh_that_is_slower_than_a_new_connection_does_not_write_over_it(
    house: House,
) -> None:
    expired(house)
    pair = replace(house.strava.pair(), access_token="of the new grant")
    house.strava.meanwhile = lambda: house.vault.connect(Grant(ATHLETE, pair, ["read"]))

    house.vault.access_token(ATHLETE)
    house.strava.meanwhile = lambda: None
    assert house.vault.access_token(ATHLETE) == "of the new grant"


def test_a_rotated_token_is_stored_though_the_state_is_busy(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    expired(house)
    pauses: list[float] = []
    vault = another(house, pauses.append)
    write_through, calls = house.state.replace, itertools.count()

    def busy(collection: str, doc_id: str, data: Document, version: Version) -> Version:
        if 1 <= next(calls) <= 2:  # the lease is written, the tokens are not
            raise StoreUnavailable
        return write_through(collection, doc_id, data, version)

    monkeypatch.setattr(house.state, "replace", busy)

    assert vault.access_token(ATHLETE) == "access-1"
    monkeypatch.undo()
    house.clock.advance(6 * 3_600)
    assert vault.access_token(ATHLETE) == "access-2"
    assert len(pauses) == 2


@pytest.mark.parametrize("rotated", [False, True])
def test_a_process_that_dies_before_it_stores_costs_at_most_a_new_connection(
    house: House, monkeypatch: pytest.MonkeyPatch, *, rotated: bool
) -> None:
    class Killed(BaseException):
        pass

    expired(house)
    write_through, calls = house.state.replace, itertools.count()

    def die(collection: str, doc_id: str, data: Document, version: Version) -> Version:
        if next(calls):  # the lease is written, the tokens are not
            raise Killed
        return write_through(collection, doc_id, data, version)

    monkeypatch.setattr(house.state, "replace", die)
    with pytest.raises(Killed):
        house.vault.access_token(ATHLETE)
    monkeypatch.undo()
    house.strava.refreshes, house.strava.dead = 0, rotated  # Strava may rotate, or not
    house.clock.advance(31)  # the dead process' lease

    if rotated:
        with pytest.raises(AccessLost):
            house.vault.access_token(ATHLETE)
        assert status(house) == "needs_reauth"
        house.strava.dead = False
        house.connect()
    assert house.vault.access_token(ATHLETE) in {"access-0", "access-1"}


@pytest.mark.parametrize("fault", [StravaUnavailable("down"), ApplicationRefused("our secret")])
def test_a_refresh_that_fails_gives_the_lease_back(
    house: House, fault: StravaUnavailable | ApplicationRefused
) -> None:
    expired(house)
    house.strava.faults.append(fault)

    with pytest.raises(type(fault)):
        house.vault.access_token(ATHLETE)
    assert status(house) == "active"
    assert house.vault.access_token(ATHLETE) == "access-1"


def test_the_next_refresh_encrypts_under_the_primary_key(house: House) -> None:
    before = another(house, no_pause, AesGcmCipher("a", KEYS))
    before.connect(house.strava.exchange("code"))
    after = another(house, no_pause, AesGcmCipher("b", KEYS))

    assert after.access_token(ATHLETE) == "access-0"
    assert stored(house).data["sealed"]["kid"] == "a"
    house.clock.advance(6 * 3_600)
    assert after.access_token(ATHLETE) == "access-1"
    assert stored(house).data["sealed"]["kid"] == "b"
    alone = another(house, no_pause, AesGcmCipher("b", {"b": KEYS["b"]}))
    assert alone.access_token(ATHLETE) == "access-1"


def test_an_erasing_athlete_has_no_token_whoever_is_at_work(house: House) -> None:
    expired(house)
    house.strava.meanwhile = lambda: house.vault.mark_erasing(ATHLETE)

    for _ in range(2):
        with pytest.raises(AthleteLeft):
            house.vault.access_token(ATHLETE)
    assert status(house) == "erasing"
    assert house.strava.refreshes == 1


def test_nothing_is_read_for_an_erasing_athlete(house: House) -> None:
    house.connect()
    house.strava.details[ACTIVITY] = detail()
    house.vault.mark_erasing(ATHLETE)
    with pytest.raises(AthleteLeft):
        house.reading.get(ATHLETE, "athlete", {}, Priority.LIVE)

    assert house.strava.asked == []


def test_a_connection_after_deauthorisation_starts_anew(house: House) -> None:
    house.connect()
    first = stored(house).data["connected_at"]
    house.vault.mark_erasing(ATHLETE)
    house.clock.advance(60)
    house.connect()

    assert house.vault.access_token(ATHLETE) == "access-0"
    assert stored(house).data["connected_at"] > first


def test_an_accepted_token_of_an_athlete_who_had_to_reconnect_heals_them(house: House) -> None:
    house.connect()
    write(house, status="needs_reauth")

    assert house.vault.erase_if_refused(ATHLETE) is False
    assert house.vault.access_token(ATHLETE) == "access-1"


def test_disconnecting_ends_the_grant_with_the_stored_token(house: House) -> None:
    house.connect()
    house.vault.disconnect(ATHLETE)

    assert house.strava.revoked == ["refresh-0"]
    assert status(house) == "erasing"


def test_a_disconnection_that_strava_did_not_take_leaves_everything(house: House) -> None:
    house.connect()
    house.strava.faults.append(StravaUnavailable("down"))

    with pytest.raises(StravaUnavailable):
        house.vault.disconnect(ATHLETE)
    assert house.vault.access_token(ATHLETE) == "access-0"
    house.vault.disconnect(ATHLETE)
    assert status(house) == "erasing"


def test_a_disconnection_waits_for_a_refresh_so_that_it_ends_the_living_token(
    house: House,
) -> None:
    expired(house)
    lease(house)

    def pause(_: float) -> None:
        write(house, lease_owner=None, lease_until=None)
        house.vault.access_token(ATHLETE)

    another(house, pause).disconnect(ATHLETE)
    assert house.strava.revoked == ["refresh-1"]
