"""The marts in BigQuery: queries with parameters, and a look at when the tables last changed."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from threading import Lock
from time import monotonic
from typing import Any

from google.api_core.exceptions import Forbidden, GoogleAPICallError, NotFound, RetryError
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery
from google.cloud.bigquery import DEFAULT_RETRY
from requests.exceptions import RequestException

from dashboard.marts import MartsUnavailableError

# To ask when a table changed costs nothing, and the marts change every quarter of an hour.
LOOK_EVERY_S = 30
WITHIN_S = 30
# Two tenths of a cent at list price: what a defect in a query may cost, each time.
MOST_BYTES = 300 * 1024**2
MOST_ANSWERS = 500
# A run builds them in this order, so that the marts are whole again when the last one changed.
_CHANGING = ("activity_summary", "daily_summary", "monthly_summary")
_NAMED = re.compile(r"\$(\w+)|\bmarts\.(?=\w)")
_UNANSWERED = (GoogleAPICallError, RetryError, GoogleAuthError, RequestException, TimeoutError)

Rows = list[tuple[Any, ...]]


@cache
def lake(project: str, dataset_prefix: str) -> "Lake":
    """One for the whole process: every session of it reads the same marts."""
    return Lake(project, dataset_prefix)


@dataclass(frozen=True)
class Answers:
    """The marts of one identity: what was asked of them once is not asked again."""

    lake: "Lake"
    known: dict[str, Rows]

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Rows:
        key = f"{sql}\n{sorted((parameters or {}).items())}"
        found = self.known.get(key)
        if found is None:
            found = self.lake.ask(sql, parameters or {})
            if len(self.known) >= MOST_ANSWERS:
                self.known.clear()
            self.known[key] = found
        return found


class Lake:
    def __init__(self, project: str, dataset_prefix: str) -> None:
        self._project = project
        self._prefix = dataset_prefix
        self._lock = Lock()
        self._looked_at: float | None = None
        self._answers: tuple[object, Answers] = (None, Answers(self, {}))
        emulated = "BIGQUERY_EMULATOR_HOST" in os.environ
        credentials = AnonymousCredentials() if emulated else None  # type: ignore[no-untyped-call]
        self._client = bigquery.Client(project=project, credentials=credentials)

    def identity(self) -> object | None:
        """When the marts last changed, as it was known at most half a minute ago."""
        with self._lock:
            now = monotonic()
            if self._looked_at is None or now - self._looked_at >= LOOK_EVERY_S:
                changed = self._changed()
                self._looked_at = now
                if changed != self._answers[0]:
                    self._answers = (changed, Answers(self, {}))
            return self._answers[0]

    @contextmanager
    def open(self) -> Iterator[Answers]:
        yield self._answers[1]

    def ask(self, sql: str, parameters: Mapping[str, Any]) -> Rows:
        config = bigquery.QueryJobConfig(
            labels={"step": "dashboard"},
            maximum_bytes_billed=MOST_BYTES,
            query_parameters=[_parameter(*item) for item in parameters.items()],
        )
        retry = DEFAULT_RETRY.with_timeout(WITHIN_S)
        with _translated():
            job = self._client.query(
                _googlesql(sql, self._prefix), job_config=config, timeout=WITHIN_S, retry=retry
            )
            return [tuple(row.values()) for row in job.result(timeout=WITHIN_S, retry=retry)]

    def _changed(self) -> object | None:
        retry = DEFAULT_RETRY.with_timeout(WITHIN_S)
        try:
            return tuple(
                self._client.get_table(
                    f"{self._project}.{self._prefix}marts.{name}", timeout=WITHIN_S, retry=retry
                ).modified
                for name in _CHANGING
            )
        except _UNANSWERED:
            return None  # the page says why, when it asks for rows


def _googlesql(sql: str, dataset_prefix: str) -> str:
    return _NAMED.sub(lambda found: f"@{found[1]}" if found[1] else f"{dataset_prefix}marts.", sql)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except NotFound as problem:
        raise MartsUnavailableError(
            "The marts are being built",
            "A table or column that this page reads is not there yet. The scheduled query makes "
            "the views with its first run; `paceline refresh` runs it now. BigQuery says: "
            f"{problem.message}",
        ) from problem
    except Forbidden as problem:
        raise MartsUnavailableError(
            "The marts may not be read",
            "The dashboard's identity needs bigquery.jobUser on the project and "
            f"bigquery.dataViewer on the marts; Terraform grants both. BigQuery says: "
            f"{problem.message}",
        ) from problem
    except _UNANSWERED as problem:
        raise MartsUnavailableError(
            "BigQuery does not answer",
            f"The page tries again when the marts change, or when it is loaded anew: {problem}",
        ) from problem


def _parameter(
    name: str, value: Any
) -> bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter:
    if isinstance(value, list):
        return bigquery.ArrayQueryParameter(name, "STRING", value)
    kinds: dict[type, str] = {int: "INT64", date: "DATE", str: "STRING"}
    return bigquery.ScalarQueryParameter(name, kinds[type(value)], value)
