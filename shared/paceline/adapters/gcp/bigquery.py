"""The warehouse in the cloud: BigQuery, whose script also runs there by itself on a schedule."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from google.api_core.exceptions import (
    BadRequest,
    Conflict,
    GoogleAPICallError,
    NotFound,
    RetryError,
)
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery
from google.cloud.bigquery import DEFAULT_RETRY
from requests.exceptions import RequestException

from paceline.adapters.gcp.bigquery_parameters import parameter
from paceline.adapters.gcp.bigquery_rows import Row, requests_of, rows_of
from paceline.adapters.landing_rows import fit_rows
from paceline.errors import PayloadInvalid, StoreUnavailable
from paceline.ports import Clock, RefreshReport
from paceline.warehouse.bigquery_tables import bigquery_name, rename, render_tables
from paceline.warehouse.erasures import erasures
from paceline.warehouse.tables import INGESTED_AT, load_tables

if TYPE_CHECKING:
    from paceline.warehouse.plan import Plan

_UNAVAILABLE = (GoogleAPICallError, RetryError, GoogleAuthError, RequestException, TimeoutError)
_LAST = "landing.activities"


@dataclass(frozen=True)
class Limits:
    """What no call may exceed."""

    call_s: float = 30
    query_s: float = 60
    script_s: float = 3_600
    # BigQuery ends a load job after this. Rows say when they were sent, and those that come later
    # than the script looks back (warehouse.bigquery.OVERLAP_S) would wait for the weekly full run.
    load_s: float = 300
    # About 0.6 dollars at list price: what a defect in a query may cost, each time.
    bytes_billed: int = 100 * 1024**3
    requests: int = 4  # more for one table go as one load job: it is free, and all or nothing


class BigQueryWarehouse:
    """Implements ports.Warehouse for any number of processes."""

    def __init__(
        self,
        project: str,
        dataset_prefix: str,
        sql_root: Path,
        clock: Clock,
        limits: Limits = Limits(),
    ) -> None:
        self._project = project
        self._prefix = dataset_prefix
        self._clock = clock
        self._limits = limits
        self._tables = load_tables(sql_root)
        self._lock = Lock()
        self._last_ingested_at = datetime.fromtimestamp(0, UTC)

    def append(self, tables: Mapping[str, pa.Table]) -> None:
        """Append table by table, activities last: whoever sees one sees what belongs to it.

        When this raises StoreUnavailable, some tables may have their rows. Whoever appends them
        all again does no harm: BigQuery knows rows again that come twice within a minute, and the
        script takes later ones for the same version.
        """
        fitted = {name: fit_rows(name, rows, self._tables) for name, rows in tables.items()}
        for name in sorted(fitted, key=lambda name: (name == _LAST, name)):
            rows = list(rows_of(name, fitted[name]))
            if INGESTED_AT in self._tables[name].column_names:
                ingested_at = self._stamp().isoformat()  # not sooner: a table may have to wait
                for row in rows:
                    row.values.setdefault(INGESTED_AT, ingested_at)
            self._append(name, rows)

    def erase(
        self, athlete_id: int, activity_id: int, *, version: int, failed_before: datetime
    ) -> None:
        """Refused for rows that were streamed within about the last hour: asked again later.

        Without a limit on bytes: it is compared with an estimate that knows no clusters, so that
        large tables would refuse each erasure for good.
        """
        named = {
            "athlete_id": athlete_id,
            "activity_id": activity_id,
            "version": version,
            "failed_before": failed_before,
        }
        config = self._config("load_silver", self._limits.query_s, is_capped=False)
        config.query_parameters = [parameter(*item) for item in named.items()]
        statements = [self._renamed(each) for each in erasures(self._tables.values())]
        with _translated("erase an activity from landing"):
            script = ";\n".join(statements)
            job = self._client.query(
                script, job_config=config, location=self._location, **self._call
            )
            job.result(timeout=self._limits.query_s, retry=self._call["retry"])

    def refresh(self, *, full: bool = False) -> RefreshReport:
        """Run the script as one job, as the schedule does."""
        from paceline.warehouse.bigquery import render_script  # noqa: PLC0415 - it needs sqlglot

        started_at = self._clock.now()
        full = full or self._has_rows_of_other_sql()
        script = render_script(self._plan, prefix=self._prefix, full=full, reports=True)
        # A full run reads all that there is, and somebody asked for it.
        config = self._config("build_marts", self._limits.script_s, is_capped=not full)
        with _translated("run the script"):
            found = self._answer(script, config, self._limits.script_s)
        seconds = (self._clock.now() - started_at).total_seconds()
        if not found.num_rows or "built" not in found.column_names:  # it found nothing to do
            return RefreshReport(0, (), {}, seconds)
        told = found.to_pylist()[0]
        blocked = dict(zip(told["blocked"], told["reasons"], strict=True))
        drifted = dict.fromkeys(told["drifted"], "other rows: see ops.check_failures")
        built = tuple(told["built"])
        return RefreshReport(told["touched_activities"], built, blocked, seconds, drifted)

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Read with GoogleSQL: tables are `layer.table`, parameters @named."""
        from paceline.warehouse.lint import SqlRefused, parse_query  # noqa: PLC0415 - likewise

        parse_query(sql, "the query", self._tables)
        config = self._config("query", self._limits.query_s)
        config.query_parameters = [parameter(*item) for item in (parameters or {}).items()]
        with _translated("answer the query"):
            try:
                return self._answer(self._renamed(sql), config, self._limits.query_s)
            except (BadRequest, NotFound) as problem:
                raise SqlRefused(f"the query cannot be answered: {problem.message}") from problem

    def create_tables(self) -> None:
        """Where Terraform has not: on a stand-in."""
        with _translated("create the tables"):
            statements = render_tables(self._tables, prefix=self._prefix)
            self._client.query("\n".join(statements)).result(timeout=self._limits.script_s)

    def close(self) -> None:
        if "_client" in self.__dict__:
            self._client.close()  # type: ignore[no-untyped-call]

    def _stamp(self) -> datetime:
        """Never the same twice here. Another process may have it: the script looks back for it."""
        with self._lock:
            moment = max(self._clock.now(), self._last_ingested_at + timedelta(microseconds=1))
            self._last_ingested_at = moment
        return moment

    @cached_property
    def _client(self) -> bigquery.Client:
        emulated = "BIGQUERY_EMULATOR_HOST" in os.environ
        credentials = AnonymousCredentials() if emulated else None  # type: ignore[no-untyped-call]
        return bigquery.Client(project=self._project, credentials=credentials)

    @cached_property
    def _plan(self) -> "Plan":
        from paceline.warehouse.plan import compile_plan  # noqa: PLC0415 - it needs sqlglot

        return compile_plan(self._tables)

    @cached_property
    def _location(self) -> str:
        """A script names no dataset in its first statement, by which BigQuery would tell."""
        dataset = f"{self._project}.{self._prefix}landing"
        return str(self._client.get_dataset(dataset, **self._call).location)

    @cached_property
    def _call(self) -> dict[str, Any]:
        """The client would try for ten minutes; whoever delivers the message again may wait."""
        within_s = self._limits.call_s
        return {"timeout": within_s, "retry": DEFAULT_RETRY.with_timeout(within_s)}

    def _append(self, name: str, rows: Sequence[Row]) -> None:
        requests = list(requests_of(rows))
        with _translated(f"append to {name}"):
            if len(requests) > self._limits.requests:
                self._load(name, rows)
            else:
                for request in requests:
                    self._stream(name, request)

    def _stream(self, name: str, rows: Sequence[Row]) -> None:
        errors = self._client.insert_rows_json(
            self._path(name),
            [row.values for row in rows],
            row_ids=[row.row_id for row in rows],
            **self._call,
        )
        if errors:
            raise _refused(name, errors)

    def _load(self, name: str, rows: Sequence[Row]) -> None:
        """One job, named after its rows and the hour: BigQuery runs no second one of that name.

        Not for longer, or rows that were taken away meanwhile could not be loaded again.
        """
        told = "\n".join(
            [self._path(name), f"{self._clock.now():%F %H}", *(r.row_id for r in rows)]
        )
        config = bigquery.LoadJobConfig(
            schema=self._client.get_table(self._path(name), **self._call).schema,
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
            labels={"step": "load_silver"},
            job_timeout_ms=int(self._limits.load_s * 1000),
        )
        send = partial(
            self._client.load_table_from_json,
            [row.values for row in rows],
            self._path(name),
            location=self._location,
            job_config=config,
            timeout=self._limits.call_s,
        )
        job = self._job(send, f"load-{hashlib.sha256(told.encode()).hexdigest()[:32]}")
        try:
            within_s = self._limits.load_s + self._limits.call_s
            job.result(timeout=within_s, retry=self._call["retry"])
        except GoogleAPICallError as problem:
            if job.error_result is None:  # it was asked for, and did not answer
                raise
            errors = [*reversed(job.errors or ()), job.error_result]  # the last says most
            raise _refused(name, [{"errors": errors}]) from problem

    def _job(self, send: Callable[..., Any], job_id: str, attempt: int = 0) -> Any:
        """The job of this id. One that failed keeps its id for good, so the next has another."""
        tried = f"{job_id}-{attempt}" if attempt else job_id
        try:
            return send(job_id=tried)
        except Conflict:
            job: Any = self._client.get_job(tried, location=self._location, **self._call)
        return job if job.error_result is None else self._job(send, job_id, attempt + 1)

    def _has_rows_of_other_sql(self) -> bool:
        from paceline.warehouse.bigquery_turns import needs_full_run  # noqa: PLC0415 - likewise

        asked = self._renamed(needs_full_run(self._plan))
        with _translated("read what built the tables"):
            found = self._answer(asked, self._config("build_marts", 60), 60)
        return bool(found["is_needed"][0].as_py())

    def _config(
        self, step: str, within_s: float, *, is_capped: bool = True
    ) -> bigquery.QueryJobConfig:
        config = bigquery.QueryJobConfig(labels={"step": step}, job_timeout_ms=int(within_s * 1000))
        if is_capped:
            config.maximum_bytes_billed = self._limits.bytes_billed
        return config

    def _answer(self, sql: str, config: bigquery.QueryJobConfig, within_s: float) -> pa.Table:
        job = self._client.query(sql, job_config=config, location=self._location, **self._call)
        rows = job.result(timeout=within_s, retry=self._call["retry"])
        found = rows.to_arrow(create_bqstorage_client=False)
        # Without what the client notes beside a column: that it may not be NULL, or was a DATETIME.
        plain = pa.schema([pa.field(field.name, field.type) for field in found.schema])
        return found.cast(plain)

    def _renamed(self, sql: str) -> str:
        return rename(sql, self._tables, self._prefix)

    def _path(self, name: str) -> str:
        return f"{self._project}.{bigquery_name(self._tables[name], self._prefix)}"


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    try:
        yield
    except _UNAVAILABLE as problem:
        raise StoreUnavailable(f"BigQuery did not {doing}: {problem}") from problem


def _refused(name: str, errors: Sequence[Mapping[str, Any]]) -> Exception:
    """Rows that stand beside a wrong one are `stopped`: nothing of the request is stored."""
    found = [each for row in errors for each in row["errors"] if each.get("reason") != "stopped"]
    wrong = next((each for each in found if each.get("reason") == "invalid"), None)
    if wrong:
        where = f"{name}.{wrong['location']}" if wrong.get("location") else name
        return PayloadInvalid(f"{where}: {wrong.get('message')}")
    return StoreUnavailable(f"BigQuery did not append to {name}: {found or errors}")
