"""The local service: the webhook's server, and threads where Pub/Sub and the scheduler would be."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from paceline.errors import Retryable, SettingsInvalid
from paceline.ports import Delivery
from paceline.runtime.functions import Functions, WsgiApp
from paceline.runtime.local import LocalRuntime
from paceline.runtime.logs import outcome_of
from paceline.runtime.push import encode_push

PUBLIC = ("receive_webhook", "connect_athlete")
WORKERS = {"fetch_activity": 4, "load_silver": 1, "forget_athlete": 1}
IDLE_S = 0.05
LONGEST_S = 5.0  # between two builds while something was loaded
HOUR_S = 3_600.0

# Parked work is released only while fewer than this many messages wait to be fetched, so that a
# live event never stands behind a backfill.
FETCH_QUEUE = 32
# Nor behind what a backfill fetched faster than it can be loaded.
LOAD_QUEUE = 64

HOST = "127.0.0.1"


class _Quiet(WSGIRequestHandler):
    """Keeps connections open, and logs no path: it holds the webhook's secret."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or a short answer waits 40 ms for an acknowledgement
    timeout = 10  # a stranger who says nothing does not keep a thread

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Our own line an outcome says more."""


class LocalService:
    """Everything that runs. `stop` ends it after what is under way."""

    def __init__(self, runtime: LocalRuntime, functions: Functions) -> None:
        self.runtime = runtime
        self.ended = threading.Event()  # told to stop, or a part of us failed
        self.failed = False
        self._functions = functions
        self._server = _server(runtime.settings.port, functions.served(PUBLIC))
        self._stopping = threading.Event()
        self._loaded = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.runtime.settings.port}"

    def start(self) -> None:
        settings = self.runtime.settings
        _ = self.runtime.receiving  # ready before the first event is
        self._loaded.set()  # whatever landed before the last stop is built now
        self._run("server", self._server.serve_forever)
        self._run("release_work", partial(self._repeat, settings.tick_s, self._release))
        self._run("reconcile", partial(self._repeat, settings.reconcile_s, self._reconcile))
        self._run("build_marts", self._build_whenever_loaded)
        self._run("weekly", partial(self._repeat, HOUR_S, self._compare))
        for step, count in WORKERS.items():
            for number in range(count):
                self._run(f"{step}-{number}", partial(self._work, step))

    def stop(self) -> None:
        self._stopping.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._server.server_close()
        self._build()
        self.runtime.close()

    def _run(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=self._guarded, args=(name, target), daemon=True)
        thread.start()
        self._threads.append(thread)

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

    def _build_whenever_loaded(self) -> None:
        """After each batch, but seldom more than a fifth of the time: loading comes first."""
        while not self._stopping.is_set():
            began = time.monotonic()
            self._build()
            took_s = time.monotonic() - began
            self._stopping.wait(max(self.runtime.settings.refresh_s, min(4 * took_s, LONGEST_S)))

    def _repeat(self, every_s: float, act: Callable[[], None]) -> None:
        while True:
            act()
            if self._stopping.wait(every_s):
                return

    def _work(self, step: str) -> None:
        """Deliver one subscription's messages until told to stop."""
        while not self._stopping.is_set():
            with _trouble_logged(step):
                if self._deliver_next(step):
                    continue
            self._stopping.wait(IDLE_S)

    def _deliver_next(self, step: str) -> bool:
        """Deliver one message if one is due. Looking first spares the writers a lock."""
        bus = self.runtime.bus
        due = bus.next_due(step)
        if due is None or due > self.runtime.clock.now():
            return False
        found = bus.pull(step, 1)
        for delivery in found:
            self._deliver(step, delivery)
        return bool(found)

    def _deliver(self, step: str, delivery: Delivery) -> None:
        status, answer = self._functions.post(step, encode_push(delivery))
        if not 200 <= status < 300:  # noqa: PLR2004 - the range that Pub/Sub takes for yes
            self.runtime.bus.nack(delivery, f"{status}: {answer[:200]}")
            return
        if step == "load_silver":
            self._loaded.set()
        self.runtime.bus.ack(delivery)

    def _release(self) -> None:
        with _trouble_logged("release_work"):
            bus = self.runtime.bus
            room = FETCH_QUEUE - bus.backlog("fetch_activity")
            if room > 0 and bus.backlog("load_silver") < LOAD_QUEUE:
                self._functions.post("release_work", json.dumps({"limit": room}).encode())

    def _reconcile(self) -> None:
        """Often asked, seldom due: each athlete is compared once a day."""
        with _trouble_logged("reconcile"):
            self._functions.post("reconcile", b"{}")

    def _build(self) -> None:
        if self._loaded.is_set():
            self._loaded.clear()
            status, _ = self._functions.post("build_marts", b"{}")
            if status >= 500:  # noqa: PLR2004 - it did not run; it must run again
                self._loaded.set()

    def _compare(self) -> None:
        """Once a week everything is built anew, and must be what it was."""
        with _trouble_logged("build_marts"):
            self._functions.post("build_marts", b'{"weekly": true}')


@contextmanager
def _trouble_logged(step: str) -> Iterator[None]:
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
