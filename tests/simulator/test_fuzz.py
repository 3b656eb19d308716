"""Whatever is sent, the answer is Strava's: no 5xx that was not asked for, no unknown shape.

SIMULATOR_FUZZ_SECONDS=60 searches for a minute, each time elsewhere; without it the same few
hundred requests are sent each time.
"""

import asyncio
import json
import os
import time
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.simulator.fuzz_requests import (
    IDS,
    NASTY,
    READING,
    ROUTES,
    SIM,
    Sent,
    connected,
    requests,
)
from tests.simulator.harness import ADA, first_error, strava

SECONDS = float(os.environ.get("SIMULATOR_FUZZ_SECONDS", "0"))


class Fuzzer:
    """Sends to one world for as long as nothing was changed in it."""

    def __init__(self) -> None:
        self._sim = SIM
        self._changed = True

    async def run(self, sequence: list[Sent]) -> None:
        if self._changed:
            await self.close()
            self._sim, _, _ = connected()
        self._changed = True
        changes = False
        for sent in sequence:
            changes |= await self._one(sent) and sent.method not in READING
        self._changed = changes

    async def close(self) -> None:
        await self._sim.app.state.live.close()
        await self._sim.app.state.simulator.sender.close()

    async def _one(self, sent: Sent) -> bool:
        """Whether it was done."""
        inner = self._sim.app.state.simulator
        inner.dials.knobs = replace(inner.dials.knobs, hang_s=0.0)
        knobs = inner.dials.knobs
        on_purpose = bool(inner.mishaps.planned or knobs.error_share or knobs.html_share)
        async with asyncio.timeout(30):
            status, headers, body = await self._ask(sent)
        if on_purpose:
            return status < 400
        assert status < 500, (status, body[:500])
        if sent.method == "HEAD" or (status == 404 and knobs.empty_not_found):
            return status < 400
        if sent.raw_path.startswith("/_sim/do/"):
            assert status in {303, 400, 404, 405, 413}, (status, body[:500])
        elif status >= 400:
            fault = strict_json(body)
            assert isinstance(fault["message"], str)
            assert isinstance(fault["errors"], list)
        elif headers.get(b"content-type") == b"application/json":
            strict_json(body)
        return status < 400

    async def _ask(self, sent: Sent) -> tuple[int, dict[bytes, bytes], bytes]:
        """Straight to the app: an HTTP client would not send half of this."""
        waiting = [{"type": "http.request", "body": sent.body, "more_body": False}]
        messages: list[Any] = []

        async def receive() -> Any:
            return waiting.pop() if waiting else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            messages.append(message)

        scope = {
            "type": "http", "http_version": "1.1", "method": sent.method, "scheme": "http",
            "path": unquote(sent.raw_path), "raw_path": sent.raw_path.encode(), "root_path": "",
            "query_string": sent.query, "headers": list(sent.headers),
            "client": ("127.0.0.1", 9), "server": ("127.0.0.1", 8322),
        }  # fmt: skip
        await self._sim.app(scope, receive, send)
        body = b"".join(message.get("body", b"") for message in messages[1:])
        return messages[0]["status"], dict(messages[0]["headers"]), body


def strict_json(body: bytes) -> Any:
    def refuse(text: str) -> float:
        raise AssertionError(text)

    return json.loads(body, parse_constant=refuse)


def explore(runner: asyncio.Runner, fuzzer: Fuzzer, examples: int, seed_number: int) -> None:
    @seed(seed_number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(sequence=st.lists(requests(), min_size=1, max_size=4))
    def run(sequence: list[Sent]) -> None:
        runner.run(fuzzer.run(sequence))

    run()


@pytest.mark.parametrize("kind", [b"application/json", b"multipart/form-data; boundary=b0"])
def test_known_troublemakers_break_no_route(kind: bytes) -> None:
    fuzzer = Fuzzer()
    headers = ((b"authorization", b"Basic /w=="), (b"content-type", kind))
    bodies = [body for body in NASTY if (body[:1] == b"-") is kind.startswith(b"multi")]
    with asyncio.Runner() as runner:
        for path, methods in ROUTES:
            # Forms of this kind are read by one function, and slowly.
            if path.startswith("/api/v3") or (b"multi" in kind and path != "/oauth/token"):
                continue
            raw_path = path.replace("{activity_id}", IDS[0]).replace("{athlete_id}", str(ADA))
            sequence = [
                Sent(method, raw_path.replace("{", "").replace("}", ""), b"", headers, body)
                for method in methods
                for body in (bodies if method not in READING else bodies[:1])
            ]
            runner.run(fuzzer.run(sequence))
        runner.run(fuzzer.close())


@pytest.mark.anyio
@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e400", "9" * 20])
async def test_numbers_that_json_or_the_world_does_not_have_are_refused(number: str) -> None:
    answer = await strava().http.post("/_sim/live", content=f'{{"unused": {number}}}')
    assert first_error(answer) == (400, "Application", "body", "invalid")


def test_nothing_that_is_sent_breaks_the_simulator() -> None:
    began_s = time.monotonic()
    fuzzer = Fuzzer()
    with asyncio.Runner() as runner:
        if not SECONDS:
            explore(runner, fuzzer, 150, 7)
        while time.monotonic() - began_s < SECONDS:
            explore(runner, fuzzer, 200, time.time_ns())
        runner.run(fuzzer.close())
