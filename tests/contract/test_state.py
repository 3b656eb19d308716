"""What every store of state promises."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from paceline.adapters.gcp.firestore import FirestoreState
from paceline.adapters.local.state import SqliteState
from paceline.errors import Conflict
from paceline.ports import State, Version, Where
from tests.builders import NOW
from tests.emulators import use

Op = Literal["==", "<", "<=", ">", ">="]


@pytest.fixture(params=["sqlite", "firestore"])
def state(
    request: pytest.FixtureRequest, project: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[State]:
    if request.param == "sqlite":
        yield SqliteState(request.getfixturevalue("database"))
        return
    use(request.getfixturevalue("firestore_emulator"), monkeypatch)
    with closing(FirestoreState(project)) as state:
        yield state


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


def test_when_a_document_may_go_is_read_as_it_was_written(state: State) -> None:
    for number, moment in enumerate((NOW, NOW.replace(microsecond=123_456))):
        data = {"until": "then", "delete_after": moment.isoformat()}
        version = state.create("locks", str(number), data)
        version = state.replace("locks", str(number), data, version)
        stored = state.get("locks", str(number))
        assert stored
        assert (stored.data, stored.version) == (data, version)


@pytest.mark.parametrize("text", ["soon", 7, None, "2026-01-01T00:00:00", "2026-01-01T00:00:00Z"])
def test_when_a_document_may_go_must_be_an_instant(state: State, text: object) -> None:
    with pytest.raises(ValueError, match=r"delete_after is .*: it must be an instant in UTC"):
        state.create("locks", "one", {"delete_after": text})
    assert state.get("locks", "one") is None


def test_a_document_is_read_as_it_was_written(state: State) -> None:
    data = {
        "text": "Zürich 🚴 \" ' \\ \n",
        "whole": 2**53 + 1,
        "largest": 2**63 - 1,
        "smallest": -(2**63),
        "negative": -1,
        "fraction": 0.1,
        "huge": 1.7976931348623157e308,
        "tiny": 5e-324,
        "round": 2.0,
        "yes": True,
        "nothing": None,
        "list": [1, "two", {"three": [3.0]}, {}, None],
        "deep": {"a": {"b": []}, "a.b": 1, "`": 2, "2024-01-01T00:00:00Z": 3},
        "when": "2024-01-01T00:00:00Z",
    }
    version = state.create("ledger", "1", data)
    stored = state.get("ledger", "1")
    assert stored
    assert stored.id == "1"
    assert stored.data == data
    assert stored.data["yes"] is True
    assert [type(stored.data[name]) for name in ("whole", "round")] == [int, float]
    assert stored.version == version


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({"n": 2**63}, "over 64 bits"),
        ({"n": {"m": [-(2**63) - 1]}}, "the document, n, m, 0: .* over 64 bits"),
        ({"n": float("nan")}, "not JSON compliant"),
        ({"n": float("inf")}, "not JSON compliant"),
        ({"n": [[1]]}, "a list directly in a list"),
        ({"": 1}, "cannot name a field"),
        ({"n": {"__m__": 1}}, "cannot name a field"),
        ({"_write_id": "x"}, "the adapters keep it"),
        ({"n": b"bytes"}, "a bytes is not JSON"),
        ({"n": datetime(2024, 1, 1, tzinfo=UTC)}, "a datetime is not JSON"),
        ({1: 1}, "no text"),
    ],
)
def test_what_one_of_the_stores_cannot_hold_is_refused_by_all(
    state: State, data: dict[str, Any], fault: str
) -> None:
    version = state.create("ledger", "2", {})
    with pytest.raises((ValueError, TypeError), match=fault):
        state.create("ledger", "1", data)
    with pytest.raises((ValueError, TypeError), match=fault):
        state.replace("ledger", "2", data, version)
    assert state.get("ledger", "1") is None


@pytest.mark.parametrize("doc_id", ["", "a/b", ".", "..", "__a__", "ü" * 751])
def test_an_id_that_one_of_the_stores_cannot_hold_is_refused_by_all(
    state: State, doc_id: str
) -> None:
    with pytest.raises(ValueError, match="cannot be the id of a document"):
        state.create("ledger", doc_id, {})


@pytest.mark.parametrize("doc_id", ["1", "zürich 🚴", "a.b", "~*[]`", "_", "ü" * 750])
def test_any_other_id_is_good(state: State, doc_id: str) -> None:
    state.create("ledger", doc_id, {"n": 1})
    (found,) = state.query("ledger")
    assert found == state.get("ledger", doc_id)
    assert found.id == doc_id


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


def test_the_version_of_another_document_is_a_conflict(state: State) -> None:
    older = state.create("ledger", "1", {"n": 1})
    newer = state.create("ledger", "2", {"n": 2})
    for doc_id, version in (("1", newer), ("2", older)):
        with pytest.raises(Conflict):
            state.replace("ledger", doc_id, {"n": 3}, version)
    assert [found.data for found in state.query("ledger")] == [{"n": 1}, {"n": 2}]


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


def test_ids_are_ordered_as_text_also_where_a_condition_names_another_field(state: State) -> None:
    for number, doc_id in enumerate(["9", "10", "Z", "a", "ä"]):
        state.create("runners", doc_id, {"n": -number, "same": 1})
    expected = ["10", "9", "Z", "a", "ä"]
    older = [Where("n", "<=", 0)]
    assert [found.id for found in state.query("runners")] == expected
    assert [found.id for found in state.query("runners", older)] == expected
    assert [found.id for found in state.query("runners", older, limit=2)] == expected[:2]
    found = state.query("runners", older, order_by=["same"], limit=3)
    assert [each.id for each in found] == expected[:3]


def test_a_comparison_or_a_field_that_no_store_knows_is_refused(state: State) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a field"):
        state.query("ledger", [Where("a b", "==", 1)])
    with pytest.raises(ValueError, match="cannot be the name of a field"):
        state.query("ledger", order_by=["a.b"])
    with pytest.raises(ValueError, match="!!"):
        state.count("ledger", [Where("n", "!!", 1)])  # type: ignore[arg-type]
