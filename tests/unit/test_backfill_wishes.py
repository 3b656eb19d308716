"""backfill: one wish after another, wider or narrower, by hand and by the service at once."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from paceline.errors import WaitUntil
from paceline.lock import alone
from paceline.model.priority import Priority
from paceline.ports import Answer
from paceline.steps import backfill, fetch_activity, listing, release_work
from paceline.steps.backfill import Backfill
from tests.builders import ATHLETE, NOW, message
from tests.unit.conftest import House
from tests.unit.histories import checked, healed, lived, put


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 10)


def days_back(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat()


def a_history(house: House, count: int) -> None:
    house.connect()
    house.budget.observe({"x-readratelimit-limit": "10000,10000"}, NOW)
    for each in range(1, count + 1):
        put(house, each, days_ago=each)


def parked(house: House) -> set[int]:
    known = house.ledger.of_athlete(ATHLETE)
    return {each for each, entry in known.items() if entry.state == "parked"}


@pytest.mark.parametrize("narrower", [{"since": days_back(7)}, {"limit": 1}])
def test_a_narrower_backfill_takes_nothing_from_what_a_comparison_looks_for(
    house: House, narrower: dict[str, Any]
) -> None:
    lived(house)
    backfill.plan(Backfill(ATHLETE), house.backfilling)
    put(house, 8, days_ago=1)
    backfill.plan(Backfill(ATHLETE, **narrower), house.backfilling)
    put(house, 9, days_ago=200)

    assert 9 in checked(house).wanted["missing"]


def test_a_wider_backfill_adds_to_what_a_comparison_looks_for(house: House) -> None:
    lived(house)
    backfill.plan(Backfill(ATHLETE, since=days_back(100)), house.backfilling)
    backfill.plan(Backfill(ATHLETE, since=days_back(300)), house.backfilling)
    put(house, 8, days_ago=400)
    put(house, 9, days_ago=200)

    assert checked(house).wanted["missing"] == [9]


@pytest.mark.parametrize("narrower", [{"since": days_back(7)}, {"limit": 1}])
def test_a_narrower_backfill_does_not_replace_one_that_is_still_being_listed(
    house: House, narrower: dict[str, Any]
) -> None:
    a_history(house, 35)
    use = house.backfilling
    backfill.start(Backfill(ATHLETE), use)
    backfill.go_on(ATHLETE, use, most_pages=2)
    done = backfill.plan(Backfill(ATHLETE, **narrower), use)

    assert (done.state, done.planned) == ("listed", 35)
    assert parked(house) == set(range(1, 36))


def test_a_wider_backfill_replaces_one_that_is_still_being_listed(house: House) -> None:
    a_history(house, 35)
    use = house.backfilling
    backfill.start(Backfill(ATHLETE, since=days_back(7)), use)
    backfill.plan(Backfill(ATHLETE), use)

    assert parked(house) == set(range(1, 36))


def test_of_two_backfills_that_hold_different_things_both_are_listed(house: House) -> None:
    a_history(house, 40)
    use = house.backfilling
    backfill.start(Backfill(ATHLETE, since=days_back(12), until=days_back(3)), use)
    backfill.plan(Backfill(ATHLETE, until=days_back(30.5)), use)

    assert parked(house) == {*range(4, 13), *range(31, 41)}


def test_a_wish_that_has_to_wait_for_another_says_so(house: House) -> None:
    a_history(house, 40)
    use = house.backfilling
    backfill.start(Backfill(ATHLETE, since=days_back(20), stream_keys="none"), use)
    house.budget.reserve(house.budget.free(Priority.BACKFILL), Priority.LIVE)

    with pytest.raises(WaitUntil, match="ask for this one again"):
        backfill.plan(Backfill(ATHLETE, since=days_back(5)), use)


def test_a_plan_that_an_older_version_stored_is_gone_on_with(house: House) -> None:
    a_history(house, 15)
    use = house.backfilling
    old = {"athlete_id": ATHLETE, "since": days_back(7), "until": None, "stream_keys": "all"}
    old |= {"limit": None, "listed": 0, "planned": 0, "before": None, "reached": None}
    house.state.create("backfills", str(ATHLETE), old | {"state": "listing"})
    assert backfill.go_on(ATHLETE, use).planned == 7

    found = house.state.get("backfills", str(ATHLETE))
    assert found
    before = old | {"state": "listed", "reached": days_back(3)}
    house.state.replace("backfills", str(ATHLETE), before, found.version)
    known = backfill.stored(ATHLETE, use)
    assert known
    assert known.oldest_wanted == days_back(3)


# What a page shows beyond what is wanted.


def landed_ids(house: House) -> set[int]:
    names = [each.bronze_name for each in house.landed() if each.kind == "list"]
    blobs = [blob for name in names if (blob := house.bronze.get(name))]
    return {row["id"] for blob in blobs for row in json.loads(gzip.decompress(blob.data))}


@pytest.mark.parametrize("part", [{"limit": 5}, {"since": days_back(5)}])
def test_all_that_a_page_brings_to_the_lake_is_known_to_the_ledger(
    house: House, part: dict[str, Any]
) -> None:
    a_history(house, 20)
    backfill.plan(Backfill(ATHLETE, **part), house.backfilling)

    assert parked(house) == set(range(1, 6))
    assert landed_ids(house) == set(house.ledger.of_athlete(ATHLETE)) == set(range(1, 11))


def test_what_is_only_listed_is_looked_for_when_it_changes_or_is_gone(house: House) -> None:
    a_history(house, 20)
    backfill.plan(Backfill(ATHLETE, limit=5), house.backfilling)
    healed(house)
    house.strava.asked.clear()
    assert not any(checked(house).wanted.values())

    del house.strava.details[7]
    house.strava.details[8]["private"] = True
    found = checked(house)
    assert found.wanted == {"missing": [], "changed": [8], "gone": [7]}
    for _ in range(5):
        healed(house)
        house.clock.advance(3_600)
    states = {each: entry.state for each, entry in house.ledger.of_athlete(ATHLETE).items()}
    assert (states[7], states[8], states[9]) == ("gone", "fetched", "listed")
    tombstones = [each.activity_id for each in house.landed() if each.op == "tombstone"]
    assert tombstones == [7]


def test_what_is_only_listed_does_not_count_as_missing_in_a_year(house: House) -> None:
    a_history(house, 20)
    backfill.plan(Backfill(ATHLETE, limit=5), house.backfilling)
    healed(house)

    (year,) = checked(house).years.values()
    assert (year.listed, year.held) == (5, 5)


def test_a_listed_activity_that_is_wanted_later_is_fetched(house: House) -> None:
    a_history(house, 20)
    backfill.plan(Backfill(ATHLETE, limit=5), house.backfilling)
    assert backfill.plan(Backfill(ATHLETE), house.backfilling).planned == 15
    assert house.ledger.counts()["listed"] == 0


def test_a_listing_leaves_what_is_gone_and_what_is_here_as_they_are(house: House) -> None:
    a_history(house, 20)
    fetch_activity.run(message(object_id=8), house.fetching)
    kept = house.strava.details.pop(9)
    delete = message(object_id=9, aspect_type="delete")
    fetch_activity.run(delete, house.fetching)
    house.strava.details[9] = kept
    before = {each: house.ledger.get(each) for each in (8, 9)}
    backfill.plan(Backfill(ATHLETE, limit=5), house.backfilling)

    assert {each: house.ledger.get(each) for each in (8, 9)} == before


# By hand, and by the service at once.


def test_two_who_list_one_history_share_its_pages(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_history(house, 60)
    real, asked = house.strava.get, house.strava.asked

    def get(path: str, params: Any, token: str) -> Answer:
        answer = real(path, params, token)
        if path == "athlete/activities" and len(asked) % 2:
            monkeypatch.setattr(house.strava, "get", real)
            release_work.run(house.releasing, limit=0)  # the service's minute
            monkeypatch.setattr(house.strava, "get", get)
        return answer

    monkeypatch.setattr(house.strava, "get", get)
    done = backfill.plan(Backfill(ATHLETE), house.backfilling)

    assert (done.state, done.planned) == ("listed", 60)
    assert len(asked) == 8  # as many as one alone: each page begins with the last second
    assert not [each for each in asked if each != "athlete/activities"]


def test_whoever_finds_another_at_a_page_waits_and_goes_on(house: House) -> None:
    a_history(house, 30)
    use = house.backfilling
    name, most = f"listing-{ATHLETE}", backfill.PAGE_LASTS
    dead = alone(name, use.state, use.clock, use.ids, most=most)
    dead.__enter__()
    began = house.clock.now()
    done = backfill.plan(Backfill(ATHLETE), use)

    assert (done.state, done.planned) == ("listed", 30)
    assert house.clock.now() - began >= backfill.PAGE_LASTS
    del dead


def test_a_listing_goes_on_with_what_was_asked_for_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_history(house, 40)
    use, real = house.backfilling, house.strava.get

    def get(path: str, params: Any, token: str) -> Answer:
        monkeypatch.setattr(house.strava, "get", real)
        backfill.start(Backfill(ATHLETE), use)  # another terminal asks for more
        return real(path, params, token)

    monkeypatch.setattr(house.strava, "get", get)
    done = backfill.plan(Backfill(ATHLETE, since=days_back(15)), use)

    assert done.state == "listed"
    assert parked(house) == set(range(1, 41))
