"""The deployed entry points, each under functions-framework's own app, over one local runtime."""

import base64
import json
import logging
from typing import Any

import pytest

from paceline.ports import Delivery
from paceline.runtime.functions import Functions
from paceline.runtime.local import LocalRuntime
from paceline.runtime.push import encode_push
from tests.builders import NOW, as_bytes, event, message
from tests.functions.conftest import ROOT, SECRET

STEPS = {
    "build_marts",
    "connect_athlete",
    "fetch_activity",
    "forget_athlete",
    "load_silver",
    "receive_webhook",
    "reconcile",
    "release_work",
}


@pytest.fixture(scope="module")
def functions() -> Functions:
    return Functions(ROOT)


def client(functions: Functions, step: str) -> Any:
    return functions.app(step).test_client()


def test_every_step_has_its_function(functions: Functions) -> None:
    assert functions.names() == STEPS
    for step in STEPS:
        assert (ROOT / f"shared/paceline/steps/{step}.py").is_file()
        lines = (ROOT / f"functions/{step}/main.py").read_text().splitlines()
        statements = [line for line in lines if line and not line.startswith(("import", "from"))]
        assert len(statements) <= 15


def test_the_webhook_accepts_an_event_over_http(
    runtime: LocalRuntime, functions: Functions
) -> None:
    answer = client(functions, "receive_webhook").post(
        f"/{SECRET}", json=event().as_json(), content_type="application/json"
    )

    assert answer.status_code == 200
    assert runtime.bus.backlog("fetch_activity") == 1


def test_the_webhook_answers_the_handshake_over_http(
    runtime: LocalRuntime, functions: Functions
) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "verify-me", "hub.challenge": "c"}
    answer = client(functions, "receive_webhook").get(f"/{SECRET}", query_string=query)

    assert answer.json == {"hub.challenge": "c"}
    assert answer.content_type == "application/json"


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"x" * 9_000, 413), (as_bytes(event().as_json()), 200)]
)
def test_the_webhook_names_bad_bodies_over_http(
    runtime: LocalRuntime, functions: Functions, body: bytes, status: int
) -> None:
    answer = client(functions, "receive_webhook").post(f"/{SECRET}", data=body)

    assert answer.status_code == status


def test_an_event_that_the_bus_does_not_take_is_spooled_and_sent_by_the_next_release(
    runtime: LocalRuntime, functions: Functions
) -> None:
    assert runtime.bus.backlog("fetch_activity") == 0
    with runtime.bus_file.transaction() as connection:
        connection.execute("ALTER TABLE messages RENAME TO away")
    answer = client(functions, "receive_webhook").post(f"/{SECRET}", json=event().as_json())
    with runtime.bus_file.transaction() as connection:
        connection.execute("ALTER TABLE away RENAME TO messages")

    assert answer.status_code == 200
    assert runtime.bus.backlog("fetch_activity") == 0
    assert json.loads(functions.post("release_work", b"{}")[1])["spooled"] == 1
    assert runtime.bus.backlog("fetch_activity") == 1


def test_the_subscription_we_made_is_the_only_one_accepted(
    runtime: LocalRuntime, functions: Functions
) -> None:
    runtime.remember_subscription(78)
    answer = client(functions, "receive_webhook").post(f"/{SECRET}", json=event().as_json())

    assert answer.status_code == 403


def test_a_pushed_event_of_a_stranger_is_acknowledged(
    runtime: LocalRuntime, functions: Functions
) -> None:
    runtime.bus.publish("events", message().encode(), message().attributes())
    (delivery,) = runtime.bus.pull("fetch_activity", 1)

    assert functions.post("fetch_activity", encode_push(delivery))[0] == 204


@pytest.mark.parametrize("step", ["fetch_activity", "forget_athlete"])
@pytest.mark.parametrize("object_type", ["activity", "athlete", None])
def test_what_the_filter_of_a_subscription_should_have_kept_out_is_acknowledged_and_left_alone(
    runtime: LocalRuntime,
    functions: Functions,
    caplog: pytest.LogCaptureFixture,
    step: str,
    object_type: str | None,
) -> None:
    """Bytes that no step could read: whoever looked at them would fail."""
    caplog.set_level(logging.INFO, "paceline")
    attributes = {"object_type": object_type} if object_type else {}
    delivery = Delivery(step, "1", b"not a message", attributes, NOW, 1, "")
    is_ours = (step, object_type) in {
        ("fetch_activity", "activity"),
        ("forget_athlete", "athlete"),
    }

    assert functions.post(step, encode_push(delivery))[0] == (500 if is_ours else 204)
    outcomes = [
        json.loads(each.message)["outcome"] for each in caplog.records if each.name == "paceline"
    ]
    assert outcomes == ["error" if is_ours else "not_ours"]


def test_a_push_of_something_else_is_not_acknowledged(
    runtime: LocalRuntime, functions: Functions
) -> None:
    data, attributes = base64.b64encode(b"{}").decode(), {"object_type": "activity"}
    envelope = {"message": {"data": data, "attributes": attributes, "messageId": "1"}}

    assert functions.post("load_silver", b"not an envelope")[0] == 400
    assert functions.post("fetch_activity", json.dumps(envelope).encode())[0] == 500
    assert functions.post("load_silver", json.dumps(envelope).encode())[0] == 500


def test_the_schedule_runs_release_work_and_build_marts(
    runtime: LocalRuntime, functions: Functions
) -> None:
    assert json.loads(functions.post("release_work", b"{}")[1])["released"] == 0
    assert json.loads(functions.post("build_marts", b'{"full": true}')[1])["outcome"] == "built"
    assert runtime.marts_path.exists()


def test_a_closed_application_is_one_line_that_alerts(
    runtime: LocalRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "paceline")
    runtime.budget.halt("its owner must renew it")
    runtime.budget.halt("its owner must renew it")

    (line,) = [json.loads(each.message) for each in caplog.records if each.name == "paceline"]
    assert (line["severity"], line["outcome"]) == ("ERROR", "halted")
    assert line["why"] == "its owner must renew it"
