"""After each batch: landing to silver to marts. In BigQuery a scheduled query does this."""

import flask
import functions_framework

from paceline.runtime import current
from paceline.runtime.web import answer_schedule
from paceline.steps import build_marts as step


@functions_framework.http
def build_marts(request: flask.Request) -> flask.typing.ResponseReturnValue:
    use = current().building_marts
    return answer_schedule(
        "build_marts", request, lambda order: step.run(use, full=bool(order.get("full")))
    )
