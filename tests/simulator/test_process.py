"""The program itself: its ready line, its end, and how it bears being used."""

import http.client
import random
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.simulator.harness import ADA
from tests.simulator.process import ENDLESS, REPOSITORY, START, connect, running, started, truth_of


@pytest.fixture(scope="module")
def sim() -> Iterator[httpx.Client]:
    with running("--years", "0.12", "--max-points", "300", *ENDLESS) as http:
        yield http


def signed_in(sim: httpx.Client) -> dict[str, str]:
    return {"Authorization": f"Bearer {connect(sim)['access_token']}"}


def test_the_program_serves_what_its_ready_line_says(sim: httpx.Client) -> None:
    me = sim.get("/athlete", headers=signed_in(sim))
    assert me.json()["id"] == ADA
    assert b"X-Readratelimit-Limit" in dict(me.headers.raw)
    assert sim.get("/_sim").headers["content-type"].startswith("text/html")


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


def test_short_answers_on_one_connection_do_not_wait_for_each_other(sim: httpx.Client) -> None:
    """With Nagle's algorithm each takes the 40 ms of a delayed acknowledgement."""
    connection = http.client.HTTPConnection("127.0.0.1", sim.base_url.port or 0)
    waits_s: list[float] = []
    for _ in range(20):
        began = time.perf_counter()
        connection.request("GET", "/_sim/knobs")
        connection.getresponse().read()
        waits_s.append(time.perf_counter() - began)
    connection.close()
    assert sorted(waits_s)[10] < 0.03


def test_a_history_is_drawn_while_others_are_answered() -> None:
    with running("--years", "4", *ENDLESS) as http:
        drawing = threading.Thread(target=truth_of, args=(http,))
        drawing.start()
        answered = 0
        while drawing.is_alive():
            http.get("/_sim/knobs").raise_for_status()
            answered += 1
        drawing.join()
    assert answered > 10


def test_thousands_of_careless_requests_leave_no_memory_behind() -> None:
    with started("--years", "0.12", "--max-points", "300", *ENDLESS) as (pid, base_url):
        with httpx.Client(base_url=base_url) as sim:
            headers, ids = signed_in(sim), [row["id"] for row in truth_of(sim)]
        connection = http.client.HTTPConnection(urlsplit(base_url).netloc)
        chance = random.Random(7)

        def ask(count: int) -> None:
            for _ in range(count):
                false = {"Authorization": f"Bearer {chance.randbytes(20).hex()}"}
                asked = chance.choice(careless_paths(chance, ids))
                connection.request("GET", asked, headers=chance.choice([headers, headers, false]))
                connection.getresponse().read()

        ask(1_000)
        before_kb = resident_kb(pid)
        ask(1_800)
        assert resident_kb(pid) - before_kb < 400
        connection.close()


def careless_paths(chance: random.Random, ids: list[int]) -> tuple[str, ...]:
    return (
        f"/activities/{chance.choice(ids)}/streams?keys=time,watts",
        f"/athlete/activities?per_page=3&page={chance.randint(1, 99)}",
        f"/activities/{chance.randint(1, 10**12)}",
        f"/gear/b{chance.randint(1, 10**6)}",
        f"/{chance.randbytes(3000).hex()}",
    )


def resident_kb(pid: int) -> int:
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=True)
    return int(shown.stdout)
