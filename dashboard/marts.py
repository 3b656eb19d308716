"""Where the marts are: a file on this machine, or BigQuery. Both answer the same questions.

Queries are GoogleSQL that DuckDB takes as well. Parameters are DuckDB's: `$name`.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol


class MartsUnavailableError(Exception):
    """There is nothing to show yet: `title` says what happened, the message what to do."""

    def __init__(self, title: str, advice: str) -> None:
        super().__init__(advice)
        self.title = title


class Marts(Protocol):
    """What one render of a page reads."""

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Raises MartsUnavailableError where there is nothing to read."""
        ...


class Place(Protocol):
    def identity(self) -> object | None:
        """Differs as soon as other marts are there; None while there are none. Asked often."""
        ...

    def open(self) -> AbstractContextManager[Marts]: ...


def place_of(settings: Mapping[str, str]) -> Path | Place:
    """Where the environment says: BigQuery in the cloud, else PACELINE_MARTS or the usual file."""
    if settings.get("PACELINE_RUNTIME") != "gcp" or "PACELINE_MARTS" in settings:
        return Path(settings.get("PACELINE_MARTS", "./.paceline/marts.duckdb"))
    from dashboard.bigquery import lake  # noqa: PLC0415 - a laptop has no such client

    try:
        return lake(settings["PACELINE_PROJECT"], settings["PACELINE_DATASET_PREFIX"])
    except KeyError as missing:
        raise MartsUnavailableError(
            "A setting is missing",
            f"PACELINE_RUNTIME is gcp, so that marts are read from BigQuery, but {missing} is not "
            "set. terraform/dashboard.tf sets what the dashboard needs.",
        ) from missing


def identity_of(place: Path | Place) -> object | None:
    return _opened(place).identity()


def open_marts(place: Path | Place) -> AbstractContextManager[Marts]:
    return _opened(place).open()


def _opened(place: Path | Place) -> Place:
    if not isinstance(place, Path):
        return place
    from dashboard.marts_file import MartsFile  # noqa: PLC0415 - the cloud has no DuckDB

    return MartsFile(place)
