"""Two processes refresh one rotating token at once: one exchange each time, and nobody is lost."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from paceline.adapters.local.sqlite import Database
from tests.contract.refresher import Pauses, ShiftedClock, vault_over

ROOT = Path(__file__).parents[2]
ROUNDS, SIX_HOURS_S = 200, 6 * 3_600
SIMULATOR = ["simulator", "--port", "0", "--years", "0.1", "--exit-with-parent"]


@contextmanager
def child(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process of ours that ends with its standard input."""
    with subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(10)


@pytest.fixture
def strava() -> Iterator[httpx.Client]:
    with child(*SIMULATOR, "--rotation", "always") as process:
        assert process.stdout
        base_url = json.loads(process.stdout.readline())["base_url"]
        with httpx.Client(base_url=base_url) as client:
            yield client


def connect(strava: httpx.Client, folder: Path) -> int:
    athlete_id = int(strava.get("/_sim/athletes").json()[0]["id"])
    code = strava.post("/_sim/authorize", json={"athlete_id": athlete_id}).json()["code"]
    with Database(folder / "state.sqlite") as database:
        vault = vault_over(database, str(strava.base_url).rstrip("/"), ShiftedClock(), Pauses())
        vault.connect(vault._oauth.exchange(code))
    return athlete_id


def exchanges(strava: httpx.Client) -> int:
    rows = strava.get("/_sim/requests").json()["requests"]
    asked = [row for row in rows if (row["method"], row["route"]) == ("POST", "/oauth/token")]
    assert {row["status"] for row in asked} == {200}, "a dead refresh token was used"
    return sum(row["count"] for row in asked)


def ask_all(workers: list[subprocess.Popen[str]], ahead_s: float) -> list[dict[str, Any]]:
    for worker in workers:
        assert worker.stdin
        worker.stdin.write(f"{ahead_s}\n")
        worker.stdin.flush()
    pipes: list[IO[str]] = [worker.stdout for worker in workers if worker.stdout]
    return [json.loads(pipe.readline()) for pipe in pipes]


def test_two_processes_make_one_exchange_in_each_of_200_rounds(
    strava: httpx.Client, tmp_path: Path
) -> None:
    athlete_id = connect(strava, tmp_path)
    before = exchanges(strava)
    arguments = (str(tmp_path), str(strava.base_url).rstrip("/"), str(athlete_id))
    tokens: list[str] = []
    with ExitStack() as stack:
        workers = [
            stack.enter_context(child("tests.contract.refresher", *arguments)) for _ in range(2)
        ]
        for number in range(1, ROUNDS + 1):
            now_s = strava.post("/_sim/clock", json={"seconds": SIX_HOURS_S}).json()["now_s"]
            answers = ask_all(workers, now_s - time.time())

            assert [answer["error"] for answer in answers] == [None, None]
            assert answers[0]["token"] == answers[1]["token"]
            assert exchanges(strava) - before == number
            tokens.append(answers[0]["token"])
    assert len(set(tokens)) == ROUNDS
    assert sum(answer["looks"] for answer in answers) >= ROUNDS // 4, "they hardly ever met"
