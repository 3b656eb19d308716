"""A folder of recordings is refused as a whole, with a line for each bad file."""

import json
from pathlib import Path

import pytest

from simulator.__main__ import main
from simulator.recorded_folder import BadFolderError, load_folder
from tests.simulator.harness import ADA
from tests.simulator.recordings import DETAIL, RIDE, of, write_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path)


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        (f"activities/{RIDE}.json", "{", "cannot be read"),
        (f"activities/{RIDE}.json", "[]", "not a JSON object"),
        (f"activities/{RIDE}.json", json.dumps(DETAIL | {"id": 7}), "its id is 7"),
        (f"activities/{RIDE}.json", json.dumps(DETAIL | {"athlete": {"id": 8}}), "athletes/8.json"),
        (f"activities/{RIDE}.json", json.dumps(DETAIL | {"start_date": "noon"}), "'noon'"),
        (f"activities/{RIDE}.json", json.dumps(DETAIL | {"elapsed_time": "1"}), "elapsed_time"),
        ("activities/tour.json", "{}", "Name it <id>.json"),
        ("streams/99.json.gz", "", "no good activity"),
        (f"streams/{RIDE}.json.gz", "", "Keep one of them"),
        ("gear/b9.json", "{}", "no recorded athlete has this gear"),
        (f"athletes/{ADA}.json", json.dumps({"id": ADA}), "--athletes 0"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong_and_what_to_do(
    folder: Path, file: str, text: str, says: str
) -> None:
    (folder / "gear").mkdir()
    (folder / file).write_text(text)
    with pytest.raises(BadFolderError) as refused:
        load_folder(of(folder, athletes=1))
    assert str(folder / file) in str(refused.value)
    assert says in str(refused.value)


def test_every_bad_file_is_told_at_once(folder: Path) -> None:
    for number in range(1, 31):
        (folder / f"activities/{number}.json").write_text("")
    with pytest.raises(BadFolderError) as refused:
        load_folder(of(folder))
    assert len(str(refused.value).splitlines()) == 21
    assert str(refused.value).endswith("... and 10 more")


def test_the_program_refuses_a_bad_folder_with_status_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["simulator", "--athletes", "0", "--recorded", str(tmp_path)])
    assert main() == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{tmp_path / 'athletes'}: there is no such folder" in said.err
