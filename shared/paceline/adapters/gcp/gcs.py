"""Blobs in the cloud: objects in one bucket of Cloud Storage."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from google.api_core.exceptions import (
    BadRequest,
    GoogleAPICallError,
    NotFound,
    PreconditionFailed,
    RetryError,
)
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Blob as StoredBlob
from google.cloud.storage import Client
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import RequestException

from paceline.adapters.limits import check_object_name, decode_metadata, encode_metadata
from paceline.errors import StoreUnavailable
from paceline.ports import Blob

_TRY_S = 5.0


class GcsBlobs:
    """Keeps the promises of the port Blobs, for any number of processes.

    An object of Cloud Storage appears whole, with its metadata, or not at all.
    """

    def __init__(self, project: str, bucket: str, *, within_s: float = 10.0) -> None:
        """`within_s`: how long one operation may go on trying."""
        self._within = {
            "retry": DEFAULT_RETRY.with_timeout(within_s),
            "timeout": min(_TRY_S, within_s),
        }
        with _translated("connect"):
            self._client = Client(project=project)
        self._bucket = self._client.bucket(bucket)

    def close(self) -> None:
        self._client.close()

    def put(self, name: str, data: bytes, metadata: Mapping[str, str]) -> bool:
        check_object_name(name)
        blob = self._bucket.blob(name)
        blob.metadata = encode_metadata(metadata)
        # No content encoding: Cloud Storage would unpack what was packed, and bytes would differ.
        packed = "application/gzip" if name.endswith(".gz") else "application/octet-stream"
        with _translated(f"store {name}"):
            try:
                blob.upload_from_string(
                    data, content_type=packed, if_generation_match=0, **self._within
                )
            except PreconditionFailed:
                return False
        return True

    def get(self, name: str) -> Blob | None:
        check_object_name(name)
        with _translated(f"read {name}"):
            while blob := self._bucket.get_blob(name, **self._within):
                if (data := self._bytes_of(blob)) is not None:
                    return Blob(data, decode_metadata(blob.metadata or {}))
            self._check_bucket(name)
        return None

    def replace(self, name: str, data: bytes, *, over: bytes) -> bool:
        check_object_name(name)
        with _translated(f"replace {name}"):
            blob = self._bucket.get_blob(name, **self._within)
            if blob is None:
                self._check_bucket(name)
                return False
            if self._bytes_of(blob) != over:
                return False
            is_this = {"if_generation_match": blob.generation}
            try:
                kind = blob.content_type
                blob.upload_from_string(data, content_type=kind, **is_this, **self._within)
            except PreconditionFailed:
                return False
        return True

    def _bytes_of(self, blob: StoredBlob) -> bytes | None:
        """None when it was deleted or replaced since we asked for it."""
        is_this = {"if_generation_match": blob.generation}
        try:
            data: bytes = blob.download_as_bytes(raw_download=True, **is_this, **self._within)
        except (NotFound, PreconditionFailed):
            return None
        return data

    def names(self, prefix: str) -> Iterator[str]:
        if folder := prefix[: prefix.rfind("/") + 1]:
            check_object_name(folder.removesuffix("/"))
        return self._names(prefix)

    def delete(self, name: str) -> None:
        check_object_name(name)
        with _translated(f"delete {name}"):
            try:
                self._bucket.blob(name).delete(**self._within)
            except NotFound:
                self._check_bucket(name)

    def _names(self, prefix: str) -> Iterator[str]:
        with _translated(f"list {prefix}"):
            pages = self._client.list_blobs(
                self._bucket,
                prefix=prefix,
                fields="items(name),nextPageToken",
                **self._within,
            )
            for blob in pages:
                yield blob.name

    def _check_bucket(self, name: str) -> None:
        """A bucket that is gone answers like an object that is gone, but does not list."""
        found = self._client.list_blobs(self._bucket, prefix=name, max_results=1, **self._within)
        next(iter(found), None)


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except BadRequest as error:
        raise ValueError(f"Cloud Storage cannot {what}: {error.message}") from error
    except (
        GoogleAPICallError,
        RetryError,
        GoogleAuthError,
        RequestException,
        DataCorruption,
        InvalidResponse,
        ConnectionError,
    ) as error:
        raise StoreUnavailable(
            f"Cloud Storage did not {what}: {error}. It can be tried again. Where this goes on,"
            " check that the bucket exists and that this identity may use it."
        ) from error
