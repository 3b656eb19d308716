"""A history that Strava does not list: asked for ever less often, told of, and never dropped."""

from datetime import timedelta

import pytest

from paceline.model.priority import Priority
from paceline.steps import backfill, fetch_activity, forget_athlete, reconcile, release_work
from paceline.steps.backfill import Backfill
from paceline.steps.begin_work import Beginning, begin
from paceline.steps.forget_athlete import Forgetting
from tests.builders import ATHLETE, NOW, message
from tests.unit.conftest import House
from tests.unit.histories import put

INACTIVE = {"errors": [{"resource": "Application", "field": "Status", "code": "Inactive"}]}


def being_listed(house: House) -> House:
    house.connect()
    house.budget.observe({"x-readratelimit-limit": "10000,10000"}, NOW)
    put(house, 1, days_ago=1)
    backfill.start(Backfill(ATHLETE), house.backfilling)
    return house


def ticks(house: House, minutes: int, status: int | None, *, each_min: int = 1) -> list[str]:
    """As often as the scheduler comes, with this answer to every list; how each ended."""
    outcomes = []
    for _ in range(minutes // each_min):
        house.clock.advance(60 * each_min)
        house.strava.instead = [house.strava.answer(status, {"message": "no"})] if status else []
        outcomes.append(release_work.run(house.releasing, limit=0).name)
    house.strava.instead = []
    return outcomes


@pytest.mark.parametrize(("status", "error"), [(503, "StravaUnavailable"), (403, "StravaRefused")])
def test_a_list_that_always_fails_is_asked_less_and_less_often_and_told_of(
    house: House, status: int, error: str
) -> None:
    being_listed(house)
    outcomes = ticks(house, 24 * 60, status, each_min=5)

    asked = house.strava.asked.count("athlete/activities")
    assert 5 <= asked <= 14
    assert outcomes.count("failed") == asked
    told = [each for each in house.landed() if each.op == "failure"]
    assert len(told) == asked
    assert {(each.kind, each.note.partition(":")[0]) for each in told} == {("list", error)}
    known = backfill.stored(ATHLETE, house.backfilling)
    assert known
    assert (known.state, known.attempts) == ("listing", asked)
    assert error in (known.last_error or "")


def test_a_list_that_works_again_is_listed_to_the_end(house: House) -> None:
    being_listed(house)
    ticks(house, 60, 503)
    ticks(house, 2 * 60, None)

    known = backfill.stored(ATHLETE, house.backfilling)
    assert known
    assert (known.state, known.planned, known.attempts) == ("listed", 1, 0)
    assert known.last_error is None


def test_a_list_that_fails_for_one_athlete_waits_for_no_other(house: House) -> None:
    being_listed(house)
    grant = house.strava.exchange("code")
    house.vault.connect(type(grant)(ATHLETE + 1, grant.tokens, grant.scopes))
    backfill.start(Backfill(ATHLETE + 1), house.backfilling)
    ticks(house, 1, 403)

    waiting = [each.athlete_id for each in backfill.unfinished(house.backfilling)]
    assert waiting == [ATHLETE]
    assert backfill.due(house.backfilling) == []


def test_whoever_asks_by_hand_does_not_wait_for_what_failed(house: House) -> None:
    being_listed(house)
    ticks(house, 30, 503)

    assert backfill.plan(Backfill(ATHLETE), house.backfilling).state == "listed"


def test_access_that_is_lost_while_listing_alerts(house: House) -> None:
    being_listed(house)
    house.strava.dead = True
    house.clock.advance(6 * 3_600)

    assert release_work.run(house.releasing, limit=0).name == "access_lost"
    assert release_work.run(house.releasing, limit=0).name == "released"


# The whole application is refused: one alert, whoever meets it first.


def refuse(house: House) -> None:
    house.strava.instead = [house.strava.answer(403, INACTIVE)]


def test_release_work_alerts_once_when_it_finds_the_application_closed(house: House) -> None:
    being_listed(house)
    refuse(house)
    release_work.run(house.releasing, limit=10)
    fetch_activity.run(message(), house.fetching)
    reconcile.run(house.reconciling)

    assert len(house.alerts) == 1
    assert backfill.due(house.backfilling)  # no failure of the listing


def test_reconcile_alerts_once_when_it_finds_the_application_closed(house: House) -> None:
    house.connect()
    refuse(house)
    reconcile.run(house.reconciling)
    fetch_activity.run(message(), house.fetching)

    assert len(house.alerts) == 1


def test_forget_athlete_alerts_once_when_our_own_credentials_are_refused(house: House) -> None:
    house.connect()
    house.strava.our_secret_is_wrong = True
    news = message(
        object_type="athlete",
        object_id=ATHLETE,
        aspect_type="update",
        updates={"authorized": "false"},
    )
    for _ in range(2):
        use = Forgetting(house.vault, house.budget, house.claims, house.counters, house.clock)
        assert forget_athlete.run(news, use).name == "parked"

    assert len(house.alerts) == 1


def test_connecting_alerts_when_it_finds_the_application_closed(house: House) -> None:
    house.connect()
    refuse(house)
    begin(ATHLETE, beginning(house))

    assert len(house.alerts) == 1


def test_the_next_time_that_the_application_is_closed_alerts_again(house: House) -> None:
    house.connect()
    put(house, 1, days_ago=1)
    for _ in range(2):
        refuse(house)
        fetch_activity.run(message(object_id=1, received_at=house.clock.now()), house.fetching)
        house.clock.advance(3_700)
        late = message(object_id=1, received_at=house.clock.now())
        assert fetch_activity.run(late, house.fetching).name == "fetched"
        house.clock.advance(60)

    assert len(house.alerts) == 2


# Connecting.


def beginning(house: House) -> Beginning:
    use = house.reconciling
    return Beginning(
        house.vault, house.ledger, house.backfilling, use.profiling, house.clock, house.ids
    )


def test_whoever_connects_has_totals_and_zones_at_once(house: House) -> None:
    house.strava.granted.append("profile:read_all")
    house.strava.profile = {"id": ATHLETE, "ftp": 265, "bikes": [{"id": "b1"}], "shoes": []}
    house.connect()
    put(house, 1, days_ago=1)
    begin(ATHLETE, beginning(house))

    kinds = {each.kind for each in house.landed() if each.op == "upsert"}
    assert kinds == {"list", "athlete", "zones", "stats", "gear"}
    assert house.budget.current().short.used == len(house.strava.asked) == 5


def test_a_profile_that_fails_does_not_stop_the_history(house: House) -> None:
    house.connect()
    put(house, 1, days_ago=1)
    house.budget.reserve(59, Priority.LIVE)
    begin(ATHLETE, beginning(house))

    assert house.ledger.counts()["parked"] == 1
    known = backfill.stored(ATHLETE, house.backfilling)
    assert known
    assert known.planned == 1


def test_connecting_again_goes_on_with_a_listing_that_had_failed(house: House) -> None:
    being_listed(house)
    ticks(house, 60, 403)
    assert backfill.due(house.backfilling) == []
    begin(ATHLETE, beginning(house))

    assert [each.athlete_id for each in backfill.due(house.backfilling)] == [ATHLETE]
    house.clock.advance(timedelta(minutes=1).total_seconds())
    release_work.run(house.releasing, limit=0)
    assert house.ledger.counts()["parked"] == 1
