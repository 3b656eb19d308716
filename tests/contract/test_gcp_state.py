"""What the state in Firestore promises beyond the port, in the emulator."""

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from google.cloud import firestore

from paceline.adapters.gcp.firestore import FirestoreState
from paceline.cli.emulators import google
from paceline.cli.emulators.process import Emulator
from paceline.errors import Conflict, StoreUnavailable
from tests.builders import NOW
from tests.contract.cut_line import CutLine
from tests.contract.processes import run_together
from tests.emulators import started, use, within


@pytest.fixture
def state(
    project: str, firestore_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FirestoreState]:
    use(firestore_emulator, monkeypatch)
    with closing(FirestoreState(project)) as state:
        yield state


@pytest.fixture
def line(firestore_emulator: Emulator) -> Iterator[CutLine]:
    with closing(CutLine(firestore_emulator.port)) as line:
        yield line


@pytest.fixture
def over_the_line(
    project: str, line: CutLine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FirestoreState]:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", line.address)
    with closing(FirestoreState(project)) as state:
        state.get("ledger", "1")
        yield state


def test_two_processes_that_create_one_document_get_one_winner(
    project: str, state: FirestoreState
) -> None:
    left, right = run_together(
        ("create_race", project, "left", 12), ("create_race", project, "right", 12)
    )
    assert sorted(left + right, key=int) == [str(number) for number in range(12)]
    owners = {stored.id: stored.data["by"] for stored in state.query("race")}
    assert owners == dict.fromkeys(left, "left") | dict.fromkeys(right, "right")


def test_when_a_document_may_go_is_a_time_to_firestore_and_stays_a_text_to_us(
    project: str, state: FirestoreState
) -> None:
    told = NOW.isoformat()
    state.create("locks", "reconcile", {"until": told, "delete_after": told})
    held = firestore.Client(project=project).document("locks/reconcile").get().to_dict()
    assert held
    assert (held["until"], held["delete_after"]) == (told, NOW)


def test_two_processes_count_to_the_sum_of_both(project: str, state: FirestoreState) -> None:
    state.create("counters", "one", {"n": 0})
    run_together(("increment_in_firestore", project, 6), ("increment_in_firestore", project, 6))
    stored = state.get("counters", "one")
    assert stored
    assert stored.data == {"n": 12}


def test_a_write_whose_answer_was_lost_knows_that_it_was_its_own(
    over_the_line: FirestoreState, line: CutLine, state: FirestoreState
) -> None:
    with line.cut():
        first = over_the_line.create("ledger", "1", {"n": 1})
    with line.cut():
        second = over_the_line.replace("ledger", "1", {"n": 2}, first)
    with line.cut():
        over_the_line.delete("ledger", "2")
    stored = state.get("ledger", "1")
    assert line.cuts == 3
    assert stored
    assert (stored.data, stored.version) == ({"n": 2}, second)


def test_a_write_whose_answer_was_lost_is_a_conflict_where_it_was_one(
    over_the_line: FirestoreState, line: CutLine, state: FirestoreState
) -> None:
    version = state.create("ledger", "1", {"n": 1})
    with line.cut(), pytest.raises(Conflict):
        over_the_line.create("ledger", "1", {"n": 1})
    state.replace("ledger", "1", {"n": 1}, version)
    with line.cut(), pytest.raises(Conflict):
        over_the_line.replace("ledger", "1", {"n": 1}, version)
    assert line.cuts == 2


def test_a_store_that_was_killed_is_unavailable_and_then_works_again(
    project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started(google.firestore) as emulator:
        use(emulator, monkeypatch)
        with closing(FirestoreState(project, within_s=1)) as state:
            within(20, lambda: state.get("ledger", "1"))
            emulator.kill()
            began = time.monotonic()
            with pytest.raises(StoreUnavailable, match="did not write ledger/2"):
                state.create("ledger", "2", {})
            assert time.monotonic() - began < 2
            emulator.start()
            assert within(20, lambda: state.get("ledger", "2")) is None
        with closing(FirestoreState(project, within_s=20)) as patient:
            assert patient.create("ledger", "2", {})


def test_documents_are_kept_as_fields_that_a_person_can_read_and_an_index_finds(
    project: str, state: FirestoreState
) -> None:
    state.create("ledger", "1", {"state": "parked", "n": 1, "deep": {"list": [1.5, None]}})
    with closing(firestore.Client(project=project)) as client:
        kept = client.collection("ledger").document("1").get().to_dict()
    assert kept
    assert len(kept.pop("_write_id")) == 32
    assert kept == {"state": "parked", "n": 1, "deep": {"list": [1.5, None]}}


def test_a_document_over_a_mebibyte_is_a_mistake_of_the_caller(state: FirestoreState) -> None:
    with pytest.raises(ValueError, match="ledger/1"):
        state.create("ledger", "1", {"text": "x" * 2**20})
