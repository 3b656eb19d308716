"""backfill: listed first, fetched as reads allow, stopped and gone on with at any page."""

from datetime import UTC, datetime, timedelta

import pytest

from paceline.errors import WaitUntil
from paceline.ledger import Entry
from paceline.model.event import decode_event_message
from paceline.model.priority import Priority
from paceline.steps import backfill, fetch_activity, listing, release_work
from paceline.steps.backfill import Backfill
from tests.builders import ATHLETE, NOW, detail, message, streams
from tests.unit.conftest import House


def history(house: House, count: int, *, same_second: bool = False) -> None:
    """Activities 1 to `count`, a day apart, the last one yesterday."""
    house.connect()
    for each in range(1, count + 1):
        back = timedelta(days=1 if same_second else count + 1 - each)
        started = (NOW - back).strftime("%Y-%m-%dT%H:%M:%SZ")
        house.strava.details[each] = detail(id=each, start_date=started, start_date_local=started)
        house.strava.streams[each] = streams()


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten rows a page: what holds for 15 pages of ten holds for 15 pages of two hundred."""
    monkeypatch.setattr(listing, "PAGE", 10)


def test_fifteen_pages_of_activities_have_their_totals_within_thirty_reads(house: House) -> None:
    history(house, 150)
    done = backfill.plan(Backfill(ATHLETE), house.backfilling)

    assert (done.state, done.planned) == ("listed", 150)
    assert len(house.strava.asked) <= 19
    bodies = [house.bronze.get(each.bronze_name) for each in house.landed()]
    pages = [each.data for each in bodies if each]
    assert len(pages) == len(house.strava.asked) - 1  # all but the empty one


def test_a_listing_that_was_told_to_wait_goes_on_where_it_stopped(house: House) -> None:
    history(house, 60)
    house.budget.reserve(58, Priority.LIVE)
    with pytest.raises(WaitUntil):
        backfill.plan(Backfill(ATHLETE), house.backfilling)
    asked = len(house.strava.asked)
    assert 0 < house.ledger.counts()["parked"] < 60

    house.clock.advance(15 * 60)
    release_work.run(house.releasing, limit=0)
    assert house.ledger.counts()["parked"] == 60
    lists = [path for path in house.strava.asked[asked:] if path == "athlete/activities"]
    assert len(lists) + asked <= 9


def test_activities_of_one_second_on_two_pages_are_all_found(house: House) -> None:
    history(house, 15)
    twin = house.strava.details[6]["start_date"]  # the last on its page, so that the twin is cut
    house.strava.details[16] = detail(id=16, start_date=twin)
    done = backfill.plan(Backfill(ATHLETE), house.backfilling)

    assert done.planned == 16


def test_a_second_with_more_activities_than_a_page_does_not_list_for_ever(house: House) -> None:
    history(house, 25, same_second=True)
    done = backfill.plan(Backfill(ATHLETE), house.backfilling)

    assert done.state == "listed"
    assert len(house.strava.asked) <= 4


def test_since_until_and_limit_are_kept(house: House) -> None:
    history(house, 30)
    since, until = NOW - timedelta(days=20), NOW - timedelta(days=10)
    wish = Backfill(ATHLETE, since=since.isoformat(), until=until.isoformat(), limit=4)
    done = backfill.plan(wish, house.backfilling)

    entries = house.ledger.of_athlete(ATHLETE)
    parked = [entry for entry in entries.values() if entry.state == "parked"]
    starts = sorted(entry.started_at for entry in parked if entry.started_at)
    assert done.planned == len(starts) == 4
    assert all(since <= start < until for start in starts)
    assert max(starts) == until - timedelta(days=1)


def test_what_is_here_or_on_its_way_is_not_wanted_again(house: House) -> None:
    history(house, 3)
    fetch_activity.run(message(object_id=1), house.fetching)
    live = Entry(ATHLETE, NOW, "parked", "webhook", Priority.LIVE, not_before=NOW)
    house.ledger.put(2, lambda _: live)

    assert backfill.plan(Backfill(ATHLETE), house.backfilling).planned == 1
    assert house.ledger.get(2) == live


def test_the_newest_of_all_athletes_comes_first(house: House) -> None:
    history(house, 12)
    backfill.plan(Backfill(ATHLETE), house.backfilling)
    house.clock.advance(60)
    release_work.run(house.releasing, limit=5)

    found = house.bus.pull("fetch_activity", 10)
    ids = [decode_event_message(each.data).event.object_id for each in found]
    assert ids == [12, 11, 10, 9, 8]


def test_a_year_that_begins_in_another_zone_is_kept_apart_by_its_instant(house: House) -> None:
    history(house, 0)
    house.strava.details[1] = detail(id=1, start_date="2026-01-01T00:30:00Z")
    since = datetime(2026, 1, 1, tzinfo=UTC).isoformat()

    assert backfill.plan(Backfill(ATHLETE, since=since), house.backfilling).planned == 1
