"""Pushed from `landed`: one bronze object becomes rows in silver's landing."""

import flask
import functions_framework

from paceline.model.landed import decode_landed
from paceline.runtime import current
from paceline.runtime.push import answer_push
from paceline.steps import load_silver as step


@functions_framework.http
def load_silver(request: flask.Request) -> flask.typing.ResponseReturnValue:
    use = current().loading
    return answer_push(
        "load_silver",
        request.get_data(),
        lambda push: step.run(decode_landed(push.data), use, attempt=push.attempt),
    )
