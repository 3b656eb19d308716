"""reconcile: what events did not tell is found in Strava's own list, and healed by fetching."""

import json
from datetime import datetime, timedelta

import pytest

from paceline.errors import Busy
from paceline.ledger import Entry
from paceline.lock import alone
from paceline.model.priority import Priority
from paceline.steps import backfill, comparison, fetch_activity, reconcile
from paceline.steps.backfill import Backfill
from paceline.steps.comparison import MOST_GONE
from tests.builders import ATHLETE, NOW, message
from tests.unit.conftest import House
from tests.unit.histories import checked, healed, lived, put


def test_nothing_is_wanted_when_the_lists_agree(house: House) -> None:
    found = checked(lived(house))

    assert found.listed == 5
    assert not any(found.wanted.values())
    assert healed(house) == []


def test_a_missing_a_changed_and_a_deleted_activity_are_found_and_healed(house: House) -> None:
    lived(house)
    put(house, 9, days_ago=400)  # dated long before anything we had, uploaded just now
    house.strava.details[2]["gear_id"] = "g78"  # no event tells of it
    del house.strava.details[3]

    found = checked(house)
    assert found.wanted == {"missing": [9], "changed": [2], "gone": [3]}
    assert sorted(healed(house)) == ["fetched", "fetched", "gone"]
    assert not any(checked(house).wanted.values())


def test_work_that_was_given_up_is_looked_for_when_strava_no_longer_lists_it(
    house: House,
) -> None:
    lived(house)
    del house.strava.details[3]
    house.vault.mark_erasing(ATHLETE)
    delete = message(object_id=3, received_at=house.clock.now(), aspect_type="delete")
    assert fetch_activity.run(delete, house.fetching).name == "athlete_left"
    house.connect()

    assert checked(house).wanted["gone"] == [3]
    assert healed(house) == ["gone"]


def test_work_that_was_parked_for_a_forged_owner_is_missing_from_the_real_one(
    house: House,
) -> None:
    lived(house)
    put(house, 9, days_ago=1)
    forged = Entry(ATHLETE + 1, wanted_at=NOW, not_before=NOW, state="parked", reason="webhook")
    house.ledger.put(9, lambda _: forged)

    assert checked(house).wanted["missing"] == [9]
    assert healed(house) == ["fetched"]


def test_a_difference_that_fetching_does_not_settle_is_fetched_only_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(house)
    listed = house.strava._listed  # a list that rounds otherwise than the detail
    monkeypatch.setattr(
        house.strava, "_listed", lambda p: [row | {"distance": 1.0} for row in listed(p)]
    )

    assert len(checked(house).wanted["changed"]) == 5
    assert healed(house) == ["fetched"] * 5
    assert not any(checked(house).wanted.values())


def test_a_list_that_comes_back_short_does_not_send_us_after_a_whole_history(
    house: House,
) -> None:
    lived(house, 25)
    kept = dict(house.strava.details)
    house.strava.details.clear()
    found = checked(house)
    house.strava.details.update(kept)

    assert (len(found.wanted["gone"]), found.held_back) == (MOST_GONE, 25 - MOST_GONE)
    assert set(healed(house)) == {"fetched"}  # a 404 is what deletes, not a list
    assert house.ledger.counts()["gone"] == 0


def test_a_real_mass_deletion_is_found_over_several_runs(house: House, few_gone: int) -> None:
    lived(house, 3 * few_gone)
    house.strava.details.clear()
    for _ in range(3):
        checked(house)
        healed(house)

    assert house.ledger.counts()["gone"] == 3 * few_gone


def test_a_rolling_check_lists_the_last_weeks_and_leaves_the_rest_alone(house: House) -> None:
    lived(house, 12)
    checked(house)  # the first is of the whole history
    house.strava.asked.clear()
    del house.strava.details[1], house.strava.details[12]

    found = checked(house, full=False)
    assert found.wanted["gone"] == [1]
    assert house.strava.asked.count("athlete/activities") == 1


def test_the_whole_history_is_compared_weekly_and_nothing_twice_a_day(house: House) -> None:
    lived(house)
    wholes: list[bool] = []
    for _ in range(9):
        house.clock.advance(24 * 3_600)
        found = reconcile.reconcile(house.reconciling).found
        wholes.extend(each.since is None for each in found)
        assert reconcile.reconcile(house.reconciling).found == []

    assert wholes == [True, *[False] * 6, True, False]


def test_each_check_is_reported_by_year(house: House) -> None:
    lived(house)
    put(house, 9, days_ago=400)
    checked(house)

    (report,) = [each for each in house.landed() if each.op == "report"]
    rows = {row["year"]: row for row in json.loads(report.note)}
    assert {year: (row["listed"], row["held"]) for year, row in rows.items()} == {
        2025: (1, 0),
        2026: (5, 5),
    }
    assert (rows[2025]["missing"], rows[2026]["missing"]) == (1, 0)


def test_the_profile_goes_to_bronze_with_its_gear(house: House) -> None:
    lived(house)
    house.strava.profile = {"id": ATHLETE, "ftp": 265, "bikes": [{"id": "b1"}], "shoes": []}
    checked(house)

    kinds = sorted(each.kind for each in house.landed() if each.op == "upsert")
    assert kinds == ["athlete", "gear", "stats"]  # without profile:read_all there are no zones


def test_a_comparison_that_reads_do_not_suffice_for_is_not_begun(house: House) -> None:
    lived(house)
    house.budget.observe({"x-readratelimit-limit": "20,200"}, house.clock.now())
    house.clock.advance(15 * 60)
    house.budget.reserve(12, Priority.LIVE)  # 18 - 12 are left to it, and it takes 10
    house.strava.asked.clear()
    reconcile.run(house.reconciling)
    assert house.strava.asked == []

    house.clock.advance(15 * 60)
    assert reconcile.run(house.reconciling).name == "reconciled"
    assert "athlete/activities" in house.strava.asked


def test_one_athlete_who_fails_does_not_hold_up_the_others(house: House) -> None:
    lived(house)
    house.strava.instead = [house.strava.answer(403, {"message": "Forbidden"})]
    house.clock.advance(24 * 3_600)
    outcome = reconcile.run(house.reconciling)

    assert (outcome.name, outcome.fields["failed"]) == ("failed", 1)
    assert "StravaRefused" in str(outcome.fields["errors"])
    house.clock.advance(120)
    assert reconcile.run(house.reconciling).fields["athletes"] == 1  # still due


def test_two_runs_at_once_are_one(house: House) -> None:
    lived(house)
    use = house.reconciling
    with (
        alone("reconcile", use.state, use.clock, use.ids, most=reconcile.LONGEST),
        pytest.raises(Busy, match="Another reconcile"),
    ):
        reconcile.reconcile(use)
    house.clock.advance(24 * 3_600)
    assert len(reconcile.reconcile(use).found) == 1


def test_a_lock_that_a_crash_left_behind_runs_out(house: House) -> None:
    use = house.reconciling
    crashed = alone("reconcile", use.state, use.clock, use.ids, most=timedelta(minutes=15))
    crashed.__enter__()
    house.clock.advance(15 * 60 + 1)

    with alone("reconcile", use.state, use.clock, use.ids, most=timedelta(minutes=15)):
        assert True
    del crashed


def test_work_that_is_parked_already_keeps_its_urgency(house: House) -> None:
    lived(house)
    put(house, 9, days_ago=1)
    checked(house)
    first = house.ledger.get(9)
    checked(house)

    assert house.ledger.get(9) == first
    assert first is not None
    assert first.priority == Priority.EDIT


def test_years_are_those_of_the_start_in_utc() -> None:
    starts = {1: datetime.fromisoformat("2026-01-01T00:30:00+02:00")}
    assert comparison._years([1], starts) == {2025: 1}


def test_what_a_backfill_left_out_on_purpose_is_not_missing(house: House) -> None:
    lived(house)
    put(house, 8, days_ago=300)
    put(house, 9, days_ago=2)
    since = (NOW - timedelta(days=200)).isoformat()
    backfill.plan(Backfill(ATHLETE, since=since), house.backfilling)
    house.ledger.put(9, lambda _: Entry(ATHLETE, NOW, "gone", "webhook"))

    found = checked(house)
    assert found.wanted["missing"] == [9]
    assert sum(year.listed for year in found.years.values()) == 6  # without the one left out


def test_a_history_that_is_still_being_listed_is_not_compared(house: House) -> None:
    lived(house)
    backfill.start(Backfill(ATHLETE), house.backfilling)

    assert reconcile.reconcile(house.reconciling, force=True).found == []
