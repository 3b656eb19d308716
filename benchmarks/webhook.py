"""The webhook under load, against a bare handler that publishes one message to the same bus.

Both run under functions-framework's own server (gunicorn) with the same threads, in turns: on a
laptop's bus under 50 connections, and on the Pub/Sub emulator under 100. Threads of this process
post, which costs both sides the same; the median of the rounds.
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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from paceline.adapters.gcp.pubsub_topology import create_bus
from paceline.cli.emulators.google import pubsub
from paceline.cli.emulators.process import EmulatorMissing, free_port

ROOT = Path(__file__).parents[1]
ROUNDS = 5
PROJECT, PREFIX = "paceline-local", "paceline-benchmark"
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
LAPTOP = {
    "PACELINE_STRAVA_CLIENT_ID": "1",
    "PACELINE_STRAVA_CLIENT_SECRET": "x",
    "PACELINE_VERIFY_TOKEN": "x",
    "PACELINE_WEBHOOK_SECRET": SECRET,
    "THREADS": "16",
}
CLOUD = LAPTOP | {
    "PACELINE_RUNTIME": "gcp",
    "PACELINE_PROJECT": PROJECT,
    "PACELINE_BUCKET": "some-bucket",
    "PACELINE_PREFIX": PREFIX,
    "PACELINE_DATASET_PREFIX": "paceline_benchmark_",
    "PACELINE_SECRETS": ".",
}


@dataclass(frozen=True)
class Load:
    """So many connections at once, each with so many requests, on one bus."""

    bus: str
    bare: str
    connections: int
    requests_each: int
    settings: Mapping[str, str]

    @property
    def targets(self) -> dict[str, Path]:
        return {
            self.bare: ROOT / "benchmarks" / self.bare / "main.py",
            "receive_webhook": ROOT / "functions/receive_webhook/main.py",
        }


ON_A_LAPTOP = Load("a laptop's bus", "bare_webhook", 50, 40, LAPTOP)
ON_PUBSUB = Load("the Pub/Sub emulator", "bare_webhook_pubsub", 100, 20, CLOUD)


@contextmanager
def served(target: str, source: Path, settings: Mapping[str, str], folder: str) -> Iterator[int]:
    """The target under functions-framework; yields its port."""
    port = free_port()
    arguments = ["--target", target, "--source", str(source), "--host", "127.0.0.1"]
    server = subprocess.Popen(
        [str(Path(sys.executable).parent / "functions-framework"), *arguments, "--port", str(port)],
        cwd=folder,
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not listens(port):
            if server.poll() is not None:
                raise RuntimeError(f"{target} did not start")
            time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def latencies_ms(port: int, load: Load) -> list[float]:
    """Every request's latency, from all connections at once."""
    found: list[float] = []
    start = threading.Barrier(load.connections)

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        start.wait()
        for _ in range(load.requests_each):
            began = time.perf_counter()
            connection.request("POST", f"/{SECRET}", BODY, {"content-type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != http.client.OK:
                raise RuntimeError(f"answered {answer.status}")
            found.append((time.perf_counter() - began) * 1_000)
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(load.connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(found) != load.connections * load.requests_each:
        raise RuntimeError("some requests were not answered")
    return found


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


def compare(load: Load) -> None:
    p99s: dict[str, list[float]] = {target: [] for target in load.targets}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            for target, source in load.targets.items():
                with served(target, source, load.settings, folder) as port:
                    latencies_ms(port, load)  # warm
                    p99s[target].append(percentile(latencies_ms(port, load), 0.99))
    bare, webhook = (statistics.median(found) for found in p99s.values())
    where = f"{load.connections} connections, {load.bus}"
    print(f"webhook: {where}: p99 bare {bare:.0f} ms, webhook {webhook:.0f} ms")
    print(f"webhook: {where}: ratio {webhook / bare:.2f} (at most 1.5)")


def main() -> None:
    compare(ON_A_LAPTOP)
    try:
        emulator = pubsub()
    except EmulatorMissing as missing:
        print(f"webhook: NOT MEASURED on Pub/Sub: {missing}")
        return
    with emulator:
        os.environ.update(emulator.env)
        create_bus(PROJECT, PREFIX, {})
        compare(ON_PUBSUB)


if __name__ == "__main__":
    main()
