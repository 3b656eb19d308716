"""The program itself, for tests that need a network, and a stranger's client for it."""

import json
import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import requests
from requests.adapters import HTTPAdapter

from tests.simulator.harness import ADA, CLIENT

os.environ["SILENCE_TOKEN_WARNINGS"] = "true"
# Its import turns warnings on for the whole process, and sends them to the log.
with warnings.catch_warnings():
    import stravalib

    logging.captureWarnings(capture=False)

START = [sys.executable, "-m", "simulator", "--exit-with-parent"]
REPOSITORY = Path(__file__).parents[2]
STRAVA = "https://www.strava.com"
ENDLESS = ("--read-limits", "1000000,1000000", "--overall-limits", "1000000,1000000")


@contextmanager
def running(*flags: str) -> Iterator[httpx.Client]:
    """A simulator on a free port, behind a connection to it."""
    with started(*flags) as (_, base_url), httpx.Client(base_url=base_url, timeout=30) as http:
        yield http


@contextmanager
def started(*flags: str) -> Iterator[tuple[int, str]]:
    """Yields the process id and the address, and sees the program end well."""
    with subprocess.Popen(
        [*START, "--port", "0", *flags],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["ready"] is True
        yield process.pid, ready["base_url"]
        process.stdin.close()
        assert process.wait(timeout=5) == 0
        assert process.stdout.read() == ""


def connect(sim: httpx.Client, athlete_id: int = ADA, scope: str | None = None) -> dict[str, Any]:
    """The token response of an athlete who has just said yes."""
    clicked = sim.post("/_sim/authorize", json={"athlete_id": athlete_id, "scope": scope})
    form = CLIENT | {"grant_type": "authorization_code", "code": clicked.json()["code"]}
    token: dict[str, Any] = sim.post("/oauth/token", data=form).json()
    return token


class ToSimulator(HTTPAdapter):
    """Sends what is meant for Strava to the simulator."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        assert request.url is not None
        request.url = request.url.replace(STRAVA, self._base_url, 1)
        kwargs["timeout"] = 10
        return super().send(request, *args, **kwargs)


@contextmanager
def stravalib_client(sim: httpx.Client, **arguments: Any) -> Iterator[Any]:
    """The library as it is published; only its network leads elsewhere."""
    with requests.Session() as session:
        session.mount(STRAVA, ToSimulator(str(sim.base_url).rstrip("/")))
        yield stravalib.Client(requests_session=session, rate_limit_requests=False, **arguments)


@contextmanager
def signed_in(sim: httpx.Client, athlete_id: int = ADA, scope: str | None = None) -> Iterator[Any]:
    token = connect(sim, athlete_id, scope)
    with stravalib_client(sim, access_token=token["access_token"]) as client:
        yield client


def truth_of(sim: httpx.Client, athlete_id: int = ADA) -> list[dict[str, Any]]:
    found = sim.get("/_sim/truth", params={"athlete_id": athlete_id})
    rows: list[dict[str, Any]] = found.json()
    return rows


class Callback(HTTPServer):
    """A web server that answers the handshake as stravalib says, and keeps the posts."""

    def __init__(self, client: Any) -> None:
        super().__init__(("127.0.0.1", 0), CallbackHandler)
        self.client = client
        self.posts: Queue[dict[str, Any]] = Queue()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class CallbackHandler(BaseHTTPRequestHandler):
    server: Callback

    def do_GET(self) -> None:
        raw = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        answer = self.server.client.handle_subscription_callback(raw, verify_token="ours")
        self._answer(json.dumps(answer).encode())

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        self.server.posts.put(json.loads(self.rfile.read(length)))
        self._answer(b"{}")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Not a word."""
