"""The baseline of webhook.py: the least handler that publishes one message durably."""

from pathlib import Path

import flask
import functions_framework

from paceline.adapters.local.bus import SqliteBus
from paceline.adapters.local.sqlite import Database
from paceline.adapters.local.system import RandomIds, SystemClock
from paceline.model.routes import SUBSCRIPTIONS

bus = SqliteBus(Database(Path("bare.sqlite")), SUBSCRIPTIONS, SystemClock(), RandomIds())


@functions_framework.http
def bare_webhook(request: flask.Request) -> flask.typing.ResponseReturnValue:
    bus.publish("events", request.get_data(), {"object_type": "activity"})
    return "{}", 200
