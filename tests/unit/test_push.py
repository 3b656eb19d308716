"""The push envelope: what a step's end means for the message, and the line it leaves."""

import json
import logging
from collections.abc import Callable

import pytest

from paceline.errors import PayloadInvalid, StravaUnavailable
from paceline.model.outcome import Outcome
from paceline.ports import Delivery
from paceline.runtime.push import Push, answer_push, decode_push, encode_push
from tests.builders import ACTIVITY, ATHLETE, NOW, message

DELIVERY = Delivery("load_silver", "m1", b"\x00data", {"trace": "abc"}, NOW, 3, "lease")


def end_with(error: Exception | None) -> Callable[[Push], Outcome]:
    def run(push: Push) -> Outcome:
        if error:
            raise error
        return Outcome("loaded", {"bytes": len(push.data)})

    return run


def test_an_envelope_survives_the_journey() -> None:
    assert decode_push(encode_push(DELIVERY)) == Push(b"\x00data", {"trace": "abc"}, 3)


@pytest.mark.parametrize(("error", "status"), [(None, 204), (StravaUnavailable(), 503)])
def test_the_status_says_whether_to_deliver_again(error: Exception | None, status: int) -> None:
    assert answer_push("load_silver", encode_push(DELIVERY), end_with(error))[1] == status


@pytest.mark.parametrize("bug", [ZeroDivisionError("x"), PayloadInvalid("not recorded")])
def test_what_no_step_recorded_is_raised_and_so_not_acknowledged(
    bug: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(type(bug)):
        answer_push("load_silver", encode_push(DELIVERY), end_with(bug))
    (record,) = caplog.records
    assert json.loads(record.message)["outcome"] == "error"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"message": 1}', b'{"message": {"data": "*"}}'])
def test_what_is_not_an_envelope_is_refused(body: bytes) -> None:
    assert answer_push("load_silver", body, end_with(None))[1] == 400


def test_one_line_an_outcome_with_step_trace_attempt_and_duration(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "paceline")
    answer_push("load_silver", encode_push(DELIVERY), end_with(None))

    (record,) = caplog.records
    line = json.loads(record.message)
    assert line.pop("ms") >= 0
    assert line == {
        "severity": "INFO",
        "step": "load_silver",
        "outcome": "loaded",
        "attempt": 3,
        "trace": "abc",
        "bytes": 5,
    }


def test_also_the_line_of_what_is_tried_again_names_the_athlete_and_the_activity(
    caplog: pytest.LogCaptureFixture,
) -> None:
    attributes = message().attributes()
    delivery = Delivery("fetch_activity", "m1", b"", attributes, NOW, 1, "lease")
    answer_push("fetch_activity", encode_push(delivery), end_with(StravaUnavailable()))

    (record,) = caplog.records
    line = json.loads(record.message)
    assert (line["outcome"], line["athlete"], line["activity"], line["trace"]) == (
        "retryable",
        ATHLETE,
        ACTIVITY,
        "t" * 32,
    )
