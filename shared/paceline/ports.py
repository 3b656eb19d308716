"""Everything the steps need from outside, as narrow protocols. Adapters keep these promises."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NewType, Protocol

if TYPE_CHECKING:  # pyarrow stays off the webhook's cold start
    import pyarrow as pa

    from paceline.model.bronze import Kind
    from paceline.model.listed import Listed
    from paceline.model.streams import Streams

Version = NewType("Version", str)
Document = dict[str, Any]


@dataclass(frozen=True)
class Delivery:
    """One message in one subscription, held under a lease until it is acknowledged."""

    subscription: str
    message_id: str
    data: bytes
    attributes: Mapping[str, str]
    published_at: datetime
    attempt: int
    lease: str


@dataclass(frozen=True)
class DeadLetter:
    """A message that was given up on, with everything needed to send it again."""

    subscription: str
    message_id: str
    data: bytes
    attributes: Mapping[str, str]
    attempts: int
    reason: str
    died_at: datetime


class Publisher(Protocol):
    def publish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> str:
        """Return the message id once the message is durable in every subscription of the topic.

        Raises PublishUnavailable when nobody said so; send it again. It can be there all the same
        where only the answer was lost, and then it comes twice.
        """


class DeadLetters(Protocol):
    """What was given up on, by subscription."""

    def dead_letters(self, subscription: str) -> Sequence[DeadLetter]:
        """What is there now, oldest first."""

    def replay(self, subscription: str, message_ids: Collection[str] | None = None) -> int:
        """Deliver these, or all, again, with all attempts before them. Returns how many."""


class Bus(Publisher, DeadLetters, Protocol):
    """At least once, in no order. A message is held back until it is acknowledged.

    This is the bus on a laptop, whose service pulls; in the cloud Pub/Sub pushes by itself.
    """

    def pull(self, subscription: str, limit: int) -> Sequence[Delivery]:
        """Lease up to `limit` due messages; a lease that runs out makes them due again."""

    def ack(self, delivery: Delivery) -> bool:
        """Forget the message. False when the lease had passed to somebody else."""

    def nack(self, delivery: Delivery, reason: str) -> None:
        """Give it back: due again after a back-off, or a dead letter after the last attempt."""

    def backlog(self, subscription: str) -> int:
        """How many messages are not yet acknowledged, leased ones included."""


@dataclass(frozen=True)
class Stored:
    """A document and the version that a later `replace` must name."""

    id: str
    data: Document
    version: Version


@dataclass(frozen=True)
class Where:
    """One condition on a top-level field of a document."""

    field: str
    op: Literal["==", "<", "<=", ">", ">="]
    value: str | int | float | bool


class State(Protocol):
    """Documents of JSON values with compare-and-set. Every write is durable when it returns.

    One that raises StoreUnavailable may be there all the same, where only the answer was lost.
    """

    def get(self, collection: str, doc_id: str) -> Stored | None:
        """The document as last written, or None."""

    def create(self, collection: str, doc_id: str, data: Document) -> Version:
        """Write a new document. Raises Conflict when there is one already."""

    def replace(self, collection: str, doc_id: str, data: Document, version: Version) -> Version:
        """Write over exactly this version. Raises Conflict when it is not the current one."""

    def delete(self, collection: str, doc_id: str) -> None:
        """Remove the document; removing one that is not there changes nothing."""

    def query(
        self,
        collection: str,
        where: Sequence[Where] = (),
        *,
        order_by: Sequence[str] = (),
        limit: int | None = None,
    ) -> Sequence[Stored]:
        """Documents that meet every condition, ordered by these fields ascending, then by id.

        A document without a field that a condition or the order names is left out.
        """

    def count(self, collection: str, where: Sequence[Where] = ()) -> int:
        """How many documents meet every condition."""


@dataclass(frozen=True)
class Blob:
    data: bytes
    metadata: Mapping[str, str] = field(default_factory=dict)


class Blobs(Protocol):
    """Objects that are written once; none changes but by having something taken out of it."""

    def put(self, name: str, data: bytes, metadata: Mapping[str, str]) -> bool:
        """Store whole or not at all. False when the name is taken: then nothing changes."""

    def get(self, name: str) -> Blob | None:
        """The exact bytes and metadata that were put, or None."""

    def names(self, prefix: str) -> Iterator[str]:
        """Names that start with `prefix`, sorted."""

    def replace(self, name: str, data: bytes, *, over: bytes) -> bool:
        """Other bytes under the same name and metadata: only to take out what must be forgotten.

        At no moment is there neither the old nor the new. False when these are not its bytes, or
        no more: somebody else took something out.
        """

    def delete(self, name: str) -> None:
        """Remove the object; removing one that is not there changes nothing."""


class Landing(Protocol):
    """Where typed rows land: append only, deduplicated later by their version."""

    def append(self, tables: "Mapping[str, pa.Table]") -> None:
        """Append to these tables in one transaction. May happen twice for the same rows."""

    def erase(
        self, athlete_id: int, activity_id: int, *, version: int, failed_before: datetime
    ) -> None:
        """Take away what landed of an activity before this version, and its failures before then.

        May happen twice. What is built from landing changes with the refresh of the tombstone.
        """


class Reader(Protocol):
    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> "pa.Table":
        """Read with GoogleSQL; parameters are named."""


class Warehouse(Landing, Reader, Protocol):
    def refresh(self, *, full: bool = False) -> "RefreshReport":
        """Run the script: landing to silver to marts, what was touched or everything."""


@dataclass(frozen=True)
class RefreshReport:
    """What one run of the script did."""

    touched_activities: int
    built: Sequence[str]
    blocked: Mapping[str, str]  # table -> the check that failed, or the table it waits for
    seconds: float
    # Tables whose rows a full run changed although nothing had landed: a defect of the script.
    drifted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What Strava answered, byte for byte. Any status is an answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]  # names in lower case
    request: str


@dataclass(frozen=True)
class TokenPair:
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class Grant:
    """What an athlete gave when they connected."""

    athlete_id: int
    tokens: TokenPair
    scopes: Sequence[str]


class StravaApi(Protocol):
    def get(self, path: str, params: Mapping[str, str], access_token: str) -> Answer:
        """One GET. Raises StravaUnavailable when no whole answer came in time."""


class StravaOAuth(Protocol):
    def exchange(self, code: str) -> Grant:
        """Turn a code into tokens. Raises CodeRefused, or AthleteLimit when nobody may join."""

    def refresh(self, refresh_token: str) -> TokenPair:
        """The current pair; the old refresh token may be dead. Raises AccessLost when it was.

        Raises ApplicationRefused when it is us whom Strava refuses, and StravaRefused when it does
        not say whom or why.
        """

    def revoke(self, token: str) -> None:
        """End the grant that a token of either kind belongs to; a dead one is no error."""


class Wire(Protocol):
    """Reads Strava's JSON. Raises PayloadInvalid with the field that does not fit."""

    def activity(self, body: bytes) -> Document:
        """The columns of landing.activities that the payload decides."""

    def listed(self, body: bytes) -> "Sequence[Listed]":
        """The rows of a page of a list of activities; one that does not fit keeps its id."""

    def without(self, body: bytes, activity_ids: Collection[int]) -> bytes:
        """A page without these activities: the same bytes where it has none of them."""

    def profile(self, kind: "Kind", body: bytes) -> Document:
        """The columns that an athlete, their zones or a piece of gear decide."""

    def has_points(self, body: bytes) -> bool:
        """False when there are no streams yet. The values themselves are not looked at."""

    def streams(self, body: bytes) -> "Streams":
        """The streams as arrays of one length; no streams is an answer too."""


class Cipher(Protocol):
    def seal(self, plain: bytes, bound_to: bytes) -> Document:
        """Encrypt; the result opens only with the same `bound_to`."""

    def open(self, sealed: Document, bound_to: bytes) -> bytes:
        """Inverse of seal. Raises StoreUnavailable when it was altered or the key is gone."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The time in UTC, with its zone."""


class Ids(Protocol):
    def new(self) -> str:
        """A name nobody has used: 32 characters of 0-9a-f."""
