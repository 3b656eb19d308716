"""The documents name what is there, and explain what somebody may meet."""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from paceline import errors
from paceline.adapters.local.sqlite import Database
from paceline.adapters.local.state import SqliteState
from paceline.cli import main
from paceline.model.landed import Landed
from paceline.runtime import pages
from paceline.steps import connect_athlete, receive_webhook

ROOT = Path(__file__).parents[2]
_PATH = re.compile(r"`((?:tests|benchmarks|sql|shared|docs|functions|terraform)/[\w./-]+)`")
_LINK = re.compile(r"\]\(([\w./-]*)(?:#([\w-]+))?\)")
_OUTSIDE = ("README.md", "CONTRIBUTING.md", "terraform/README.md")
_DOCUMENTS = sorted([*(ROOT / "docs").rglob("*.md"), *(ROOT / path for path in _OUTSIDE)])


def test_every_file_that_features_md_names_is_there() -> None:
    named = set(_PATH.findall((ROOT / "docs/features.md").read_text()))

    assert len(named) > 30
    assert {path for path in named if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    for path, heading in _LINK.findall(document.read_text()):
        target = document.parent / path if path else document
        assert target.exists(), path
        assert not heading or heading in _headings(target), f"{path}#{heading}"


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_a_document_names_is_there(
    document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = document.read_text().splitlines()
    text = "\n".join(line for line in lines if "| planned |" not in line)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"(?:`|^ {3,}|&& )make ([a-z-]+)", text, re.MULTILINE)) <= targets
    for command in set(re.findall(r"(?:`|bin/|^)paceline ([a-z]+)", text, re.MULTILINE)):
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0, f"{command}: {capsys.readouterr().err}"


def test_every_error_has_a_row_that_says_what_to_do() -> None:
    named = {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.PacelineError) and kind is not errors.PacelineError
    }

    assert named - _rows("operations.md") == set()
    assert len(named) > 15


def test_every_answer_of_the_webhook_and_of_the_pages_is_explained() -> None:
    webhook = set(_words(receive_webhook, "_refusal", 1)) | set(_words(receive_webhook, "Reply", 2))
    page = {code for _, code, _ in pages._FAILURES} | pages._FORBIDDEN
    page |= set(_words(pages, "_failure", 0)) | set(_words(connect_athlete, "ConnectRefused", 0))

    assert len(webhook) > 8
    assert len(page) > 12
    assert webhook - _rows("operations.md") == set()
    assert page - (_rows("connecting.md") | _codes("operations.md")) == set()


def _rows(document: str) -> set[str]:
    """What is in backticks in tables."""
    lines = (ROOT / "docs" / document).read_text().splitlines()
    return {code for line in lines if line.startswith("|") for code in re.findall(r"`(\w+)`", line)}


def _codes(document: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", (ROOT / "docs" / document).read_text()))


def _words(module: object, function: str, position: int) -> Iterator[str]:
    """Texts in a place of the arguments of a function's calls."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != function:
            continue
        place = call.args[position] if len(call.args) > position else None
        yield from (
            node.value
            for node in (ast.walk(place) if place else ())
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )


def _headings(document: Path) -> set[str]:
    """As GitHub makes them into anchors."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_the_step_that_adding_a_step_shows_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs/adding-a-step.md").read_text(), re.DOTALL
    )
    module = ModuleType("note_newest")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # dataclasses look there
    exec(blocks[0], module.__dict__)  # our own document
    for text in blocks[1:]:
        ast.parse(inspect.cleandoc(text).rstrip(","))
    with Database(tmp_path / "state.sqlite") as database:
        use = module.Noting(SqliteState(database))

        outcomes = [
            module.run(Landed("upsert", "activity", 7, 1, version, "trace"), use).name
            for version in (20, 20, 10, 30)
        ]
        stored = use.state.get("newest", "7")

    assert outcomes == ["noted", "known", "known", "noted"]
    assert stored
    assert stored.data == {"version": 30}
