"""The local service: a part that dies ends it, and it leaves neither port nor secret behind."""

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from paceline.cli.processes import free_port
from paceline.runtime import current
from paceline.runtime.functions import Functions
from paceline.runtime.local import LocalRuntime
from paceline.runtime.service import HOST, LocalService
from tests.builders import message
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]
SECRET = "0123456789abcdef"


class Broken(Functions):
    """A function that fails as only a bug or the machine can."""

    def post(self, step: str, body: bytes) -> tuple[int, str]:
        if step == "fetch_activity":
            raise MemoryError(step)
        return super().post(step, body)


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalRuntime]:
    settings = {
        "PACELINE_STRAVA_CLIENT_ID": "1",
        "PACELINE_STRAVA_CLIENT_SECRET": "x",
        "PACELINE_VERIFY_TOKEN": "x",
        "PACELINE_WEBHOOK_SECRET": SECRET,
        "PACELINE_HOME": str(tmp_path),
        "PACELINE_ROOT": str(ROOT),
        "PACELINE_PORT": str(free_port(18_321, set())),
    }
    for name, value in settings.items():  # the functions themselves ask for the runtime
        monkeypatch.setenv(name, value)
    current.cache_clear()
    yield current()
    current().close()
    current.cache_clear()


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
