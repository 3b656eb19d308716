"""The push envelope of Pub/Sub, and what a step's end means for the message.

A step that returns has recorded what it did, failures that are Permanent among it: acknowledge.
Retryable is answered 503 and delivered again. Anything else is a bug and is raised: 500, delivered
again, and a dead letter in the end. See cloud.google.com/pubsub/docs/push.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from paceline.errors import Retryable
from paceline.model.outcome import Outcome
from paceline.model.routes import SUBSCRIPTIONS
from paceline.ports import Delivery
from paceline.runtime.logs import outcome_of

Reply = tuple[str, int]

_ONLY = {each.name: each.only for each in SUBSCRIPTIONS}


@dataclass(frozen=True)
class Push:
    data: bytes
    attributes: dict[str, str]
    attempt: int


def encode_push(delivery: Delivery) -> bytes:
    message = {
        "data": base64.b64encode(delivery.data).decode(),
        "attributes": dict(delivery.attributes),
        "messageId": delivery.message_id,
        "publishTime": delivery.published_at.isoformat(),
    }
    envelope = {
        "message": message,
        "subscription": delivery.subscription,
        "deliveryAttempt": delivery.attempt,
    }
    return json.dumps(envelope).encode()


def decode_push(body: bytes) -> Push:
    envelope: Any = json.loads(body)
    message = envelope["message"]
    return Push(
        data=base64.b64decode(message.get("data", ""), validate=True),
        attributes=message.get("attributes") or {},
        attempt=int(envelope.get("deliveryAttempt") or 1),
    )


def answer_push(step: str, body: bytes, run: Callable[[Push], Outcome]) -> Reply:
    """Run the step on what was pushed; the status decides whether it is delivered again."""
    try:
        push = decode_push(body)
    except (ValueError, KeyError, TypeError, AttributeError):
        return "not a push envelope", 400
    with outcome_of(step, attempt=push.attempt, **_about(push.attributes)) as line:
        if not _ONLY[step].items() <= push.attributes.items():
            line.add("not_ours")
            return "", 204
        try:
            outcome = run(push)
        except Retryable as error:
            line.severity = "WARNING"
            line.add("retryable", {"error": type(error).__name__, "message": str(error)})
            return type(error).__name__, 503
        line.add(outcome.name, outcome.fields)
        return "", 204


def _about(attributes: Mapping[str, str]) -> dict[str, Any]:
    """Whom and what the line is about, also where the step does not come to say so."""
    numbers = {"athlete": attributes.get("owner_id"), "activity": attributes.get("activity_id")}
    known = {name: int(text) for name, text in numbers.items() if text and text.isdecimal()}
    return {"trace": attributes.get("trace"), **known}
