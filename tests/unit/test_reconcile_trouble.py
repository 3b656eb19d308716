"""reconcile: what fails is asked less and less often, and what is gone is found within two days."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from paceline.ports import Answer
from paceline.steps import comparison, fetch_activity, reconcile
from tests.builders import ATHLETE, message
from tests.unit.conftest import House
from tests.unit.histories import healed, lived, put

Break = Mapping[str, int]  # the status that paths with this end answer


def breaks(house: House, monkeypatch: pytest.MonkeyPatch, broken: Break) -> None:
    real = house.strava.get

    def get(path: str, params: Mapping[str, str], token: str) -> Answer:
        for ends, status in broken.items():
            if path.endswith(ends):
                house.strava.asked.append(path)
                return house.strava.answer(status, {"message": "Forbidden"})
        return real(path, params, token)

    monkeypatch.setattr(house.strava, "get", get)


def a_day_of_looks(house: House) -> Counter[str]:
    """A look each five minutes, as many as a service takes; what was asked."""
    house.strava.asked.clear()
    for _ in range(24 * 12):
        house.clock.advance(300)
        reconcile.run(house.reconciling)
    return Counter(house.strava.asked)


@pytest.mark.parametrize("status", [500, 403])
def test_a_part_of_the_profile_that_fails_repeats_no_comparison_and_stops_no_other_part(
    house: House, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    lived(house)
    house.strava.profile = {"id": ATHLETE, "bikes": [{"id": "b1"}], "shoes": [{"id": "g1"}]}
    breaks(house, monkeypatch, {"/stats": status, "/b1": status})
    house.clock.advance(20 * 3_600)
    asked = a_day_of_looks(house)

    assert asked["athlete/activities"] <= 4  # two comparisons, of at most two pages each
    assert asked[f"athletes/{ATHLETE}/stats"] <= 2
    landed = house.landed()
    assert {each.kind for each in landed if each.op == "upsert"} == {"athlete", "gear"}
    failures = [each for each in landed if each.op == "failure"]
    assert {each.kind for each in failures} == {"stats", "gear"}
    assert all(each.note.startswith("Strava") for each in failures)


@pytest.mark.parametrize("status", [503, 403])
def test_a_list_that_always_fails_is_asked_less_and_less_often_and_told_of(
    house: House, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    lived(house)
    house.clock.advance(24 * 3_600)
    breaks(house, monkeypatch, {"athlete/activities": status})
    asked = a_day_of_looks(house)

    assert 5 <= asked["athlete/activities"] <= 15
    assert len(asked) == 1
    failures = [each for each in house.landed() if each.op == "failure"]
    assert len(failures) == asked["athlete/activities"]
    assert {(each.kind, each.reason) for each in failures} == {("list", "reconcile")}


def test_a_comparison_that_works_again_is_daily_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(house)
    house.clock.advance(24 * 3_600)
    with monkeypatch.context() as outage:
        breaks(house, outage, {"athlete/activities": 503})
        a_day_of_looks(house)
    house.clock.advance(6 * 3_600)
    assert reconcile.run(house.reconciling).name == "reconciled"
    assert reconcile.run(house.reconciling).fields["athletes"] == 0
    house.clock.advance(24 * 3_600)
    assert reconcile.run(house.reconciling).fields["athletes"] == 1


def test_an_error_that_nobody_expected_ends_no_run_and_is_raised(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(house)
    house.clock.advance(24 * 3_600)
    other = ATHLETE + 1
    grant = house.strava.exchange("code")
    house.vault.connect(type(grant)(other, grant.tokens, grant.scopes))
    real = comparison.check

    def check(athlete_id: int, scope: Any, use: Any) -> Any:
        if athlete_id == ATHLETE:
            raise KeyError("who wrote this?")
        return real(athlete_id, scope, use)

    monkeypatch.setattr(reconcile, "check", check)
    report = reconcile.reconcile(house.reconciling, force=True)
    assert [found.athlete_id for found in report.found] == [other]
    assert "unexpected KeyError" in report.failed[ATHLETE]

    house.clock.advance(24 * 3_600)
    with pytest.raises(ExceptionGroup, match="could not be compared"):
        reconcile.run(house.reconciling)
    assert reconcile.run(house.reconciling).fields["athletes"] == 0  # not at each look


# Many deletions at once.


def with_old_ones(house: House, count: int) -> None:
    """Besides the last activities, so many of long ago; the whole history was compared."""
    lived(house)
    for each in range(1, count + 1):
        put(house, 1_000 + each, days_ago=100 + each)
        fetch_activity.run(message(object_id=1_000 + each), house.fetching)
    house.clock.advance(24 * 3_600)
    reconcile.run(house.reconciling)
    house.landed()


def hours_until_gone(house: House, count: int, *, most: int) -> int:
    """The scheduler comes each hour; what it asks for is fetched."""
    for hour in range(1, most + 1):
        house.clock.advance(3_600)
        reconcile.run(house.reconciling)
        healed(house)
        if house.ledger.counts()["gone"] == count:
            return hour
    return most + 1


def test_eighty_deletions_that_nobody_told_of_are_found_within_two_days_of_the_comparison(
    house: House,
) -> None:
    with_old_ones(house, 80)
    for each in range(1, 81):
        del house.strava.details[1_000 + each]
    house.clock.advance(6 * 24 * 3_600)

    assert hours_until_gone(house, 80, most=100) <= 24 + 48
    full = house.state.get("reconciles", str(ATHLETE))
    assert full
    assert full.data["began"] is None
    assert full.data["full"] == full.data["any"]


def test_what_is_there_after_all_does_not_starve_what_is_gone(
    house: House, monkeypatch: pytest.MonkeyPatch, few_gone: int
) -> None:
    with_old_ones(house, 20)
    hidden = set(range(1_001, 1_007))  # Strava lists them no longer, and shows them all the same
    listed = house.strava._listed
    monkeypatch.setattr(
        house.strava, "_listed", lambda p: [row for row in listed(p) if row["id"] not in hidden]
    )
    for each in range(1_007, 1_021):
        del house.strava.details[each]
    house.clock.advance(6 * 24 * 3_600)

    assert hours_until_gone(house, 14, most=200) <= 24 + 3 * 24
    assert all(house.ledger.get(each).state == "fetched" for each in hidden)  # type: ignore[union-attr]


def test_a_list_that_stays_short_costs_a_bounded_number_of_reads_a_day(
    house: House, monkeypatch: pytest.MonkeyPatch, few_gone: int
) -> None:
    with_old_ones(house, 20)
    house.clock.advance(7 * 24 * 3_600)
    monkeypatch.setattr(house.strava, "_listed", lambda _: [])
    reads = []
    for _ in range(7):
        house.strava.asked.clear()
        hours_until_gone(house, 999, most=24)
        reads.append(sum(each.startswith("activities/") for each in house.strava.asked))

    assert house.ledger.counts()["gone"] == 0
    assert max(reads) <= 2 * few_gone + 5  # two rounds on the first day, and the last weeks
    assert sum(reads) <= 25 + few_gone  # each is looked for about once


def test_what_was_seen_longest_ago_is_looked_for_first(house: House, few_gone: int) -> None:
    with_old_ones(house, 10)
    seen = set(range(1_001, 1_006))
    for each in seen:
        again = message(object_id=each, received_at=house.clock.now(), aspect_type="update")
        house.clock.advance(1)
        fetch_activity.run(again, house.fetching)
    for each in range(1_001, 1_011):
        del house.strava.details[each]
    house.clock.advance(1)
    report = reconcile.reconcile(house.reconciling, full=True)

    (found,) = report.found
    assert set(found.wanted["gone"]) == set(range(1_006, 1_011))
    assert found.held_back == 5


def test_rounds_follow_each_other_hourly_while_most_of_what_they_ask_for_is_gone(
    house: House, monkeypatch: pytest.MonkeyPatch, few_gone: int
) -> None:
    with_old_ones(house, 20)
    hidden = {1_004, 1_009, 1_014}  # one or so of each round is there after all
    listed = house.strava._listed
    monkeypatch.setattr(
        house.strava, "_listed", lambda p: [row for row in listed(p) if row["id"] not in hidden]
    )
    for each in set(range(1_001, 1_021)) - hidden:
        del house.strava.details[each]
    house.clock.advance(7 * 24 * 3_600)

    assert hours_until_gone(house, 17, most=24) <= 6
