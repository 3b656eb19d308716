"""Flask at the edge: what a request holds in, what a step answers out, and its line in the log."""

from collections.abc import Callable, Mapping
from typing import Any

import flask

from paceline.errors import Busy, Retryable
from paceline.model.outcome import Outcome
from paceline.runtime.logs import outcome_of
from paceline.steps.receive_webhook import Receiving, Request, handle

# These are ordinary; anything else the webhook answers deserves a look.
_EXPECTED = {"accepted", "handshake"}


def answer_webhook(request: flask.Request, use: Receiving) -> flask.Response:
    with outcome_of("receive_webhook") as line:
        reply = handle(
            Request(
                method=request.method,
                path=request.path,
                query=request.args,
                content_length=request.content_length,
                body=request.stream,
            ),
            use,
        )
        line.severity = "INFO" if reply.outcome in _EXPECTED else "WARNING"
        line.add(reply.outcome, {"status": reply.status, "trace": reply.trace})
        if event := reply.event:
            line.add(reply.outcome, {"athlete": event.owner_id, event.object_type: event.object_id})
    return flask.Response(reply.body, reply.status, content_type="application/json")


def answer_schedule(
    step: str, request: flask.Request, run: Callable[[Mapping[str, Any]], Outcome]
) -> flask.typing.ResponseReturnValue:
    """Run a step on the scheduler's order, an object that may be empty."""
    order = request.get_json(silent=True) or {}
    with outcome_of(step) as line:
        try:
            outcome = run(order)
        except Retryable as error:
            line.severity = "WARNING"
            line.add("retryable", {"error": type(error).__name__, "message": str(error)})
            return {"error": type(error).__name__}, 503
        except Busy:
            line.add("busy")
            return {"outcome": "busy"}, 200
        line.add(outcome.name, outcome.fields)
        return {"outcome": outcome.name, **outcome.fields}, 200
