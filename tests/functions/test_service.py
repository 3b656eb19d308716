"""The local service: a part that dies ends it, and it leaves neither port nor secret behind."""

import logging
import socket

import pytest

from paceline.runtime.functions import Functions
from paceline.runtime.local import LocalRuntime
from paceline.runtime.service import LocalService
from paceline.runtime.serving import HOST
from tests.builders import message
from tests.functions.conftest import ROOT, SECRET
from tests.waiting import wait_for


class Broken(Functions):
    """A function that fails as only a bug or the machine can."""

    def post(self, step: str, body: bytes) -> tuple[int, str]:
        if step == "fetch_activity":
            raise MemoryError(step)
        return super().post(step, body)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_part_that_dies_ends_the_service(runtime: LocalRuntime) -> None:
    service = LocalService(runtime, Broken(ROOT))
    runtime.bus.publish("events", message().encode(), message().attributes())
    service.start()
    ended = service.ended.wait(10)
    service.stop()

    assert ended
    assert service.failed


def test_the_port_is_free_again_after_a_stop(runtime: LocalRuntime) -> None:
    service = LocalService(runtime, Functions(ROOT))
    service.start()
    port = runtime.settings.port
    assert wait_for(lambda: listens(port), within_s=5)
    service.stop()

    assert not listens(port)


def test_an_unexpected_failure_does_not_log_the_secret_path(
    runtime: LocalRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    functions = Functions(ROOT)
    app = functions.app("receive_webhook")
    with caplog.at_level(logging.ERROR), app.test_request_context(f"/{SECRET}"):
        try:
            raise ZeroDivisionError
        except ZeroDivisionError as error:
            app.log_exception((type(error), error, error.__traceback__))

    assert "nobody expected" in caplog.text
    assert SECRET not in caplog.text


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
