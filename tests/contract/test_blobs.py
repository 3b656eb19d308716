"""What every store of blobs promises."""

import gzip
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from paceline.adapters.gcp.gcs import GcsBlobs
from paceline.adapters.local.blobs import FileBlobs
from paceline.ports import Blob, Blobs
from tests.emulators import create_bucket, use

NAME = "strava/athlete_id=1/activity/activity_id=2/20240601T060000000000Z-0123456789ab.json.gz"


@pytest.fixture(params=["files", "gcs"])
def blobs(
    request: pytest.FixtureRequest, tmp_path: Path, project: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Blobs]:
    if request.param == "files":
        yield FileBlobs(tmp_path / "bronze")
        return
    use(request.getfixturevalue("storage_emulator"), monkeypatch)
    create_bucket(project, project)
    with closing(GcsBlobs(project, project)) as blobs:
        yield blobs


def fill(blobs: Blobs, *names: str) -> None:
    for name in names:
        assert blobs.put(name, name.encode(), {})


def test_an_object_that_was_never_put_is_none(blobs: Blobs) -> None:
    assert blobs.get(NAME) is None
    assert list(blobs.names("")) == []


@pytest.mark.parametrize(
    "data", [b"", bytes(range(256)) * 1000, b"\r\n\x1a", gzip.compress(b"packed", mtime=0)]
)
def test_bytes_and_metadata_are_read_as_they_were_put(blobs: Blobs, data: bytes) -> None:
    metadata = {
        "request": "GET /activities/2",
        "header-x": "zürich 🚴 \"'\\\\u00fc\n\t\x00",
        "Zürich": " spaces ",
        "empty": "",
    }
    assert blobs.put(NAME, data, metadata) is True
    assert blobs.get(NAME) == Blob(data, metadata)


def test_an_object_is_never_written_over_and_neither_is_its_metadata(blobs: Blobs) -> None:
    assert blobs.put(NAME, b"first", {"by": "first"}) is True
    assert blobs.put(NAME, b"second", {"by": "second"}) is False
    assert blobs.put(NAME, b"first", {"by": "third"}) is False
    assert blobs.get(NAME) == Blob(b"first", {"by": "first"})


def test_names_come_sorted_as_text(blobs: Blobs) -> None:
    names = ["a/b/c", "a-b", "a.b", "a/b.c", "a/b-c", "ab", "a/ü", "a/z"]
    fill(blobs, *names)
    assert list(blobs.names("")) == sorted(names)


def test_a_prefix_is_the_start_of_a_name_and_not_a_folder(blobs: Blobs) -> None:
    fill(blobs, "strava/athlete_id=1/x", "strava/athlete_id=10/x", "strava/athlete_id=2/x")
    assert list(blobs.names("strava/athlete_id=1/")) == ["strava/athlete_id=1/x"]
    assert list(blobs.names("strava/athlete_id=1")) == [
        "strava/athlete_id=1/x",
        "strava/athlete_id=10/x",
    ]
    assert list(blobs.names("strava/athlete_id=2/x")) == ["strava/athlete_id=2/x"]
    assert list(blobs.names("strava/athlete_id=2/x/")) == []
    assert list(blobs.names("str")) == list(blobs.names(""))
    assert list(blobs.names("export/")) == []


def test_names_of_objects_only_are_listed(blobs: Blobs) -> None:
    assert blobs.put("a/1.json.gz", b"x", {"k": "v"})
    assert blobs.put("a/1.meta.json.gz", b"x", {"k": "v"})
    assert list(blobs.names("")) == ["a/1.json.gz", "a/1.meta.json.gz"]


def test_a_deleted_object_is_gone_and_may_be_deleted_again(blobs: Blobs) -> None:
    fill(blobs, "a/1", "a/2")
    blobs.delete("a/1")
    blobs.delete("a/1")
    blobs.delete("never/was")
    assert blobs.get("a/1") is None
    assert list(blobs.names("")) == ["a/2"]
    assert blobs.get("a/2") == Blob(b"a/2", {})


def test_a_name_can_be_used_again_after_a_delete(blobs: Blobs) -> None:
    assert blobs.put(NAME, b"first", {"by": "first"})
    blobs.delete(NAME)
    assert blobs.put(NAME, b"second", {"by": "second"}) is True
    assert blobs.get(NAME) == Blob(b"second", {"by": "second"})


def test_a_replaced_object_has_the_new_bytes_under_its_old_name_and_metadata(blobs: Blobs) -> None:
    metadata = {"request": "GET /x", "header-x": "zürich"}
    assert blobs.put(NAME, b"with what must go", metadata)
    assert blobs.replace(NAME, b"without it", over=b"with what must go") is True
    assert blobs.replace(NAME, b"without it", over=b"without it") is True
    assert blobs.get(NAME) == Blob(b"without it", metadata)
    assert list(blobs.names("")) == [NAME]


def test_what_somebody_else_took_out_meanwhile_is_not_put_back(blobs: Blobs) -> None:
    assert blobs.put(NAME, b"one two", {"k": "v"})
    assert blobs.replace(NAME, b"two", over=b"one two") is True
    assert blobs.replace(NAME, b"one", over=b"one two") is False
    assert blobs.get(NAME) == Blob(b"two", {"k": "v"})


def test_what_is_not_there_is_not_brought_back_by_a_replacement(blobs: Blobs) -> None:
    assert blobs.replace(NAME, b"x", over=b"first") is False
    assert blobs.put(NAME, b"first", {})
    blobs.delete(NAME)
    assert blobs.replace(NAME, b"x", over=b"first") is False
    assert list(blobs.names("")) == []


def test_objects_may_go_while_their_names_are_listed(blobs: Blobs) -> None:
    fill(blobs, *(f"a/{folder}/{number}" for folder in range(3) for number in range(3)))
    for name in blobs.names("a/"):
        blobs.delete(name)
    assert list(blobs.names("")) == []


def test_as_much_metadata_as_fits_is_kept_and_more_is_refused_by_all(blobs: Blobs) -> None:
    most = {"k" * 92: "v" * 8_100}
    assert blobs.put(NAME, b"x", most)
    assert blobs.get(NAME) == Blob(b"x", most)
    with pytest.raises(ValueError, match="8193 bytes of metadata"):
        blobs.put("a/2", b"x", {"k" * 92: "v" * 8_101})
    with pytest.raises(ValueError, match="bytes of metadata"):
        blobs.put("a/2", b"x", {"k": "ü" * 1_400})  # six bytes each, as Cloud Storage has them
    assert blobs.get("a/2") is None


@pytest.mark.parametrize("name", ["", "/a", "a//b", "a/", ".a", "a\nb", "a.meta.json", "ü" * 123])
def test_a_name_that_one_of_the_stores_cannot_hold_is_refused_by_all(
    blobs: Blobs, name: str
) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        blobs.put(name, b"x", {})
    with pytest.raises(ValueError, match="cannot be the name"):
        blobs.get(name)
    with pytest.raises(ValueError, match="cannot be the name"):
        blobs.replace(name, b"x", over=b"x")
    with pytest.raises(ValueError, match="cannot be the name"):
        blobs.delete(name)
