"""What travels on the topic `landed`: bronze has something new, or an activity is gone."""

import json
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from paceline.model.bronze import Kind
from paceline.model.event import Reason

Op = Literal["upsert", "tombstone", "failure", "report", "erasure"]
_OPS: tuple[Op, ...] = get_args(Op)


@dataclass(frozen=True)
class Landed:
    """One bronze object to load, or the news that an activity is gone or could not be fetched.

    An erasure says that bronze has nothing of an activity that is older than this version.

    A list, a profile or a gear is of no one activity: their `activity_id` is 0.
    """

    op: Op
    kind: Kind  # a tombstone of an activity takes its streams along; one of streams does not
    athlete_id: int
    activity_id: int
    version: int
    trace: str
    bronze_name: str = ""
    reason: Reason = "webhook"
    received_at: str | None = None  # of the message that caused it, ISO 8601
    note: str = ""  # of a failure: its type, and what happened; of a report: its rows in JSON
    attempts: int = 1  # of a failure: how often it was tried

    def encode(self) -> bytes:
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    def attributes(self) -> dict[str, str]:
        return {
            "schema": "1",
            "op": self.op,
            "trace": self.trace,
            "reason": self.reason,
            "owner_id": str(self.athlete_id),
            **({"activity_id": str(self.activity_id)} if self.activity_id else {}),
        }


def decode_landed(data: bytes) -> Landed:
    """Inverse of encode. Raises ValueError for anything else: a bug of ours, not bad data."""
    try:
        landed = Landed(**json.loads(data))
    except (ValueError, TypeError) as error:
        raise ValueError(f"Not a message of the topic landed: {error!r}.") from error
    op_named(landed.op)
    return landed


def op_named(text: str) -> Op:
    for op in _OPS:
        if op == text:
            return op
    raise ValueError(f"Nothing that lands can ask for {text!r}.")
