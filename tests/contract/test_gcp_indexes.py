"""The indexes that Terraform makes in Firestore are those that our queries need, and no others.

The emulator answers every query, the service only those it has an index for.
"""

import ast
import base64
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from paceline.adapters.cipher import AesGcmCipher
from paceline.adapters.local.manual import CountingIds, ManualClock
from paceline.adapters.local.sqlite import Database
from paceline.adapters.local.state import SqliteState
from paceline.claims import Claims
from paceline.counters import Counters
from paceline.ledger import Ledger
from paceline.model.priority import Priority
from paceline.ports import Where
from paceline.steps import backfill
from paceline.steps.backfill import Backfilling
from paceline.vault import Vault

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "shared/paceline"
NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)

Site = tuple[str, int, int]  # of a call: file, first line, last line
Shape = tuple[str, tuple[Where, ...], tuple[str, ...]]  # collection, conditions, order


class Watched(SqliteState):
    """Notes what is asked, and by which line."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.asked: list[tuple[str, int, Shape]] = []

    def query(
        self,
        collection: str,
        where: Sequence[Where] = (),
        *,
        order_by: Sequence[str] = (),
        limit: int | None = None,
    ) -> Any:
        self._note((collection, tuple(where), tuple(order_by)))
        return super().query(collection, where, order_by=order_by, limit=limit)

    def count(self, collection: str, where: Sequence[Where] = ()) -> int:
        self._note((collection, tuple(where), ()))
        return super().count(collection, where)

    def _note(self, shape: Shape) -> None:
        caller = sys._getframe(2)
        self.asked.append((caller.f_code.co_filename, caller.f_lineno, shape))


def sites() -> Iterator[Site]:
    """Every call of `query` or `count` on a state, in all of the library."""
    for path in LIBRARY.rglob("*.py"):
        if path.is_relative_to(LIBRARY / "adapters"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Attribute(
                        attr="query" | "count", value=ast.Attribute(attr="state" | "_state")
                    )
                ):
                    yield str(path), node.lineno, node.end_lineno or node.lineno


def ask_everything(state: Watched) -> None:
    clock, ids = ManualClock(NOON), CountingIds()
    ledger = Ledger(state)
    ledger.due(NOON, 10)
    ledger.of_athlete(1)
    ledger.of_athlete(1, since=NOON)
    ledger.how_many(1)
    ledger.wake(1, NOON)
    ledger.stop(1, "why")
    ledger.parked()
    ledger.in_flight(Priority.BACKFILL, NOON)
    ledger.parked_reads(Priority.BACKFILL)
    ledger.failed()
    ledger.to_erase(NOON, 10)
    ledger.counts()
    cipher: Any = AesGcmCipher("k1", {"k1": base64.b64decode(b"a" * 43 + b"=")})
    unused: Any = None
    Vault(state, cipher, unused, clock, ids).athletes()
    backfill.unfinished(Backfilling(state, ledger, unused, unused, unused, clock, ids))
    claims = Claims(state)
    claims.take_due(NOON)
    claims.open()
    Counters(state).all()


def index_for(shape: Shape) -> tuple[str, tuple[str, ...]] | None:
    """What firebase.google.com/docs/firestore/query-data/index-overview asks for.

    Equalities alone are answered from the indexes that each field has by itself.
    """
    collection, where, order_by = shape
    equal = sorted({each.field for each in where if each.op == "=="})
    unequal = [each.field for each in where if each.op != "=="]
    ranged = list(dict.fromkeys([*order_by, *unequal]))
    fields = [*equal, *ranged]
    return (collection, tuple(fields)) if ranged and len(fields) > 1 else None


def test_terraform_makes_the_indexes_that_our_queries_need_and_no_others(tmp_path: Path) -> None:
    with Database(tmp_path / "state.sqlite") as database:
        state = Watched(database)
        ask_everything(state)
    written = json.loads((ROOT / "terraform/firestore_indexes.json").read_text())
    made = {(each["collection"], tuple(f["field"] for f in each["fields"])) for each in written}
    assert {f["order"] for each in written for f in each["fields"]} == {"ASCENDING"}
    assert made == {index for *_, shape in state.asked if (index := index_for(shape))}
    assert len(made) == len(written)


def test_no_query_is_left_out_of_the_list_above(tmp_path: Path) -> None:
    with Database(tmp_path / "state.sqlite") as database:
        state = Watched(database)
        ask_everything(state)
    asked = {(file, line) for file, line, _ in state.asked}
    found = set(sites())
    assert len(found) >= 9
    for file, first, last in found:
        assert asked & {(file, line) for line in range(first, last + 1)}, f"{file}:{first}"
