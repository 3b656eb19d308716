"""The state against a dictionary, over every order of writes."""

import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from paceline.adapters.gcp.firestore import FirestoreState
from paceline.adapters.local.sqlite import Database
from paceline.adapters.local.state import SqliteState
from paceline.cli.emulators.process import Emulator
from paceline.errors import Conflict
from paceline.ports import Document, State, Version
from tests.emulators import use

DOC_IDS = st.sampled_from(["a", "b"])
DOCUMENTS = st.fixed_dictionaries(
    {"n": st.integers(0, 3)}, optional={"note": st.text(max_size=5), "when": st.none()}
)


class StateMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.opened = ExitStack()
        self.state = self.open_state()
        self.documents: dict[str, tuple[Document, Version]] = {}
        self.versions: list[Version] = [Version("0")]

    def open_state(self) -> State:
        folder = self.opened.enter_context(tempfile.TemporaryDirectory())
        database = self.opened.enter_context(Database(Path(folder) / "paceline.db"))
        return SqliteState(database)

    def teardown(self) -> None:
        self.opened.close()

    @rule(doc_id=DOC_IDS, data=DOCUMENTS)
    def create(self, doc_id: str, data: Document) -> None:
        if doc_id in self.documents:
            with pytest.raises(Conflict):
                self.state.create("c", doc_id, data)
        else:
            self._wrote(doc_id, data, self.state.create("c", doc_id, data))

    @rule(doc_id=DOC_IDS, data=DOCUMENTS, choice=st.data())
    def replace(self, doc_id: str, data: Document, choice: st.DataObject) -> None:
        version = choice.draw(st.sampled_from(self.versions[::-1]))
        if doc_id in self.documents and self.documents[doc_id][1] == version:
            self._wrote(doc_id, data, self.state.replace("c", doc_id, data, version))
        else:
            with pytest.raises(Conflict):
                self.state.replace("c", doc_id, data, version)

    @rule(doc_id=DOC_IDS)
    def delete(self, doc_id: str) -> None:
        self.state.delete("c", doc_id)
        self.documents.pop(doc_id, None)

    def _wrote(self, doc_id: str, data: Document, version: Version) -> None:
        assert version not in self.versions
        self.versions.append(version)
        self.documents[doc_id] = (data, version)

    @invariant()
    def what_is_stored_is_what_was_written_last(self) -> None:
        stored = {found.id: (found.data, found.version) for found in self.state.query("c")}
        assert stored == self.documents


TestStateAgainstADictionary = StateMachine.TestCase
TestStateAgainstADictionary.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, derandomize=True, database=None
)


class FirestoreMachine(StateMachine):
    def open_state(self) -> State:
        project = f"model-{uuid4().hex[:12]}"
        return self.opened.enter_context(closing(FirestoreState(project)))


def test_firestore_against_a_dictionary(
    firestore_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(firestore_emulator, monkeypatch)
    run_state_machine_as_test(
        FirestoreMachine,
        settings=settings(
            max_examples=8, stateful_step_count=20, deadline=None, derandomize=True, database=None
        ),
    )
