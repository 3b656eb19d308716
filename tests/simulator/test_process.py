"""The program itself: its ready line, its end, and stravalib as an independent reader."""

import json
import socket
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.simulator.harness import ADA, CLIENT

START = [sys.executable, "-m", "simulator", "--exit-with-parent"]
SMALL_WORLD = ["--port", "0", "--years", "0.12", "--max-points", "300"]
REPOSITORY = Path(__file__).parents[2]
STRAVA = "https://www.strava.com"


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with subprocess.Popen(
        START + SMALL_WORLD,
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["ready"] is True
        yield ready["base_url"]
        process.stdin.close()
        assert process.wait(timeout=5) == 0
        assert process.stdout.read() == ""


def access_token(base_url: str) -> str:
    code = httpx.post(f"{base_url}/_sim/authorize", json={"athlete_id": ADA}).json()["code"]
    form = CLIENT | {"grant_type": "authorization_code", "code": code}
    token = httpx.post(f"{base_url}/oauth/token", data=form).json()["access_token"]
    return str(token)


class ToSimulator(HTTPAdapter):
    """Sends what is meant for Strava to the simulator."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        assert request.url is not None
        request.url = request.url.replace(STRAVA, self._base_url, 1)
        return super().send(request, *args, **kwargs)


def test_the_program_serves_what_its_ready_line_says(base_url: str) -> None:
    token = access_token(base_url)
    me = httpx.get(f"{base_url}/athlete", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["id"] == ADA
    assert b"X-Readratelimit-Limit" in dict(me.headers.raw)
    assert "Latest activities" in httpx.get(f"{base_url}/_sim").text


def test_a_taken_port_ends_with_two_and_a_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        ended = subprocess.run(
            [*START, "--port", str(port)],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    assert ended.returncode == 2
    assert f"127.0.0.1:{port}" in ended.stderr
    assert ended.stdout == ""


def test_stravalib_reads_lists_details_and_streams(base_url: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from stravalib import Client  # noqa: PLC0415 - its import alters warning filters

        session = requests.Session()
        session.mount(STRAVA, ToSimulator(base_url))
        client: Any = Client(
            access_token=access_token(base_url), rate_limit_requests=False, requests_session=session
        )
        truth = httpx.get(f"{base_url}/_sim/truth").json()
        listed = list(client.get_activities())
        assert [row.id for row in listed] == [row["id"] for row in truth]
        for row in [row for row in truth if row["has_streams"]][:8]:
            detail = client.get_activity(row["id"])
            assert float(detail.distance) == row["distance"]
            assert detail.sport_type.root == row["sport_type"]
            streams = client.get_activity_streams(row["id"])
            assert len(streams["time"].data) == row["stream_points"]
        assert client.get_athlete().bikes
        assert client.get_athlete_stats(ADA).all_ride_totals is not None
        client.get_gear(client.get_athlete().shoes[0].id)
        session.close()
