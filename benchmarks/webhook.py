"""The webhook under 50 connections, against a bare handler that publishes one message.

Both run under functions-framework's own server with the same threads and the same bus, in turns.
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONNECTIONS, REQUESTS_EACH, ROUNDS = 50, 40, 5
SECRET = "benchmark-webhook-secret"
BODY = json.dumps(
    {
        "object_type": "activity",
        "object_id": 1,
        "aspect_type": "create",
        "owner_id": 2,
        "subscription_id": 3,
        "event_time": 1_790_000_000,
        "updates": {},
    }
)
SETTINGS = {
    "PACELINE_STRAVA_CLIENT_ID": "1",
    "PACELINE_STRAVA_CLIENT_SECRET": "x",
    "PACELINE_VERIFY_TOKEN": "x",
    "PACELINE_WEBHOOK_SECRET": SECRET,
    "THREADS": "16",
}
TARGETS = {
    "bare_webhook": ROOT / "benchmarks/bare_webhook/main.py",
    "receive_webhook": ROOT / "functions/receive_webhook/main.py",
}


@contextmanager
def served(target: str, folder: str) -> Iterator[int]:
    """The target under functions-framework; yields its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    arguments = ["--target", target, "--source", str(TARGETS[target]), "--host", "127.0.0.1"]
    server = subprocess.Popen(
        [str(Path(sys.executable).parent / "functions-framework"), *arguments, "--port", str(port)],
        cwd=folder,
        env=os.environ | SETTINGS,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not listens(port):
            time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def latencies_ms(port: int) -> list[float]:
    """Every request's latency, from all connections at once."""
    found: list[float] = []
    start = threading.Barrier(CONNECTIONS)

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        start.wait()
        for _ in range(REQUESTS_EACH):
            began = time.perf_counter()
            connection.request("POST", f"/{SECRET}", BODY, {"content-type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != http.client.OK:
                raise RuntimeError(f"answered {answer.status}")
            found.append((time.perf_counter() - began) * 1_000)
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


def main() -> None:
    p99s: dict[str, list[float]] = {target: [] for target in TARGETS}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            for target, found in p99s.items():
                with served(target, folder) as port:
                    latencies_ms(port)  # warm
                    found.append(percentile(latencies_ms(port), 0.99))
    bare, webhook = (statistics.median(p99s[target]) for target in TARGETS)
    print(f"webhook: {CONNECTIONS} connections, p99 bare {bare:.1f} ms, webhook {webhook:.1f} ms")
    print(f"webhook: ratio {webhook / bare:.2f} (at most 1.5)")


if __name__ == "__main__":
    main()
