"""Blobs on a laptop: one file an object, its metadata in a second one, both or neither."""

import errno
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from paceline.adapters.limits import METADATA_SUFFIX, check_object_name, encode_metadata
from paceline.errors import StoreUnavailable
from paceline.ports import Blob


class FileBlobs:
    """Keeps the promises of the port Blobs under one folder, for any number of processes.

    An object is there when its data is there: metadata comes before it and goes after it. Whoever
    changes something holds `.lock` and first notes the name in it, so that the next one can clean
    up after a process that was killed in between.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = root / ".lock"
        self._unfinished = root / ".tmp"
        with self._translated("open the files"):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._unfinished.mkdir(exist_ok=True)
            self._lock.touch()
            with self._changing(""):
                self._sweep()

    def put(self, name: str, data: bytes, metadata: Mapping[str, str]) -> bool:
        path = self._path(name)
        encode_metadata(metadata)  # what the cloud could not hold is refused here too
        text = json.dumps(dict(metadata), sort_keys=True).encode()
        with (
            self._translated(f"store {name}"),
            self._written(data) as new_data,
            self._written(text) as new_metadata,
            self._changing(name),
        ):
            self._make_folder(path.parent)
            if path.exists():
                return False
            new_metadata.replace(_metadata(path))
            _sync(path.parent)  # or a power cut could keep the data and not its metadata
            new_data.replace(path)
            _sync(path.parent)
            return True

    def get(self, name: str) -> Blob | None:
        path = self._path(name)
        with self._translated(f"read {name}"), self._locked(fcntl.LOCK_SH):
            if not path.is_file():
                return None
            return Blob(path.read_bytes(), json.loads(_metadata(path).read_bytes()))

    def names(self, prefix: str) -> Iterator[str]:
        folder = prefix[: prefix.rfind("/") + 1]
        if folder:
            self._path(folder.removesuffix("/"))
        with self._translated(f"list {prefix}"):
            self._lock.stat()  # a folder that is gone must not pass for an empty one
        return self._walk(folder, prefix)

    def replace(self, name: str, data: bytes, *, over: bytes) -> bool:
        path = self._path(name)
        with (
            self._translated(f"replace {name}"),
            self._written(data) as new_data,
            self._changing(name),
        ):
            if not path.is_file() or path.read_bytes() != over:
                return False
            new_data.replace(path)
            _sync(path.parent)
            return True

    def delete(self, name: str) -> None:
        path = self._path(name)
        with self._translated(f"delete {name}"), self._changing(name):
            if path.is_file():
                path.unlink()
            self._tidy(path)

    def _path(self, name: str) -> Path:
        check_object_name(name)
        return self._root / name

    @contextmanager
    def _written(self, content: bytes) -> Iterator[Path]:
        """A file with this content on disk, locked for as long as its writer lives."""
        with self._locked(fcntl.LOCK_SH):  # a sweep must not meet it before it is locked
            handle, text = tempfile.mkstemp(dir=self._unfinished)
            file = os.fdopen(handle, "wb")
            fcntl.flock(file, fcntl.LOCK_EX)
        path = Path(text)
        try:
            with file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                yield path
        finally:
            path.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what killed writers left; the files of living ones are locked."""
        for path in self._unfinished.iterdir():
            with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()

    @contextmanager
    def _changing(self, name: str) -> Iterator[None]:
        """Alone under the lock; if we do not come to the end, the next one tidies `name`."""
        with self._locked(fcntl.LOCK_EX) as handle:
            if half_done := os.pread(handle, 65_536, 0).decode():
                self._tidy(self._root / half_done)
                os.ftruncate(handle, 0)
            os.pwrite(handle, name.encode(), 0)
            yield
            os.ftruncate(handle, 0)

    @contextmanager
    def _locked(self, mode: int) -> Iterator[int]:
        handle = os.open(self._lock, os.O_RDONLY if mode == fcntl.LOCK_SH else os.O_RDWR)
        try:
            fcntl.flock(handle, mode)
            yield handle
        finally:
            os.close(handle)

    def _tidy(self, path: Path) -> None:
        """Where there is no data, leave no metadata and no empty folder either."""
        if path.exists():
            _sync(path.parent)
            return
        if _metadata(path).is_file():
            _metadata(path).unlink()
        folder = path.parent
        while folder != self._root and _removed(folder):
            folder = folder.parent
        _sync(folder)

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            self._make_folder(folder.parent)
            folder.mkdir()
            _sync(folder.parent)

    def _walk(self, folder: str, prefix: str) -> Iterator[str]:
        with self._translated(f"list {prefix}"):
            entries = _entries(self._root / folder)
        for entry in entries:
            name = folder + entry
            if not name.startswith(prefix) and not prefix.startswith(name):
                continue
            if entry.endswith("/"):
                yield from self._walk(name, prefix)
            else:
                yield name

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            raise StoreUnavailable(
                f"Could not {what} under {self._root}: {error}. It can be tried again. Check that "
                "the disk has room and that the folder is there and writable."
            ) from error


def _metadata(path: Path) -> Path:
    return path.with_name(path.name + METADATA_SUFFIX)


def _entries(folder: Path) -> list[str]:
    """What is in a folder, folders with a slash: so their order is that of whole names."""
    try:
        with os.scandir(folder) as found:
            seen = [entry.name + "/" * entry.is_dir() for entry in found]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(
        name for name in seen if not name.startswith(".") and not name.endswith(METADATA_SUFFIX)
    )


def _removed(folder: Path) -> bool:
    """True when the folder is gone, False when something else is in it."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
            return False
        raise
    return True


def _sync(folder: Path) -> None:
    """Bring names that were added to or removed from a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
