"""Into the lake: bytes to bronze first, and then the news of them to whoever loads them."""

from dataclasses import dataclass
from datetime import datetime

from paceline.model.bronze import BronzeObject, Kind, Subject, version_of
from paceline.model.event import Reason
from paceline.model.landed import Landed, Op
from paceline.model.routes import LANDED
from paceline.ports import Answer, Blobs, Publisher


@dataclass(frozen=True)
class Cause:
    """Why Strava was asked, and since when: it travels to the mart's latency record."""

    trace: str
    reason: Reason
    received_at: datetime


@dataclass(frozen=True)
class Lake:
    bronze: Blobs
    publisher: Publisher

    def keep(self, answer: Answer, kind: Kind, of: Subject, cause: Cause) -> None:
        """Store the answer as it came, then say so; doing both again changes nothing."""
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
        self.bronze.put(item.name(), item.packed(), item.metadata())
        self.tell("upsert", kind, of, cause, bronze_name=item.name())

    def tell(
        self,
        op: Op,
        kind: Kind,
        of: Subject,
        cause: Cause,
        *,
        bronze_name: str = "",
        note: str = "",
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
            note=note,
        )
        self.publisher.publish(LANDED, landed.encode(), landed.attributes())
