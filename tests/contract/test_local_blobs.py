"""What the blobs in files promise beyond the port."""

import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from paceline.adapters.local.blobs import FileBlobs
from paceline.errors import StoreUnavailable
from paceline.ports import Blob
from tests.contract.processes import content_of, read_line, run_together, start


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "bronze"


@pytest.fixture
def blobs(root: Path) -> FileBlobs:
    return FileBlobs(root)


def files(root: Path) -> set[str]:
    """Everything on disk but the lock and the folder for what is unfinished."""
    found = {path.relative_to(root).as_posix() for path in root.rglob("*")}
    return found - {".lock", ".tmp"}


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "empty part"),
        ("/etc/passwd", "empty part"),
        ("a//b", "empty part"),
        ("a/", "empty part"),
        ("..", "dot"),
        ("a/../../b", "dot"),
        ("./a", "dot"),
        (".lock", "dot"),
        (".tmp/a", "dot"),
        ("a\nb", "control character"),
        ("a\x00", "control character"),
        ("a\x85b", "control character"),
        ("a.meta.json", "metadata"),
        ("a.meta.json/b", "metadata"),
        ("ü" * 123, "a part is over 245 bytes"),
        ("a/" * 512 + "a", "it is over 1024 bytes"),
    ],
)
def test_a_name_that_would_leave_the_folder_or_break_it_is_refused(
    blobs: FileBlobs, root: Path, name: str, fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        blobs.put(name, b"x", {})
    with pytest.raises(ValueError, match=fault):
        blobs.get(name)
    with pytest.raises(ValueError, match=fault):
        blobs.delete(name)
    assert files(root) == set()


@pytest.mark.parametrize("prefix", ["/", "../", "a/../", "//"])
def test_a_prefix_does_not_lead_out_of_the_folder(blobs: FileBlobs, prefix: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        blobs.names(prefix)


def test_the_longest_names_work(blobs: FileBlobs) -> None:
    name = "/".join(["a" * 245] * 4)
    assert blobs.put(name, b"x", {"k": "v"})
    assert list(blobs.names("a")) == [name]


def test_the_data_is_a_plain_file_under_its_own_name(blobs: FileBlobs, root: Path) -> None:
    blobs.put("a/1.gz", b"as it came", {"k": "v"})
    assert (root / "a/1.gz").read_bytes() == b"as it came"
    assert files(root) == {"a", "a/1.gz", "a/1.gz.meta.json"}


def test_a_delete_leaves_no_metadata_and_no_empty_folder(blobs: FileBlobs, root: Path) -> None:
    blobs.put("a/b/c/1.gz", b"x", {"k": "v"})
    blobs.put("a/2.gz", b"x", {})
    blobs.delete("a/b/c/1.gz")
    assert files(root) == {"a", "a/2.gz", "a/2.gz.meta.json"}
    blobs.delete("a/2.gz")
    assert files(root) == set()


def test_a_folder_that_is_gone_does_not_pass_for_an_empty_one(blobs: FileBlobs, root: Path) -> None:
    shutil.rmtree(root)
    with pytest.raises(StoreUnavailable, match="bronze"):
        blobs.names("")
    with pytest.raises(StoreUnavailable, match="bronze"):
        blobs.get("a")
    with pytest.raises(StoreUnavailable, match="bronze"):
        blobs.put("a", b"x", {})


def test_an_object_in_the_way_of_a_folder_makes_the_store_unavailable(blobs: FileBlobs) -> None:
    blobs.put("a", b"x", {})
    with pytest.raises(StoreUnavailable, match="store a/b"):
        blobs.put("a/b", b"y", {})
    assert blobs.get("a/b") is None
    assert blobs.get("a") == Blob(b"x", {})
    assert list(blobs.names("")) == ["a"]


def test_an_object_whose_metadata_is_damaged_is_not_given_out(blobs: FileBlobs, root: Path) -> None:
    blobs.put("a", b"x", {"k": "v"})
    (root / "a.meta.json").write_text("{")
    with pytest.raises(StoreUnavailable, match="read a"):
        blobs.get("a")
    (root / "a.meta.json").unlink()
    with pytest.raises(StoreUnavailable, match="read a"):
        blobs.get("a")


def test_two_processes_that_want_one_name_get_one_winner(root: Path) -> None:
    left, right = run_together(("put_race", root, "left", 60), ("put_race", root, "right", 60))
    assert sorted(left + right) == sorted(f"race/{number}" for number in range(60))
    blobs = FileBlobs(root)
    for winner, names in (("left", left), ("right", right)):
        for name in names:
            assert blobs.get(name) == Blob(winner.encode() * 5_000, {"by": winner})


def test_a_second_handle_leaves_the_unfinished_files_of_a_living_writer(
    blobs: FileBlobs, root: Path
) -> None:
    with blobs._written(b"unfinished") as path:
        FileBlobs(root)
        assert path.read_bytes() == b"unfinished"
    assert not path.exists()


def acknowledged(process: subprocess.Popen[str], chance: random.Random) -> Iterator[str]:
    """Names the process said were stored, until it is killed at some moment."""
    for _ in range(chance.randint(1, 12)):
        yield read_line(process)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=chance.uniform(0, 0.01))
    process.kill()
    assert process.stdout
    yield from (line.strip() for line in process.stdout if line.endswith("\n"))


def test_a_writer_killed_at_any_moment_leaves_whole_objects_only(root: Path) -> None:
    chance = random.Random(20240601)
    stored: set[str] = set()
    for life in range(8):
        with start("put_until_killed", root, life) as process:
            stored.update(acknowledged(process, chance))
        blobs = FileBlobs(root)
        names = list(blobs.names(""))
        assert stored <= set(names)
        for name in names:
            assert blobs.get(name) == Blob(content_of(name), {"name": name})
        assert list((root / ".tmp").iterdir()) == []
        assert sum(path.is_file() for path in root.rglob("*")) == 2 * len(names) + 1


def test_a_kill_at_each_step_of_a_replacement_leaves_the_old_bytes_or_the_new(root: Path) -> None:
    with start("die_at_each_step", root, "replace") as process:
        steps = int(read_line(process))
    found = [FileBlobs(root / str(step)).get("a/b/1.gz") for step in range(steps)]
    old, new = (Blob(data, {"life": "first"}) for data in (b"first", b"other"))
    changed = found.index(new)
    assert found == [old] * changed + [new] * (steps - changed)
    for step in range(steps):
        assert files(root / str(step)) == {"a", "a/b", "a/b/1.gz", "a/b/1.gz.meta.json"}


@pytest.mark.parametrize("job", ["put", "delete"])
def test_a_kill_at_each_step_leaves_the_object_whole_or_absent(root: Path, job: str) -> None:
    with start("die_at_each_step", root, job) as process:
        steps = int(read_line(process))
    outcomes, metadata_alone = set(), 0
    for step in range(steps):
        metadata_alone += {"a/b/1.gz", "a/b/1.gz.meta.json"} & files(root / str(step)) == {
            "a/b/1.gz.meta.json"
        }
        blobs = FileBlobs(root / str(step))
        names = list(blobs.names(""))
        outcomes.add(len(names))
        if names:
            assert blobs.get("a/b/1.gz") == Blob(b"first", {"life": "first"})
            blobs.delete("a/b/1.gz")
        assert files(root / str(step)) == set()
        assert blobs.put("a/b/1.gz", b"second", {"life": "second"})
        assert blobs.get("a/b/1.gz") == Blob(b"second", {"life": "second"})
    assert outcomes == {0, 1}
    assert metadata_alone > 0  # the moment in between was met
