"""What the scheduler posts, and what it is answered."""

from collections.abc import Callable, Mapping
from typing import Any

import flask

from paceline.errors import Busy, Retryable
from paceline.model.outcome import Outcome
from paceline.runtime.logs import outcome_of


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
