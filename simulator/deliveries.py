"""What became of each event: attempt by attempt for the last ones, in numbers for all."""

import json
from collections import deque
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any, Literal

Kind = Literal["real", "duplicate", "forged"]
State = Literal["waiting", "held", "delivered", "lost", "dropped"]
Signature = Literal["usual", "none", "right", "wrong"]

MOST_LOGGED = 1_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """`answer` is a status, or what kept one from coming."""

    at_s: float
    answer: int | str


@dataclass(slots=True)
class Delivery:
    """One message on its way to one address; its dice are drawn from `dice`."""

    number: int
    kind: Kind
    url: str
    message: dict[str, Any]
    dice: str
    signature: Signature = "usual"
    state: State = "waiting"
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        return json.dumps(self.message, ensure_ascii=False, separators=(",", ":")).encode()

    def as_json(self) -> dict[str, object]:
        return {
            "number": self.number,
            "kind": self.kind,
            "state": self.state,
            "event": self.message,
            "attempts": [asdict(attempt) for attempt in self.attempts],
        }


@dataclass(slots=True)
class EventCounters:
    """The first four count events that happened; of those, what is left is on its way."""

    queued: int = 0
    delivered: int = 0
    lost: int = 0
    dropped: int = 0
    held: int = 0
    duplicated: int = 0
    forged: int = 0
    attempts: int = 0
    pending: int = 0

    def as_json(self) -> dict[str, int]:
        return asdict(self)


class DeliveryLog:
    """The last deliveries, newest first."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._last: deque[Delivery] = deque(maxlen=MOST_LOGGED)

    def open(self, kind: Kind, url: str, message: dict[str, Any], dice: str) -> Delivery:
        delivery = Delivery(next(self._numbers), kind, url, message, dice)
        self._last.append(delivery)
        return delivery

    def newest(self, most: int) -> list[Delivery]:
        return list(self._last)[: -most - 1 : -1]

    def report(self, most: int) -> list[dict[str, object]]:
        return [delivery.as_json() for delivery in self.newest(most)]
