"""HTTP, public: the pages on which an athlete connects, and disconnects."""

import flask
import functions_framework

from paceline.runtime import current
from paceline.runtime.pages import answer_connect


@functions_framework.http
def connect_athlete(request: flask.Request) -> flask.typing.ResponseReturnValue:
    return answer_connect(request, current().connecting)
