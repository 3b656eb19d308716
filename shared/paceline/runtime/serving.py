"""A service of this machine: a web server for the functions, and threads for what is scheduled."""

import json
import socket
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from paceline.errors import Retryable, SettingsInvalid
from paceline.runtime.functions import Functions, WsgiApp
from paceline.runtime.logs import outcome_of
from paceline.runtime.parts import Runtime

HOST = "127.0.0.1"


class _Quiet(WSGIRequestHandler):
    """Keeps connections open, and logs no path: it holds the webhook's secret."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or a short answer waits 40 ms for an acknowledgement
    timeout = 10  # a stranger who says nothing does not keep a thread

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Our own line an outcome says more."""


class Service:
    """Everything that runs. `stop` ends it after what is under way."""

    def __init__(self, runtime: Runtime, functions: Functions, served: Collection[str]) -> None:
        self.settings = runtime.settings
        self.ended = threading.Event()  # told to stop, or a part of us failed
        self.failed = False
        self.stopping = threading.Event()
        self._runtime = runtime
        self._functions = functions
        self._server = _server(self.settings.port, functions.served(served))
        self._threads: list[threading.Thread] = []

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.settings.port}"

    def start(self) -> None:
        _ = self._runtime.receiving  # ready before the first event is
        self.run("server", self._server.serve_forever)

    def stop(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._server.server_close()
        self.finish()
        self._runtime.close()

    def finish(self) -> None:
        """What is left to do when nothing runs any more."""

    def run(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=self._guarded, args=(name, target), daemon=True)
        thread.start()
        self._threads.append(thread)

    def repeat(
        self, step: str, every_s: float, act: Callable[[], object], *, at_once: bool = True
    ) -> None:
        """On a thread of its own: `act` again and again, whatever trouble it has."""
        self.run(step, partial(self._repeat, step, every_s, act, at_once=at_once))

    def order(self, step: str, order: Mapping[str, Any]) -> int:
        """What the scheduler posts; the status that is answered."""
        return self._functions.post(step, json.dumps(order).encode())[0]

    def _guarded(self, name: str, target: Callable[[], None]) -> None:
        """A part that dies ends the service: half of it would only look healthy."""
        try:
            with outcome_of(name) as line:
                target()
                line.add("stopped")
        except Exception:
            self.failed = True
            self.ended.set()
            raise

    def _repeat(
        self, step: str, every_s: float, act: Callable[[], object], *, at_once: bool
    ) -> None:
        if not at_once and self.stopping.wait(every_s):
            return
        while True:
            with trouble_logged(step):
                act()
            if self.stopping.wait(every_s):
                return


@contextmanager
def trouble_logged(step: str) -> Iterator[None]:
    """A store that fails for a moment is logged, and asked again; a bug ends the thread."""
    try:
        yield
    except Retryable as error:
        with outcome_of(step) as line:
            line.severity = "WARNING"
            line.add("retryable", {"error": type(error).__name__, "message": str(error)})


def _server(port: int, app: WsgiApp) -> BaseWSGIServer:
    listener = _listen(port)
    try:
        return make_server(
            HOST, port, app, threaded=True, request_handler=_Quiet, fd=listener.fileno()
        )
    finally:
        listener.close()  # the server works on a copy


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise SettingsInvalid(
            f"Port {port} is taken by another program. Stop that, or set PACELINE_PORT to a port "
            "that is free."
        ) from error
    listener.listen(128)
    return listener
