"""One SQLite file as a store that many threads and several processes share."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from paceline.errors import StoreUnavailable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# One queue a file and process. SQLite's own waiting is to sleep and try again, in which the
# unlucky starve; so only processes meet there, and threads wait for each other here.
_QUEUES: dict[str, threading.Lock] = {}


def to_us(moment: datetime) -> int:
    """Microseconds since 1970, exact, so that SQLite can compare times."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_us(time_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time_us)


class Database:
    """Every commit is on disk when it returns (WAL, synchronous=FULL).

    Raises StoreUnavailable for whatever SQLite cannot do; then nothing of the block was written.
    """

    def __init__(self, path: Path, *, busy_timeout_s: float = 10.0) -> None:
        self.path = path
        self._busy_timeout_s = busy_timeout_s
        self._queue = _QUEUES.setdefault(str(path.resolve()), threading.Lock())
        self._writer: int | None = None
        # A pool, not one connection a thread: servers start a thread for each request, and the
        # connections of threads that ended would pile up.
        self._pool: list[sqlite3.Connection] = []
        self._pool_lock = threading.Lock()
        self._closed = False
        with self._translated(), _alone_in(path.parent):
            if not path.exists():
                path.touch(mode=0o600)  # before SQLite makes it readable by everybody
            connection = self._open()
            # Two processes that switch at once would not wait but fail, hence the lock.
            connection.execute("PRAGMA journal_mode = WAL")
            self._pool.append(connection)

    def define(self, *statements: str) -> None:
        """Run statements that create what is not there yet."""
        with self.transaction() as connection:
            for statement in statements:
                connection.execute(statement)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block or nothing; alone among all writers from its first line on."""
        if self._writer == threading.get_ident():
            raise RuntimeError("this thread is in a transaction already: it would wait for itself")
        with self._queue:
            self._writer = threading.get_ident()
            try:
                with self.reading() as connection:
                    connection.execute("BEGIN IMMEDIATE")
                    yield connection
                    connection.execute("COMMIT")
            finally:
                self._writer = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for SELECTs: sees the last commit, waits for nobody."""
        with self._translated():
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)

    def close(self) -> None:
        """Close the file; a block that is still running closes its connection when it ends."""
        with self._pool_lock:
            self._closed = True
            idle, self._pool = self._pool, []
        with self._translated():
            for connection in idle:
                connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path,
            timeout=self._busy_timeout_s,
            isolation_level=None,  # transactions begin and end where the code says so
            check_same_thread=False,  # the pool lends a connection to one thread at a time
        )
        try:
            connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _take(self) -> sqlite3.Connection:
        with self._pool_lock:
            if self._closed:
                raise StoreUnavailable(f"{self.path} was closed: Paceline is shutting down.")
            if self._pool:
                return self._pool.pop()
        return self._open()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except BaseException:
            connection.close()
            raise
        with self._pool_lock:
            if not self._closed:
                self._pool.append(connection)
                return
        connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(
                f"SQLite cannot use {self.path}: {error}. Nothing of this step was written, and it "
                "can be tried again. Check that the disk has room, that the file and its folder "
                "are writable, and that no other program holds the file."
            ) from error


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold a lock on the folder; the database itself must not be opened past SQLite."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
