"""Daily, by the scheduler: Strava's list of every athlete compared with ours, and healed."""

import flask
import functions_framework

from paceline.runtime import current
from paceline.runtime.schedule import answer_schedule
from paceline.steps import reconcile as step


@functions_framework.http
def reconcile(request: flask.Request) -> flask.typing.ResponseReturnValue:
    use = current().reconciling
    return answer_schedule(
        "reconcile", request, lambda order: step.run(use, full=bool(order.get("full")))
    )
