"""Pushed from `events`: an athlete is said to have ended their grant; Strava is asked."""

import flask
import functions_framework

from paceline.model.event import decode_event_message
from paceline.runtime import current
from paceline.runtime.push import answer_push
from paceline.steps import forget_athlete as step


@functions_framework.http
def forget_athlete(request: flask.Request) -> flask.typing.ResponseReturnValue:
    use = current().forgetting
    return answer_push(
        "forget_athlete",
        request.get_data(),
        lambda push: step.run(decode_event_message(push.data), use, attempt=push.attempt),
    )
