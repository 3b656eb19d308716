"""The edge: answer Strava's handshake, and put its events on the bus. It opens nothing else.

Answers: 200 accepted, 400 malformed, 403 wrong path, token or subscription, 405, 413 too large,
503 not durable, so send it again. Strava sends an event at most three times.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO

from paceline.errors import EventInvalid, PublishUnavailable, StoreUnavailable
from paceline.model.event import Event, EventMessage, parse_event
from paceline.model.routes import EVENTS
from paceline.ports import Clock, Ids, Publisher
from paceline.spool import Spool

MAX_BODY_BYTES = 8 * 1024


@dataclass(frozen=True)
class Receiving:
    """What the edge needs."""

    publisher: Publisher
    clock: Clock
    ids: Ids
    webhook_secret: str
    verify_token: str
    is_ours: Callable[[int], bool]  # a subscription; any, until we subscribed
    spool: Callable[[], Spool]  # opened only when it is needed


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    content_length: int | None
    body: IO[bytes]


@dataclass(frozen=True)
class Reply:
    status: int
    body: str
    outcome: str
    trace: str | None = None
    event: Event | None = None


def handle(request: Request, use: Receiving) -> Reply:
    if not _same(request.path.strip("/"), use.webhook_secret):
        return _refusal(403, "forged_path", "This is not a callback address.")
    if request.method == "GET":
        return _handshake(request.query, use)
    if request.method != "POST":
        return _refusal(405, "wrong_method", "Use GET for the handshake, POST for an event.")
    return _event(request, use)


def _handshake(query: Mapping[str, str], use: Receiving) -> Reply:
    token_is_ours = _same(query.get("hub.verify_token", ""), use.verify_token)
    if query.get("hub.mode") != "subscribe" or not token_is_ours:
        return _refusal(403, "handshake_refused", "The mode or the verify token is wrong.")
    challenge = query.get("hub.challenge", "")[:1_000]
    return Reply(200, json.dumps({"hub.challenge": challenge}), "handshake")


def _event(request: Request, use: Receiving) -> Reply:
    # Read one byte more than allowed: a sender may lie about, or leave out, the length.
    body = b"" if _too_long(request) else request.body.read(MAX_BODY_BYTES + 1)
    if _too_long(request) or len(body) > MAX_BODY_BYTES:
        return _refusal(413, "too_large", f"An event is at most {MAX_BODY_BYTES} bytes.")
    try:
        event = parse_event(body)
    except EventInvalid as error:
        return _refusal(400, "malformed", str(error))
    if not use.is_ours(event.subscription_id):
        return _refusal(403, "foreign_subscription", "The subscription is not ours.")
    return _accept(event, use)


def _accept(event: Event, use: Receiving) -> Reply:
    message = EventMessage(event, received_at=use.clock.now(), trace=use.ids.new())
    try:
        use.publisher.publish(EVENTS, message.encode(), message.attributes())
    except PublishUnavailable:
        return _spooled(message, use)
    return Reply(200, "{}", "accepted", message.trace, event)


def _spooled(message: EventMessage, use: Receiving) -> Reply:
    """Strava sends three times at the most: what the bus does not take waits beside it."""
    try:
        use.spool().keep(EVENTS, message.encode(), message.attributes())
    except StoreUnavailable:
        return _refusal(503, "not_durable", "The event was not stored. Send it again.")
    return Reply(200, "{}", "spooled", message.trace, message.event)


def _too_long(request: Request) -> bool:
    return request.content_length is not None and request.content_length > MAX_BODY_BYTES


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _refusal(status: int, outcome: str, message: str) -> Reply:
    return Reply(status, json.dumps({"error": outcome, "message": message}), outcome)
