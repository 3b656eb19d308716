"""HTTP, public: Strava's handshake and events in, messages on the bus out."""

import flask
import functions_framework

from paceline.runtime import current
from paceline.runtime.web import answer_webhook


@functions_framework.http
def receive_webhook(request: flask.Request) -> flask.typing.ResponseReturnValue:
    return answer_webhook(request, current().receiving)
