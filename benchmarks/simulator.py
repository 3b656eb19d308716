"""The simulated Strava under load: stream sets a second, how long it is deaf, and its memory.

The simulator is a process of its own; this one is the other end of a few keep-alive connections.
`python benchmarks/simulator.py 100000` sends that many mixed requests for the last part.
"""

import http.client
import json
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).parents[1]
CONNECTIONS, ROUNDS, ROUND_S = 4, 5, 1.5
POINTS = 3_600
SETTLED = 20
MIXED, WARM_UP, FALSE_TOKENS = 10_000, 5_000, 10
ADA, BEN = 4_200_001, 4_200_002
KEYS = (
    "time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts,temp,moving,grade_smooth"
)
CLIENT = {"client_id": "12345", "client_secret": "simulated-secret"}
ENDLESS = "1000000000,1000000000"
SIMULATOR = [
    sys.executable, "-m", "simulator", "--exit-with-parent", "--port", "0",
    "--read-limits", ENDLESS, "--overall-limits", ENDLESS,
]  # fmt: skip
BARE = [sys.executable, str(ROOT / "benchmarks/bare_asgi/main.py")]


@contextmanager
def served(command: list[str]) -> Iterator[tuple[int, int]]:
    """The command until the block ends; yields its process id and port."""
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline().strip()
            yield process.pid, int(ready.rpartition(":")[2].rstrip('"}'))
        finally:
            process.terminate()


class Api:
    """One keep-alive connection, signed in."""

    def __init__(self, port: int, athlete_id: int = ADA) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        clicked = self.post("/_sim/authorize", json.dumps({"athlete_id": athlete_id}))
        form = CLIENT | {"grant_type": "authorization_code", "code": clicked["code"]}
        self.token: str = self.post("/oauth/token", urlencode(form))["access_token"]

    def get(self, path: str, token: str | None = None) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        self._connection.request("GET", path, headers=headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def post(self, path: str, body: str) -> Any:
        kind = "application/json" if body[0] == "{" else "application/x-www-form-urlencoded"
        self._connection.request("POST", path, body, {"Content-Type": kind})
        return json.loads(self._connection.getresponse().read())

    def close(self) -> None:
        self._connection.close()


def answers_a_second(port: int, path: str, token: str) -> float:
    """From a few connections, each asking again as soon as it has its answer."""
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    counts: list[int] = []
    until = time.perf_counter() + ROUND_S

    def ask() -> None:
        buffer = bytearray(1 << 20)
        count = 0
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while time.perf_counter() < until:
                connection.sendall(request)
                got = connection.recv_into(buffer)
                head, _, _ = bytes(buffer[:1000]).partition(b"\r\n\r\n")
                if not head.startswith(b"HTTP/1.1 200"):
                    raise RuntimeError(head.decode())
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
                missing = len(head) + 4 + length - got
                while missing:
                    missing -= connection.recv_into(buffer)
                count += 1
        counts.append(count)

    began = time.perf_counter()
    in_threads(ask, CONNECTIONS)
    return sum(counts) / (time.perf_counter() - began)


def in_threads(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def full_ride(api: Api) -> str:
    """The path of all eleven streams of an hour's ride."""
    rows = json.loads(api.get(f"/_sim/truth?athlete_id={ADA}")[1])
    row = min(
        (row for row in rows if row["sport_type"] == "Ride"),
        key=lambda row: abs(row["stream_points"] - POINTS),
    )
    return f"/api/v3/activities/{row['id']}/streams?key_by_type=true&keys={KEYS}"


def throughput(folder: Path) -> None:
    with served([*SIMULATOR, "--years", "1"]) as (_, port):
        api = Api(port)
        path = full_ride(api)
        body = api.get(path)[1]
        stored = folder / "streams.json"
        stored.write_bytes(body)
        rates: dict[str, list[float]] = {"bare": [], "simulator": []}
        with served([*BARE, str(stored)]) as (_, bare_port):
            ports = {"bare": bare_port, "simulator": port}
            began, used_s = time.perf_counter(), time.process_time()
            for _ in range(ROUNDS):
                for name, found in rates.items():
                    found.append(answers_a_second(ports[name], path, api.token))
            own_share = (time.process_time() - used_s) / (time.perf_counter() - began)
    bare, simulator = (statistics.median(rates[name]) for name in ("bare", "simulator"))
    ratio = statistics.median(b / s for b, s in zip(*rates.values(), strict=True))
    points, size_mb = len(json.loads(body)["time"]["data"]), len(body) / 1e6
    print(f"simulator: {points} points of 11 streams, {size_mb:.2f} MB, {CONNECTIONS} connections")
    for name, rate in (("bare ASGI app", bare), ("simulator", simulator)):
        print(f"simulator: {name} {rate:.0f} answers/s, {rate * size_mb:.0f} MB/s")
    print(f"simulator: the client used {own_share:.0%} of one core")
    print(f"simulator: ratio {ratio:.2f} (at most 1.5, or 500 answers/s)")


def deafness() -> None:
    """The longest that a small request waited while others made the simulator work."""
    with served([*SIMULATOR, "--athletes", "2"]) as (_, port):
        api = Api(port)
        print(f"simulator: idle, a request waits at most {longest_wait_ms(port, sleep):.0f} ms")
        drawn = longest_wait_ms(port, lambda: api.get("/api/v3/athlete"))
        print(f"simulator: while a history is drawn {drawn:.0f} ms")
        rows = json.loads(api.get(f"/_sim/truth?athlete_id={ADA}")[1])
        paths = [f"/api/v3/activities/{row['id']}" for row in rows if row["has_streams"]][:50]
        details = longest_wait_ms(port, lambda: [api.get(path) for path in paths])
        streams = longest_wait_ms(
            port, lambda: [api.get(f"{p}/streams?keys={KEYS}") for p in paths]
        )
        print(f"simulator: while 50 details are made {details:.0f} ms, streams {streams:.0f} ms")


def longest_wait_ms(port: int, work: Callable[[], object]) -> float:
    waits_s: list[float] = []
    finished = threading.Event()

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while not finished.is_set():
            began = time.perf_counter()
            connection.request("GET", "/_sim/knobs")
            connection.getresponse().read()
            waits_s.append(time.perf_counter() - began)
        connection.close()

    asking = threading.Thread(target=ask)
    asking.start()
    while len(waits_s) < SETTLED:
        time.sleep(0.01)
    before = len(waits_s)
    work()
    finished.set()
    asking.join()
    return max(waits_s[before:]) * 1_000


def sleep() -> None:
    time.sleep(0.5)


def memory(count: int) -> None:
    """What a careless client may send, long enough for a leak to show."""
    with served([*SIMULATOR, "--years", "1", "--max-points", "300", "--athletes", "2"]) as (
        pid,
        port,
    ):
        api = Api(port)
        rows = json.loads(api.get(f"/_sim/truth?athlete_id={ADA}")[1])
        ids = [row["id"] for row in rows]
        chance = random.Random(7)
        for _ in range(WARM_UP):
            ask_anything(api, ids, chance)
        before_mb, began = rss_mb(pid), time.perf_counter()
        for _ in range(count):
            ask_anything(api, ids, chance)
        rate = count / (time.perf_counter() - began)
        print(
            f"simulator: {count:,} mixed requests ({rate:.0f}/s), "
            f"resident {before_mb:.1f} MB before, {rss_mb(pid):.1f} MB after"
        )


def ask_anything(api: Api, ids: list[int], chance: random.Random) -> None:
    activity = f"/api/v3/activities/{chance.choice(ids)}"
    paths = (
        f"/api/v3/athlete/activities?page={chance.randint(1, 9)}",
        f"/athlete/activities?per_page=10&after={chance.randint(10**9, 17 * 10**8)}",
        activity,
        activity,
        f"{activity}/streams?keys={KEYS}&key_by_type=true",
        f"{activity}/laps",
        f"/api/v3/activities/{chance.randint(1, 10**12)}",
        f"/api/v3/gear/b{chance.randint(1, 10**6)}",
        f"/{chance.randbytes(6).hex()}/{chance.randint(1, 10**6)}",
        f"/_sim/{chance.randbytes(6).hex()}",
    )
    kind = chance.randrange(100)
    if kind == 0:
        Api(api.port, chance.choice((ADA, BEN))).close()
    elif kind == 1:
        api.post("/oauth/token", urlencode(CLIENT | {"code": chance.randbytes(20).hex()}))
    else:
        token = chance.randbytes(20).hex() if kind < FALSE_TOKENS else api.token
        api.get(chance.choice(paths), token)


def rss_mb(pid: int) -> float:
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=True)
    return int(shown.stdout) / 1024


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        throughput(Path(folder))
    deafness()
    memory(int(sys.argv[1]) if len(sys.argv) > 1 else MIXED)


if __name__ == "__main__":
    main()
