"""After each batch: landing to silver to marts. In BigQuery a scheduled query does this."""

from collections.abc import Mapping
from typing import Any

import flask
import functions_framework

from paceline.model.outcome import Outcome
from paceline.runtime import current
from paceline.runtime.schedule import answer_schedule
from paceline.steps import build_marts as step


@functions_framework.http
def build_marts(request: flask.Request) -> flask.typing.ResponseReturnValue:
    use = current().building_marts

    def build(order: Mapping[str, Any]) -> Outcome:
        if order.get("weekly"):
            return step.compare_weekly(use)
        return step.run(use, full=bool(order.get("full")))

    return answer_schedule("build_marts", request, build)
