"""Flask at the webhook: what a request holds in, what the step answers out, its line in the log."""

import flask

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
