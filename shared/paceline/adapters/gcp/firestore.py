"""State in the cloud: documents in Firestore, each with the update time that its last write gave.

No transaction is ever open: every write names in a precondition what it must find.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.api_core.exceptions import (
    Aborted,
    AlreadyExists,
    DeadlineExceeded,
    FailedPrecondition,
    GoogleAPICallError,
    InternalServerError,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    RetryError,
    ServiceUnavailable,
)
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud import firestore

from paceline.adapters.limits import DELETE_AFTER, WRITE_ID, check_document, check_field
from paceline.errors import Conflict, StoreUnavailable
from paceline.ports import Document, Stored, Version, Where

_QUERY_WITHIN_S = 30.0  # an athlete's whole ledger is thousands of documents

# How Firestore refuses the version of another document, where that one is newer.
_TOO_NEW = "greater than the stored version"

_PASSING = if_exception_type(
    Aborted, DeadlineExceeded, InternalServerError, ResourceExhausted, ServiceUnavailable
)
_RETRY = Retry(predicate=_PASSING, initial=0.1, maximum=1.0, multiplier=2.0)


class FirestoreState:
    """Keeps the promises of the port State, for any number of processes."""

    def __init__(self, project: str, *, within_s: float = 5.0) -> None:
        """`within_s`: how long one operation may go on trying."""
        retry = _RETRY.with_timeout(within_s)
        self._one: dict[str, Any] = {"retry": retry, "timeout": within_s}
        self._many = {**self._one, "timeout": max(within_s, _QUERY_WITHIN_S)}
        with _translated("connect"):
            self._client: Any = firestore.Client(project=project)  # half of it has no types

    def close(self) -> None:
        self._client.close()

    def get(self, collection: str, doc_id: str) -> Stored | None:
        with _translated(f"read {collection}/{doc_id}"):
            found = self._client.collection(collection).document(doc_id).get(**self._one)
        return _stored(found) if found.exists else None

    def create(self, collection: str, doc_id: str, data: Document) -> Version:
        version = self._write(collection, doc_id, data, _must_not_exist)
        if version is None:
            raise Conflict(f"{collection}/{doc_id} exists already; read it again.")
        return version

    def replace(self, collection: str, doc_id: str, data: Document, version: Version) -> Version:
        seen = _update_time(version)
        successor = (
            None if seen is None else self._write(collection, doc_id, data, _must_be_as_of(seen))
        )
        if successor is None:
            raise Conflict(
                f"{collection}/{doc_id} was changed or removed since version {version} was "
                "read; read it again."
            )
        return successor

    def delete(self, collection: str, doc_id: str) -> None:
        with _translated(f"remove {collection}/{doc_id}"):
            self._client.collection(collection).document(doc_id).delete(**self._one)

    def query(
        self,
        collection: str,
        where: Sequence[Where] = (),
        *,
        order_by: Sequence[str] = (),
        limit: int | None = None,
    ) -> Sequence[Stored]:
        query = self._where(collection, where)
        for field in order_by:
            check_field(field)
            query = query.order_by(field)
        # Firestore puts the field of an inequality into the order, before the id, wanted or not.
        is_in_order = {each.field for each in where if each.op != "=="} <= set(order_by)
        if is_in_order and limit is not None:
            query = query.limit(limit)
        with _translated(f"query {collection}"):
            stored = [_stored(each) for each in query.get(**self._many)] if limit != 0 else []
        return stored if is_in_order else _with_ties_by_id(stored, order_by)[:limit]

    def count(self, collection: str, where: Sequence[Where] = ()) -> int:
        query = self._where(collection, where)
        with _translated(f"count {collection}"):
            ((result,),) = query.count().get(**self._many)
        return int(result.value)

    def _where(self, collection: str, where: Sequence[Where]) -> Any:
        query: Any = self._client.collection(collection)
        for each in where:
            check_field(each.field)
            condition = firestore.FieldFilter(each.field, each.op, each.value)
            query = query.where(filter=condition)
        return query

    def _write(
        self, collection: str, doc_id: str, data: Document, precondition: Callable[[Any], None]
    ) -> Version | None:
        """Write the whole document, or None when it is not as the precondition says.

        Each write brings an id of its own. It makes equal data a new version, which Firestore
        would otherwise see no change in. And a write that was repeated because its answer was
        lost finds out that it was itself who made the precondition fail.
        """
        check_document(doc_id, data)
        write_id = uuid.uuid4().hex
        with _translated(f"write {collection}/{doc_id}"):
            reference = self._client.collection(collection).document(doc_id)
            batch = self._client.batch()
            batch.set(reference, {**_with_time_type(data), WRITE_ID: write_id})
            # The client has preconditions for updates of some fields, not for whole documents.
            (write,) = batch._write_pbs  # noqa: SLF001
            precondition(write)
            try:
                (result,) = batch.commit(**self._one)
            except (AlreadyExists, FailedPrecondition, NotFound, InvalidArgument) as error:
                if isinstance(error, InvalidArgument) and _TOO_NEW not in str(error):
                    raise
                found = reference.get(**self._one)
                is_ours = found.exists and found.get(WRITE_ID) == write_id
                return _version(found.update_time) if is_ours else None
        return _version(result.update_time)


def _must_not_exist(write: Any) -> None:
    write.current_document.exists = False


def _must_be_as_of(update_time: datetime) -> Callable[[Any], None]:
    def precondition(write: Any) -> None:
        write.current_document.update_time = update_time

    return precondition


def _with_ties_by_id(stored: Iterable[Stored], order_by: Sequence[str]) -> list[Stored]:
    """What is in this order already, and by id where that leaves it open."""

    def place(each: Stored) -> list[tuple[bool, Any]]:
        return [(isinstance(each.data[field], bool), each.data[field]) for field in order_by]

    ties = (sorted(tied, key=lambda each: each.id) for _, tied in groupby(stored, place))
    return [each for tied in ties for each in tied]


def _stored(found: Any) -> Stored:
    data = found.to_dict()
    data.pop(WRITE_ID, None)
    if DELETE_AFTER in data:
        data[DELETE_AFTER] = data[DELETE_AFTER].astimezone(UTC).isoformat()
    return Stored(found.id, data, _version(found.update_time))


def _with_time_type(data: Document) -> Document:
    """Firestore takes a document away by a field of its own time type, which JSON does not have."""
    text = data.get(DELETE_AFTER)
    return {**data, DELETE_AFTER: datetime.fromisoformat(text)} if text else data


def _version(update_time: Any) -> Version:
    return Version(update_time.rfc3339())


def _update_time(version: Version) -> datetime | None:
    try:
        found: datetime = DatetimeWithNanoseconds.from_rfc3339(version)  # type: ignore[no-untyped-call]
    except ValueError:
        return None  # nobody gave this version
    return found


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except InvalidArgument as error:
        raise ValueError(f"Firestore cannot {what}: {error.message}") from error
    except (GoogleAPICallError, RetryError, GoogleAuthError) as error:
        raise StoreUnavailable(
            f"Firestore did not {what}: {error}. It can be tried again. Where this goes on, check"
            " that the database and its indexes exist, and that this identity may use it."
        ) from error
