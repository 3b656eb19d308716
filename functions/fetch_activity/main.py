"""Pushed from `events`: one activity, made to match what Strava says now."""

import flask
import functions_framework

from paceline.model.event import decode_event_message
from paceline.runtime import current
from paceline.runtime.push import answer_push
from paceline.steps import fetch_activity as step


@functions_framework.http
def fetch_activity(request: flask.Request) -> flask.typing.ResponseReturnValue:
    use = current().fetching
    return answer_push(
        "fetch_activity",
        request.get_data(),
        lambda push: step.run(decode_event_message(push.data), use, attempt=push.attempt),
    )
