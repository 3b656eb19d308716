"""Opens marts.duckdb read-only for one render, and notices when another file replaced it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dashboard.marts import MartsUnavailableError

# Nothing may be fetched to answer a query: an extension that is not built in is an error.
_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "threads": 1,
}
# What DuckDB calls by another name.
_GOOGLESQL = "CREATE TEMP MACRO unix_micros(moment) AS epoch_us(moment)"


@dataclass(frozen=True)
class FileIdentity:
    """Differs as soon as another file is renamed over the path."""

    device: int
    inode: int
    modified_ns: int


@dataclass(frozen=True)
class OpenedFile:
    """Its rows stay the same even while a newer file takes its name."""

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


@dataclass(frozen=True)
class MartsFile:
    path: Path

    def identity(self) -> FileIdentity | None:
        """None while there is no file."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return FileIdentity(status.st_dev, status.st_ino, status.st_mtime_ns)

    @contextmanager
    def open(self) -> Iterator[OpenedFile]:
        """The file that has the name now.

        It is attached to a database in memory because `duckdb.connect` would answer from the file
        opened before, if another session of this process still had it open. Attached as `marts`,
        its tables have the names that they have in the warehouse, whatever the file is called.
        """
        if not self.path.exists():
            raise MartsUnavailableError(
                "Waiting for the first activities",
                f"There is no file at {self.path} yet. Paceline writes it when the first "
                "activities have been read. If nothing is running, start `paceline up`, or "
                "`make demo` to look around; if it lies elsewhere, set PACELINE_MARTS.",
            )
        with duckdb.connect(":memory:", config=_OFFLINE) as connection:
            try:
                connection.execute("ATTACH $path AS marts (READ_ONLY)", {"path": str(self.path)})
            except duckdb.Error as error:
                raise MartsUnavailableError(
                    "The marts cannot be opened",
                    f"The file at {self.path} is not one that this page can read. `paceline "
                    f"refresh --full` writes it anew. DuckDB says: {error}",
                ) from error
            connection.execute(_GOOGLESQL)
            connection.execute("USE marts")
            yield OpenedFile(connection)
