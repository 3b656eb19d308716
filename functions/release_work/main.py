"""Scheduled each minute: parked work that is due goes back to `events`, within the budget."""

import flask
import functions_framework

from paceline.runtime import current
from paceline.runtime.schedule import answer_schedule
from paceline.steps import release_work as step


@functions_framework.http
def release_work(request: flask.Request) -> flask.typing.ResponseReturnValue:
    use = current().releasing
    return answer_schedule(
        "release_work", request, lambda order: step.run(use, limit=int(order.get("limit", 100)))
    )
