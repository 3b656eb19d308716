"""Opens marts.duckdb read-only for one render, and notices when another file replaced it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

# Nothing may be fetched to answer a query: an extension that is not built in is an error.
_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "threads": 1,
}


class MartsUnavailableError(Exception):
    """There is nothing to show yet: `title` says what happened, the message what to do."""

    def __init__(self, title: str, advice: str) -> None:
        super().__init__(advice)
        self.title = title


@dataclass(frozen=True)
class FileIdentity:
    """Differs as soon as another file is renamed over the path."""

    device: int
    inode: int
    modified_ns: int


@dataclass(frozen=True)
class Marts:
    """One opened file: its rows stay the same even while a newer file takes its name."""

    _connection: duckdb.DuckDBPyConnection

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(sql, dict(parameters or {})).fetchall()
        except (duckdb.CatalogException, duckdb.BinderException, duckdb.IOException) as error:
            raise MartsUnavailableError(
                "The marts are being built",
                "The file is there, but a table or column that this page reads is not in it yet. "
                f"If this stays, run `paceline refresh --full`. DuckDB says: {error}",
            ) from error


def identity_of(path: Path) -> FileIdentity | None:
    """None while there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return FileIdentity(status.st_dev, status.st_ino, status.st_mtime_ns)


@contextmanager
def open_marts(path: Path) -> Iterator[Marts]:
    """The file that has the name now.

    It is attached to a database in memory because `duckdb.connect` would answer from the file
    opened before, if another session of this process still had it open. Attached as `marts`, its
    tables have the names that they have in the warehouse, whatever the file is called.
    """
    if not path.exists():
        raise MartsUnavailableError(
            "Waiting for the first activities",
            f"There is no file at {path} yet. Paceline writes it when the first activities have "
            "been read. If nothing is running, start `paceline up`, or `make demo` to look around; "
            "if it lies elsewhere, set PACELINE_MARTS.",
        )
    with duckdb.connect(":memory:", config=_OFFLINE) as connection:
        try:
            connection.execute("ATTACH $path AS marts (READ_ONLY)", {"path": str(path)})
        except duckdb.Error as error:
            raise MartsUnavailableError(
                "The marts cannot be opened",
                f"The file at {path} is not one that this page can read. `paceline refresh --full` "
                f"writes it anew. DuckDB says: {error}",
            ) from error
        connection.execute("USE marts")
        yield Marts(connection)
