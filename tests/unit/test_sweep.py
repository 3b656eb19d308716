"""What is gone at Strava leaves bronze and landing; Strava's answer that it is gone stays."""

import gzip
import json
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from paceline.errors import StoreUnavailable
from paceline.ledger import Entry
from paceline.model.bronze import BronzeObject, Kind, parse_name, prefix_of
from paceline.model.landed import Landed
from paceline.steps import backfill, fetch_activity, reconcile
from paceline.steps.backfill import Backfill
from paceline.steps.fetch_activity import KEPT
from paceline.steps.sweep import MOST, sweep
from tests.builders import ATHLETE, NOW, message
from tests.contract.mortal import KillNow, Life, Mortal
from tests.unit.conftest import House, a_house
from tests.unit.histories import healed, lived
from tests.unit.test_load_silver import Tray, load

GONE, STAYS = 3, 4


def told(house: House, aspect: str, activity_id: int = GONE) -> str:
    event = message(house.clock.now(), aspect_type=aspect, object_id=activity_id)
    return fetch_activity.run(event, house.fetching).name


def deleted(house: House) -> dict[str, Any]:
    """An athlete with some activities and their list, of whom one deletes an activity."""
    lived(house)
    backfill.plan(Backfill(ATHLETE), house.backfilling)
    house.clock.advance(60)
    house.landed()
    taken = house.strava.details.pop(GONE)
    assert told(house, "delete") == "gone"
    return taken


def later(house: House) -> None:
    house.clock.advance(KEPT / timedelta(seconds=1))


def stored(house: House, activity_id: int) -> list[tuple[Kind, str]]:
    """What bronze has of an activity: the kinds, and whether they bring it or say it is gone."""
    kinds: tuple[Kind, ...] = ("activity", "streams")
    found = [name for kind in kinds for name in house.bronze.names(prefix_of(ATHLETE, kind))]
    ours = [name for name in found if parse_name(name)[1].activity_id == activity_id]
    return [(parse_name(n)[0], blob.metadata["op"]) for n in ours if (blob := house.bronze.get(n))]


def listed(house: House) -> list[list[int]]:
    """The activities that each list in bronze tells of."""
    pages = [house.bronze.get(name) for name in house.bronze.names(prefix_of(ATHLETE, "list"))]
    return [[row["id"] for row in json.loads(gzip.decompress(p.data))] for p in pages if p]


def test_for_two_hours_nothing_goes_and_then_all_but_the_answer_that_it_is_gone(
    house: House,
) -> None:
    deleted(house)
    there = [("activity", "upsert"), ("activity", "tombstone"), ("streams", "upsert")]
    house.clock.advance(KEPT / timedelta(seconds=1) - 1)
    assert sweep(house.sweeping).erased == 0
    assert stored(house, GONE) == there

    house.clock.advance(1)
    assert sweep(house.sweeping).erased == 1
    assert stored(house, GONE) == [("activity", "tombstone")]
    assert stored(house, STAYS) == [("activity", "upsert"), ("streams", "upsert")]
    assert sweep(house.sweeping).erased == 0


def test_lists_stay_under_their_names_and_tell_only_of_the_others(house: House) -> None:
    deleted(house)
    names = list(house.bronze.names(prefix_of(ATHLETE, "list")))
    assert listed(house) == [[1, 2, 3, 4, 5]]
    later(house)
    sweep(house.sweeping)
    assert listed(house) == [[1, 2, 4, 5]]
    assert list(house.bronze.names(prefix_of(ATHLETE, "list"))) == names


def test_a_list_from_after_it_came_back_tells_of_it(house: House) -> None:
    taken = deleted(house)
    house.clock.advance(60)
    house.strava.details[GONE] = taken
    backfill.plan(Backfill(ATHLETE, limit=0), house.backfilling)
    later(house)
    sweep(house.sweeping)
    assert listed(house) == [[1, 2, 4, 5], [1, 2, 3, 4, 5]]


def test_what_is_deleted_while_a_page_is_worked_on_leaves_the_page(house: House) -> None:
    lived(house)
    backfilling = house.backfilling
    known = backfilling.ledger.get
    is_listed: list[bool] = []

    def get(activity_id: int) -> Entry | None:
        if not is_listed:
            is_listed.append(True)
            house.clock.advance(1)
            house.strava.details.pop(GONE)
            assert told(house, "delete") == "gone"
            house.clock.advance(1)
        return known(activity_id)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(backfilling.ledger, "get", get)
        backfill.plan(Backfill(ATHLETE, limit=0), backfilling)
    later(house)
    sweep(house.sweeping)
    assert listed(house) == [[1, 2, 4, 5]]


def test_what_cannot_be_read_in_bronze_or_is_not_ours_stops_no_sweep(house: House) -> None:
    deleted(house)
    for kind in ("activity", "streams", "list"):
        house.bronze.put(f"{prefix_of(ATHLETE, kind)}notes.txt", b"mine", {})
        house.bronze.put(f"{prefix_of(ATHLETE, kind, GONE)}notes.txt", b"mine", {})
    cut = BronzeObject("list", ATHLETE, 0, NOW, b"[]", "GET /", 200)
    house.bronze.put(cut.name(), cut.packed()[:-9], cut.metadata())
    later(house)
    assert reconcile.run(house.reconciling).fields["erased"] == 1
    house.bronze.delete(cut.name())
    for name in [each for each in house.bronze.names("") if each.endswith("notes.txt")]:
        house.bronze.delete(name)
    assert stored(house, GONE) == [("activity", "tombstone")]
    assert listed(house) == [[1, 2, 4, 5]]


def test_an_athlete_who_cannot_be_swept_is_named_and_stops_no_other(house: House) -> None:
    deleted(house)
    told_of = house.ledger.get(GONE)
    assert told_of
    when = told_of.erase_after and told_of.erase_after - timedelta(hours=1)
    nobody = replace(told_of, athlete_id=8, fetched_at=None, erase_after=when)
    house.ledger.put(88, lambda _: nobody)
    later(house)
    report = reconcile.reconcile(house.reconciling)
    assert (report.erased, list(report.failed), len(report.bugs)) == (1, [8], 1)
    assert stored(house, GONE) == [("activity", "tombstone")]
    assert house.ledger.get(88) == nobody  # and is tried again


def test_two_sweeps_at_once_take_out_what_each_of_them_was_at(house: House) -> None:
    deleted(house)
    later(house)
    house.strava.details.pop(STAYS)
    without = house.wire.without

    def meanwhile(body: bytes, activity_ids: Collection[int]) -> bytes:
        patched.undo()
        assert told(house, "delete", STAYS) == "gone"
        later(house)
        assert sweep(house.sweeping).erased == 2
        return without(body, activity_ids)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(house.wire, "without", meanwhile)
        sweep(house.sweeping)
    assert listed(house) == [[1, 2, 5]]


def test_whoever_loads_is_told_once_which_versions_are_erased(house: House) -> None:
    deleted(house)
    tombstone = house.landed()[-1]
    later(house)
    sweep(house.sweeping)
    (erasure,) = house.landed()
    assert (tombstone.op, erasure.op) == ("tombstone", "erasure")
    assert (erasure.activity_id, erasure.version) == (GONE, tombstone.version)
    assert erasure.received_at == house.clock.now().isoformat()


def test_what_comes_back_before_the_sweep_keeps_all_that_is_stored_of_it(house: House) -> None:
    taken = deleted(house)
    house.strava.details[GONE] = taken
    house.clock.advance(60)
    assert told(house, "create") == "fetched"
    later(house)
    assert sweep(house.sweeping).erased == 0
    assert [op for _, op in stored(house, GONE)].count("upsert") == 4
    assert listed(house) == [[1, 2, 3, 4, 5]]


def test_what_is_wanted_again_is_left_to_the_next_fetch(house: House) -> None:
    deleted(house)
    house.clock.advance(60)
    assert told(house, "create") == "parked"
    later(house)
    assert sweep(house.sweeping).erased == 0
    assert len(stored(house, GONE)) > 1

    later(house)
    while healed(house) != ["gone"]:
        house.clock.advance(1_800)
    later(house)
    assert sweep(house.sweeping).erased == 1
    assert stored(house, GONE) == [("activity", "tombstone")]


def test_what_was_erased_comes_back_whole_with_a_later_create(house: House) -> None:
    taken = deleted(house)
    later(house)
    sweep(house.sweeping)
    house.strava.details[GONE] = taken
    assert told(house, "create") == "fetched"
    assert stored(house, GONE) == [
        ("activity", "tombstone"),
        ("activity", "upsert"),
        ("streams", "upsert"),
    ]


def test_reconcile_sweeps_also_when_nobody_is_due(house: House) -> None:
    deleted(house)
    reconcile.run(house.reconciling, full=True)
    later(house)
    assert reconcile.run(house.reconciling).fields["erased"] == 1
    assert stored(house, GONE) == [("activity", "tombstone")]


def test_what_an_older_version_found_to_be_gone_is_swept_after_the_next_comparison(
    house: House,
) -> None:
    deleted(house)
    written = house.state.get("ledger", str(GONE))
    assert written
    older = {name: value for name, value in written.data.items() if name != "erase_after"}
    house.state.replace("ledger", str(GONE), older, written.version)
    later(house)
    assert reconcile.reconcile(house.reconciling, force=True).erased == 1
    assert stored(house, GONE) == [("activity", "tombstone")]
    assert reconcile.reconcile(house.reconciling, force=True).erased == 0


def test_what_a_later_version_notes_besides_is_no_trouble_after_a_rollback(house: House) -> None:
    deleted(house)
    known, written = house.ledger.get(GONE), house.state.get("ledger", str(GONE))
    assert written
    house.state.replace("ledger", str(GONE), written.data | {"unheard_of": 1}, written.version)
    assert house.ledger.get(GONE) == known


def test_what_is_too_much_for_one_sweep_goes_with_the_next(house: House) -> None:
    lived(house, MOST + 2)
    for each in range(1, MOST + 3):
        del house.strava.details[each]
        assert told(house, "delete", each) == "gone"
    later(house)
    assert [sweep(house.sweeping).erased for _ in range(3)] == [MOST, 2, 0]


def test_what_is_found_to_be_gone_once_more_meanwhile_is_swept_once_more(house: House) -> None:
    deleted(house)
    seen = house.ledger.get(GONE)
    assert seen
    house.clock.advance(60)
    again = replace(seen, erase_after=house.clock.now() + KEPT)
    house.ledger.put(GONE, lambda _: again)
    house.ledger.erased(GONE, seen)
    assert house.ledger.get(GONE) == again


def end_of(house: House) -> tuple[list[Any], ...]:
    erasures = [(e.activity_id, e.version) for e in house.landed() if e.op == "erasure"]
    return stored(house, GONE), stored(house, STAYS), listed(house), sorted(set(erasures))


WRITES: dict[str, Collection[str]] = {
    "bronze": {"delete", "replace"},
    "bus": {"publish"},
    "state": {"create", "replace"},
}


def dying_after(effects: int, home: Path) -> tuple[bool, tuple[list[Any], ...]]:
    """Whether a sweep that is killed after so many effects came to its end, and how all is then."""
    with a_house(home) as house:
        deleted(house)
        later(house)
        life = Life(effects)
        with a_house(home) as mortal:  # another process, over the same stores
            mortal.clock.advance((house.clock.now() - mortal.clock.now()).total_seconds())
            for port, methods in WRITES.items():
                dies = Mortal(getattr(mortal, port), life, StoreUnavailable, methods)
                setattr(mortal, port, dies)
            mortal.__post_init__()
            try:
                sweep(mortal.sweeping)
                done = True
            except KillNow:
                done = False
        sweep(house.sweeping)
        return done, end_of(house)


def test_a_sweep_that_is_killed_at_any_point_is_finished_by_the_next(tmp_path: Path) -> None:
    ends = []
    for effects in range(20):
        done, end = dying_after(effects, tmp_path / str(effects))
        ends.append(end)
        if done:
            break
    assert effects > 3
    assert ends == [ends[-1]] * len(ends)
    assert ends[-1][0] == [("activity", "tombstone")]


# Messages that come too late.


def test_a_message_about_an_object_that_was_erased_is_done_and_a_lost_object_is_asked_for_again(
    house: House,
) -> None:
    lived(house)
    late = [each for kind in ("activity", "streams") for each in [first(house, kind)]]
    house.strava.details.pop(GONE)
    told(house, "delete")
    later(house)
    sweep(house.sweeping)

    tray, outcomes = load(house, *late)
    assert outcomes == ["already_erased"] * 2
    assert tray.tables == {}

    lost = first(house, "activity", STAYS)
    house.bronze.delete(lost.bronze_name)
    with pytest.raises(StoreUnavailable, match="asked again later"):
        load(house, lost)


def test_an_object_that_is_lost_since_its_activity_came_back_is_asked_for_again(
    house: House,
) -> None:
    taken = deleted(house)
    later(house)
    sweep(house.sweeping)
    house.strava.details[GONE] = taken
    assert told(house, "create") == "fetched"
    back = next(each for each in house.landed() if (each.kind, each.op) == ("activity", "upsert"))
    house.bronze.delete(back.bronze_name)
    with pytest.raises(StoreUnavailable, match="asked again later"):
        load(house, back)


def first(house: House, kind: Any, activity_id: int = GONE) -> Landed:
    name = next(iter(house.bronze.names(prefix_of(ATHLETE, kind, activity_id))))
    found = house.lake.told_of(name)
    assert found
    return found


def test_an_erasure_takes_older_versions_out_of_landing_and_what_failed(house: House) -> None:
    tray = Tray()
    lived(house)
    load(house, first(house, "activity"), first(house, "activity", STAYS), tray=tray)
    broken = BronzeObject("activity", ATHLETE, GONE, NOW, b"{", "GET /", 200)
    house.bronze.put(broken.name(), broken.packed(), broken.metadata())
    refused = Landed("upsert", "activity", ATHLETE, GONE, broken.version, "t", broken.name())
    load(house, refused, tray=tray)
    house.strava.details.pop(GONE)
    told(house, "delete")
    later(house)
    sweep(house.sweeping)

    told_of = [each for each in house.landed() if each.activity_id == GONE]
    _, outcomes = load(house, *told_of, tray=tray)
    assert outcomes[-2:] == ["loaded", "erased"]
    left = {name: [row["activity_id"] for row in rows] for name, rows in tray.tables.items()}
    assert left["landing.activities"] == [STAYS, GONE]  # what says that it is gone
    assert left["ops.failed_events"] == []
