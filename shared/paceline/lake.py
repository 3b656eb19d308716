"""Into the lake: bytes to bronze first, and then the news of them to whoever loads them."""

from dataclasses import dataclass
from datetime import datetime

from paceline.model.bronze import BronzeObject, Kind, Subject, parse_name, version_of
from paceline.model.event import Reason
from paceline.model.landed import Landed, Op, op_named
from paceline.model.routes import LANDED
from paceline.ports import Answer, Blobs, Publisher


@dataclass(frozen=True)
class Cause:
    """Why Strava was asked, and since when: it travels to the mart's latency record."""

    trace: str
    reason: Reason
    received_at: datetime


@dataclass(frozen=True)
class Failure:
    """What was given up on: the error by its name, and how often it was tried."""

    named: str
    attempts: int

    def metadata(self) -> dict[str, str]:
        return {"note": self.named[:500], "attempts": str(self.attempts)}


@dataclass(frozen=True)
class Lake:
    bronze: Blobs
    publisher: Publisher

    def keep(
        self,
        answer: Answer,
        kind: Kind,
        of: Subject,
        cause: Cause,
        op: Op = "upsert",
        failure: Failure | None = None,
    ) -> str:
        """Store the answer as it came, then say so; doing both again changes nothing.

        Returns its name. Also what says that something is gone, or refused: a rebuild has nobody
        else to tell it.
        """
        item = BronzeObject(
            kind=kind,
            athlete_id=of.athlete_id,
            activity_id=of.activity_id,
            fetched_at=of.asked_at,
            body=answer.body,
            request=answer.request,
            status=answer.status,
            headers=answer.headers,
        )
        told = {"op": op, "trace": cause.trace} | (failure.metadata() if failure else {})
        self.bronze.put(item.name(), item.packed(), item.metadata() | told)
        self.tell(op, kind, of, cause, bronze_name=item.name(), note=failure or "")
        return item.name()

    def told_of(self, name: str) -> Landed | None:
        """What was said when this object came, once more; None when it is gone.

        Raises ValueError for a name that is none of ours.
        """
        kind, of = parse_name(name)
        blob = self.bronze.get(name)
        if blob is None:
            return None
        return Landed(
            op=op_named(blob.metadata.get("op", "upsert")),
            note=blob.metadata.get("note", ""),
            attempts=int(blob.metadata.get("attempts", "1")),
            kind=kind,
            athlete_id=of.athlete_id,
            activity_id=of.activity_id,
            version=version_of(of.asked_at),
            trace=blob.metadata.get("trace", ""),
            bronze_name=name,
            reason="replay",
        )

    def tell(
        self,
        op: Op,
        kind: Kind,
        of: Subject,
        cause: Cause,
        *,
        bronze_name: str = "",
        note: str | Failure = "",
    ) -> None:
        landed = Landed(
            op=op,
            kind=kind,
            athlete_id=of.athlete_id,
            activity_id=of.activity_id,
            version=version_of(of.asked_at),
            trace=cause.trace,
            bronze_name=bronze_name,
            reason=cause.reason,
            received_at=cause.received_at.isoformat(),
            note=note.named if isinstance(note, Failure) else note,
            attempts=note.attempts if isinstance(note, Failure) else 1,
        )
        self.publisher.publish(LANDED, landed.encode(), landed.attributes())
