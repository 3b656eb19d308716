"""What the state in SQLite promises beyond the port."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from paceline.adapters.local.sqlite import Database
from paceline.adapters.local.state import SqliteState
from paceline.errors import StoreUnavailable
from paceline.ledger import Entry, Ledger
from paceline.ports import Where
from tests.contract.plans import plans
from tests.contract.processes import run_together

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)


def _always(entry: Entry) -> Callable[[Entry | None], Entry]:
    return lambda _: entry


@pytest.fixture
def state(database: Database) -> SqliteState:
    return SqliteState(database)


def test_two_processes_count_to_the_sum_of_both(tmp_path: Path) -> None:
    path = tmp_path / "paceline.db"
    with Database(path) as database:
        state = SqliteState(database)
        state.create("counters", "one", {"n": 0})
        run_together(("increment", path, 200), ("increment", path, 200))
        stored = state.get("counters", "one")
    assert stored
    assert stored.data == {"n": 400}


def test_documents_outlive_the_process_and_versions_go_on(tmp_path: Path) -> None:
    with Database(tmp_path / "paceline.db") as database:
        state = SqliteState(database)
        first = state.create("tokens", "1", {"n": 1})
        state.delete("tokens", "1")
    with Database(tmp_path / "paceline.db") as database:
        state = SqliteState(database)
        second = state.create("tokens", "1", {"n": 2})
        stored = state.get("tokens", "1")
    assert stored
    assert stored.version == second != first


@pytest.mark.parametrize("name", ["", "a b", "a') --", 'a"', "a.b", "1st", "a\n", "ä", "a" * 64])
def test_a_field_that_is_no_plain_name_never_reaches_sql(state: SqliteState, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a field"):
        state.query("ledger", [Where(name, "==", 1)])
    with pytest.raises(ValueError, match="cannot be the name of a field"):
        state.query("ledger", order_by=[name])


def test_a_comparison_that_the_port_does_not_know_never_reaches_sql(state: SqliteState) -> None:
    with pytest.raises(ValueError, match="none of the comparisons"):
        state.count("ledger", [Where("n", "= 1 OR 1 =", 1)])  # type: ignore[arg-type]


def test_a_value_that_json_does_not_have_is_refused(state: SqliteState) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        state.create("ledger", "1", {"n": float("nan")})
    assert state.get("ledger", "1") is None


def test_what_is_no_longer_json_is_an_unavailable_store(
    state: SqliteState, database: Database
) -> None:
    state.create("walkers", "1", {"n": 1})
    with pytest.raises(StoreUnavailable, match="JSON"), database.transaction() as connection:
        connection.execute("UPDATE documents SET data = 'not json'")


def test_parked_work_that_is_due_is_found_by_its_index(
    state: SqliteState, database: Database
) -> None:
    ledger = Ledger(state)
    for number in range(20):
        entry = Entry(
            athlete_id=1,
            wanted_at=NOON,
            state="parked" if number % 2 else "fetched",
            reason="webhook",
            not_before=NOON + timedelta(minutes=number),
        )
        ledger.put(number, _always(entry))
    seen = plans(database, lambda: ledger.due(NOON + timedelta(minutes=6), 10))
    (plan,) = seen.values()
    assert "documents_by_state (collection=? AND <expr>=? AND <expr><?)" in plan
    assert [number for number, _ in ledger.due(NOON + timedelta(minutes=6), 10)] == [1, 3, 5]


def test_no_operation_scans_the_documents(state: SqliteState, database: Database) -> None:
    def everything() -> None:
        version = state.create("ledger", "1", {"state": "parked"})
        state.replace("ledger", "1", {"state": "fetched"}, version)
        state.get("ledger", "1")
        state.count("ledger", [Where("state", "==", "parked")])
        state.query("ledger")
        state.delete("ledger", "1")

    seen = plans(database, everything)
    assert len(seen) >= 6
    for sql, plan in seen.items():
        assert "SCAN documents" not in plan, sql
