"""What every store of state promises."""

from typing import Any, Literal

import pytest

from paceline.adapters.local.sqlite import Database
from paceline.adapters.local.state import SqliteState
from paceline.errors import Conflict
from paceline.ports import State, Version, Where

Op = Literal["==", "<", "<=", ">", ">="]


@pytest.fixture(params=["sqlite"])
def state(request: pytest.FixtureRequest, database: Database) -> State:
    return SqliteState(database)


@pytest.fixture
def runners(state: State) -> State:
    """Six documents; `f` has no age, `e` has null for it, `d` has a text."""
    documents: dict[str, dict[str, Any]] = {
        "a": {"age": 30, "name": "Ana", "active": True},
        "b": {"age": 30.5, "name": "Bo", "active": False},
        "c": {"age": 7, "name": "Änne", "active": 1},
        "d": {"age": "30", "name": "Dan", "active": "true"},
        "e": {"age": None, "name": "Eve"},
        "f": {"name": "Bo"},
    }
    for doc_id, data in documents.items():
        state.create("runners", doc_id, data)
    return state


def ids(state: State, *where: Where, order_by: tuple[str, ...] = ()) -> str:
    return "".join(found.id for found in state.query("runners", where, order_by=order_by))


def test_a_document_that_was_never_written_is_none(state: State) -> None:
    assert state.get("ledger", "1") is None


def test_a_document_is_read_as_it_was_written(state: State) -> None:
    data = {
        "text": "Zürich 🚴 \" ' \\ \n",
        "whole": 2**53,
        "negative": -1,
        "fraction": 0.1,
        "yes": True,
        "nothing": None,
        "list": [1, "two", [3.0], {}],
        "deep": {"a": {"b": []}},
        "": "a field without a name",
    }
    version = state.create("ledger", "1", data)
    stored = state.get("ledger", "1")
    assert stored
    assert stored.id == "1"
    assert stored.data == data
    assert stored.data["yes"] is True
    assert stored.version == version


def test_creating_what_exists_is_a_conflict_and_changes_nothing(state: State) -> None:
    version = state.create("ledger", "1", {"n": 1})
    with pytest.raises(Conflict, match="ledger/1"):
        state.create("ledger", "1", {"n": 2})
    stored = state.get("ledger", "1")
    assert stored
    assert (stored.data, stored.version) == ({"n": 1}, version)


def test_replacing_the_current_version_gives_the_next_one(state: State) -> None:
    first = state.create("ledger", "1", {"n": 1, "gone": True})
    second = state.replace("ledger", "1", {"n": 2}, first)
    stored = state.get("ledger", "1")
    assert stored
    assert (stored.data, stored.version) == ({"n": 2}, second)
    assert second != first


def test_replacing_a_former_version_is_a_conflict_and_changes_nothing(state: State) -> None:
    first = state.create("ledger", "1", {"n": 1})
    second = state.replace("ledger", "1", {"n": 2}, first)
    with pytest.raises(Conflict, match="ledger/1"):
        state.replace("ledger", "1", {"n": 3}, first)
    stored = state.get("ledger", "1")
    assert stored
    assert (stored.data, stored.version) == ({"n": 2}, second)


def test_a_write_of_equal_data_is_a_new_version_all_the_same(state: State) -> None:
    first = state.create("ledger", "1", {"n": 1})
    state.replace("ledger", "1", {"n": 1}, first)
    with pytest.raises(Conflict):
        state.replace("ledger", "1", {"n": 1}, first)


def test_replacing_what_is_not_there_is_a_conflict(state: State) -> None:
    version = state.create("ledger", "other", {})
    with pytest.raises(Conflict):
        state.replace("ledger", "1", {}, version)
    assert state.get("ledger", "1") is None


def test_a_version_nobody_gave_is_a_conflict(state: State) -> None:
    state.create("ledger", "1", {})
    for invented in ("", "0", "nonsense"):
        with pytest.raises(Conflict):
            state.replace("ledger", "1", {}, Version(invented))


def test_a_version_from_a_former_life_cannot_write_over_the_new_document(state: State) -> None:
    former = [state.create("tokens", "1", {"life": 1})]
    former.append(state.replace("tokens", "1", {"life": 1}, former[0]))
    state.delete("tokens", "1")
    state.create("tokens", "1", {"life": 2})
    for version in former:
        with pytest.raises(Conflict):
            state.replace("tokens", "1", {"life": 1}, version)
    stored = state.get("tokens", "1")
    assert stored
    assert stored.data == {"life": 2}


def test_no_life_of_a_document_repeats_a_version(state: State) -> None:
    versions = []
    for _ in range(10):
        versions.append(state.create("tokens", "1", {}))
        state.delete("tokens", "1")
    assert len(set(versions)) == 10


def test_delete_removes_the_one_document_and_may_be_repeated(state: State) -> None:
    for collection, doc_id in (("ledger", "1"), ("ledger", "2"), ("tokens", "1")):
        state.create(collection, doc_id, {})
    state.delete("ledger", "1")
    state.delete("ledger", "1")
    assert state.get("ledger", "1") is None
    assert state.get("ledger", "2")
    assert state.get("tokens", "1")


def test_what_a_caller_does_to_its_copy_stays_with_the_caller(state: State) -> None:
    data = {"list": [1]}
    state.create("ledger", "1", data)
    data["list"].append(2)
    first = state.get("ledger", "1")
    assert first
    first.data["list"].append(3)
    second = state.get("ledger", "1")
    assert second
    assert second.data == {"list": [1]}


def test_a_query_gives_documents_and_their_versions(runners: State) -> None:
    (found,) = runners.query("runners", [Where("name", "==", "Ana")])
    assert found == runners.get("runners", "a")
    assert list(runners.query("walkers")) == []


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        ("==", 30, "a"),
        ("==", 30.0, "a"),
        ("<", 30, "c"),
        ("<=", 30, "ac"),
        (">", 30, "b"),
        (">=", 30, "ab"),
        ("==", "30", "d"),
        (">", "3", "d"),
        ("<", "9", "d"),
        ("==", "' OR 1=1 --", ""),
    ],
)
def test_a_condition_compares_with_values_of_its_kind_only(
    runners: State, op: Op, value: float | str, expected: str
) -> None:
    assert ids(runners, Where("age", op, value)) == expected
    assert runners.count("runners", [Where("age", op, value)]) == len(expected)


def test_true_and_false_are_not_one_and_zero(runners: State) -> None:
    assert ids(runners, Where("active", "==", value=True)) == "a"
    assert ids(runners, Where("active", "==", value=False)) == "b"
    assert ids(runners, Where("active", "==", 1)) == "c"
    assert ids(runners, Where("active", "==", "true")) == "d"


def test_every_condition_must_hold(runners: State) -> None:
    both = Where("name", "==", "Bo"), Where("age", ">", 1)
    assert ids(runners, both[0]) == "bf"
    assert ids(runners, *both) == "b"
    assert runners.count("runners", both) == 1
    assert runners.count("runners") == 6


def test_documents_come_in_the_order_asked_for_and_then_by_id(runners: State) -> None:
    assert ids(runners) == "abcdef"
    assert ids(runners, order_by=("name",)) == "abfdec"
    assert ids(runners, Where("age", ">", 0), order_by=("age", "name")) == "cab"


def test_a_document_without_a_field_of_the_order_is_left_out(runners: State) -> None:
    assert set(ids(runners, order_by=("age",))) == set("abcde")


def test_a_limit_cuts_after_the_order(runners: State) -> None:
    found = runners.query("runners", order_by=["name"], limit=2)
    assert [stored.id for stored in found] == ["a", "b"]
    assert list(runners.query("runners", limit=0)) == []
