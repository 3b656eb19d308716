"""The baseline of webhook.py on Pub/Sub: the least handler that publishes one message."""

import os

import flask
import functions_framework
import grpc
from google.pubsub_v1 import PublisherClient, PubsubMessage
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

channel = grpc.insecure_channel(os.environ["PUBSUB_EMULATOR_HOST"])
publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
TOPIC = f"projects/{os.environ['PACELINE_PROJECT']}/topics/{os.environ['PACELINE_PREFIX']}-events"


@functions_framework.http
def bare_webhook_pubsub(request: flask.Request) -> flask.typing.ResponseReturnValue:
    message = PubsubMessage(data=request.get_data(), attributes={"object_type": "activity"})
    publisher.publish(topic=TOPIC, messages=[message], timeout=1.0)
    return "{}", 200
