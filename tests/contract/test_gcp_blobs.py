"""What blobs in Cloud Storage promise beyond the port, on fake-gcs-server."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import PreconditionFailed
from google.cloud.storage import Blob as StoredBlob
from google.cloud.storage import Client

from paceline.adapters.gcp.gcs import GcsBlobs
from paceline.cli.emulators import google
from paceline.cli.emulators.process import HOST, Emulator
from paceline.errors import StoreUnavailable
from paceline.ports import Blob
from tests.contract.processes import run_together
from tests.emulators import create_bucket, started, use


@pytest.fixture
def blobs(
    project: str, storage_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[GcsBlobs]:
    use(storage_emulator, monkeypatch)
    create_bucket(project, project)
    with closing(GcsBlobs(project, project)) as blobs:
        yield blobs


def test_two_processes_that_want_one_name_get_one_winner(project: str, blobs: GcsBlobs) -> None:
    left, right = run_together(
        ("put_race_in_gcs", project, "left", 30), ("put_race_in_gcs", project, "right", 30)
    )
    assert sorted(left + right) == sorted(f"race/{number}" for number in range(30))
    for winner, names in (("left", left), ("right", right)):
        for name in names:
            assert blobs.get(name) == Blob(winner.encode() * 5_000, {"by": winner})


def test_more_names_than_a_page_holds_are_all_listed(blobs: GcsBlobs) -> None:
    names = [f"a/{number:04}" for number in range(1_005)]
    for name in names:
        assert blobs.put(name, b"", {})
    assert list(blobs.names("a/")) == names


def test_an_object_is_kept_as_it_is_for_whoever_looks_without_us(
    project: str, blobs: GcsBlobs
) -> None:
    blobs.put("a/1.json.gz", b"\x1f\x8bas it came", {"request": "GET /x", "header-etag": 'W/"ü"'})
    with closing(Client(project=project)) as client:
        blob = client.bucket(project).get_blob("a/1.json.gz")
    assert blob
    assert (blob.content_type, blob.content_encoding) == ("application/gzip", None)
    assert blob.metadata == {"request": "GET /x", "header-etag": 'W/\\"\\u00fc\\"'}


def test_an_object_that_is_replaced_while_it_is_read_is_read_anew(blobs: GcsBlobs) -> None:
    # As the service answers; fake-gcs-server gives the new bytes all the same.
    gone_over: Any = PreconditionFailed
    blobs.put("a", b"old", {"k": "v"})

    def meanwhile(*_: object, **__: object) -> bytes:
        patched.undo()
        assert blobs.replace("a", b"new", over=b"old")
        raise gone_over("other generation")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(StoredBlob, "download_as_bytes", meanwhile)
        assert blobs.get("a") == Blob(b"new", {"k": "v"})


ACTS: dict[str, Callable[[GcsBlobs], object]] = {
    "put": lambda blobs: blobs.put("a", b"x", {}),
    "get": lambda blobs: blobs.get("a"),
    "names": lambda blobs: list(blobs.names("a")),
    "replace": lambda blobs: blobs.replace("a", b"x", over=b"y"),
    "delete": lambda blobs: blobs.delete("a"),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_bucket_that_is_gone_does_not_pass_for_an_empty_one(
    storage_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[GcsBlobs], object],
) -> None:
    use(storage_emulator, monkeypatch)
    with closing(GcsBlobs("nobody", "never-made")) as blobs, pytest.raises(StoreUnavailable):
        act(blobs)


def test_objects_outlive_a_server_that_was_killed(
    project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started(lambda: google.storage(tmp_path)) as emulator:
        use(emulator, monkeypatch)
        create_bucket(project, project)
        with closing(GcsBlobs(project, project, within_s=1)) as blobs:
            assert blobs.put("a/1.gz", b"first", {"k": "v"})
            emulator.kill()
            began = time.monotonic()
            for act in ACTS.values():
                with pytest.raises(StoreUnavailable):
                    act(blobs)
            assert time.monotonic() - began < 2 * len(ACTS)
            emulator.start()
            assert blobs.put("a/1.gz", b"second", {}) is False
            assert blobs.get("a/1.gz") == Blob(b"first", {"k": "v"})
            assert list(blobs.names("")) == ["a/1.gz"]


class DoesNotList(BaseHTTPRequestHandler):
    """A Cloud Storage that has no object, and is not fit to say whether it has the bucket."""

    def do_GET(self) -> None:
        is_list = "/o?" in self.path
        self.send_response(503 if is_list else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_DELETE(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None: ...


@pytest.mark.parametrize("act", ["get", "replace", "delete"])
def test_a_bucket_of_which_nobody_says_whether_it_is_there_is_not_asked_for_longer_than_allowed(
    act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadingHTTPServer((HOST, 0), DoesNotList) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{HOST}:{server.server_port}")
        with closing(GcsBlobs("p", "b", within_s=0.5)) as blobs:
            began = time.monotonic()
            with pytest.raises(StoreUnavailable):
                ACTS[act](blobs)
            assert time.monotonic() - began < 3
        server.shutdown()
