"""What the emulators and the simulator can do by themselves, in events a second.

Each is asked for what one event costs it, with no code of ours between: by as many threads as the
Pub/Sub emulator pushes with at once, and with the machine to itself.
"""

import http.client
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pyarrow as pa
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, firestore, storage
from google.pubsub_v1 import PubsubMessage

from paceline.adapters.gcp.bigquery_rows import Row, rows_of
from paceline.adapters.gcp.firestore import FirestoreState
from paceline.adapters.gcp.pubsub import Names, PubSubPublisher, publisher_client
from paceline.adapters.gcp.pubsub_topology import create_bus
from paceline.cli.emulated import BUCKET, DATASET_PREFIX, PREFIX
from paceline.cli.emulators.bigquery import PROJECT
from paceline.cli.emulators.process import free_port
from paceline.model.event import EventMessage
from paceline.model.landed import decode_landed
from paceline.model.routes import EVENTS, LANDED, SUBSCRIPTIONS
from paceline.ports import Document, Stored, Version
from paceline.runtime.gcp import GcpRuntime
from paceline.steps import fetch_activity, load_silver
from paceline.steps.fetch_streams import STREAM_KEYS
from paceline.warehouse.tables import INGESTED_AT

THREADS, ROUND_S = 2, 6.0
PUSHED_EVENTS = 200
FETCHING, LOADING = ("fetch_activity", "forget_athlete"), ("load_silver",)

# Answers 204 to whatever is pushed, and says when so much of it has come.
EMPTY_HANDLER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
port, wanted = map(int, sys.argv[1:])
seen = 0
class Empty(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        global seen
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()
        seen += 1
        if seen == wanted:
            print("all", flush=True)
    def log_message(self, *_):
        pass
server = ThreadingHTTPServer(("127.0.0.1", port), Empty)
print("ready", flush=True)
server.serve_forever()
"""


class CountedState(FirestoreState):
    """Counts what goes over the wire."""

    counts: Counter[str]

    def get(self, collection: str, doc_id: str) -> Stored | None:
        self.counts["reads"] += 1
        return super().get(collection, doc_id)

    def create(self, collection: str, doc_id: str, data: Document) -> Version:
        self.counts["writes"] += 1
        return super().create(collection, doc_id, data)

    def replace(self, collection: str, doc_id: str, data: Document, version: Version) -> Version:
        self.counts["writes"] += 1
        return super().replace(collection, doc_id, data, version)


class KeptPublisher(PubSubPublisher):
    """Publishes, and keeps what it published."""

    kept: list[bytes]

    def publish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> str:
        self.kept.append(data)
        return super().publish(topic, data, attributes)


@dataclass
class KeptLanding:
    """The port Landing, for whoever wants to see the rows."""

    tables: list[tuple[str, pa.Table]] = field(default_factory=list)

    def append(self, tables: Mapping[str, pa.Table]) -> None:
        self.tables += tables.items()

    def erase(
        self, athlete_id: int, activity_id: int, *, version: int, failed_before: datetime
    ) -> None:
        raise NotImplementedError("Nothing is erased in what is measured.")


@dataclass(frozen=True)
class Cost:
    """What one event asks of each part."""

    reads: int
    writes: int
    message: bytes
    landed: Sequence[bytes]
    objects: Sequence[bytes]
    rows: Mapping[str, Sequence[Row]]


def cost_of(message: EventMessage, runtime: GcpRuntime) -> Cost:
    """Fetch and load one activity here, and look on. The runtime is used up by it."""
    state = CountedState(PROJECT)
    state.counts = Counter()
    publisher = KeptPublisher(PROJECT, PREFIX)
    publisher.kept = []
    runtime.built.update(state=state, pubsub=publisher)
    fetch_activity.run(message, runtime.fetching)
    landing = KeptLanding()
    landed = [decode_landed(data) for data in publisher.kept]
    for each in landed:
        load_silver.run(each, replace(runtime.loading, landing=landing))
    blobs = [runtime.bronze.get(each.bronze_name) for each in landed]
    return Cost(
        reads=state.counts["reads"],
        writes=state.counts["writes"],
        message=message.encode(),
        landed=publisher.kept,
        objects=[blob.data for blob in blobs if blob],
        rows={name: list(rows_of(name, table)) for name, table in landing.tables},
    )


def limits_of_fetching(
    cost: Cost, simulator_port: int, token: str, activities: Sequence[int]
) -> dict[str, float]:
    """Events a second of each part that fetch_activity uses."""
    landed = [(LANDED, data) for data in cost.landed]
    return {
        "simulated Strava": _rate(_strava(simulator_port, token, activities)),
        "Firestore emulator": _rate(_state(cost)),
        "fake-gcs-server": _rate(_stored(cost)),
        # Its filters let all through: whoever forgets is told of every event, too.
        "Pub/Sub emulator": _bus([(EVENTS, cost.message), *landed], FETCHING),
    }


def limits_of_loading(cost: Cost) -> dict[str, float]:
    """Events a second of each part that load_silver uses."""
    return {
        "fake-gcs-server": _rate(_read_back(cost)),
        "local-bigquery": _rate(_warehouse(cost)),
        "Pub/Sub emulator": _bus([(LANDED, data) for data in cost.landed], LOADING),
    }


def _rate(act: Callable[[int], object]) -> float:
    """How often a second, by a few threads for a few seconds, after some warming up."""
    numbers, done = count(), [0] * THREADS
    for _ in range(5):
        act(next(numbers))
    began = time.perf_counter()

    def work(thread: int) -> None:
        while time.perf_counter() - began < ROUND_S:
            act(next(numbers))
            done[thread] += 1

    threads = [threading.Thread(target=work, args=(each,)) for each in range(THREADS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return sum(done) / (time.perf_counter() - began)


def _strava(port: int, token: str, activities: Sequence[int]) -> Callable[[int], object]:
    mine = threading.local()

    def act(number: int) -> None:
        if not hasattr(mine, "connection"):
            mine.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        path = f"/api/v3/activities/{activities[number % len(activities)]}"
        for asked in ("?include_all_efforts=true", f"/streams?key_by_type=true&keys={STREAM_KEYS}"):
            headers = {"Authorization": f"Bearer {token}"}
            mine.connection.request("GET", path + asked, headers=headers)
            answer = mine.connection.getresponse()
            answer.read()
            if answer.status != http.client.OK:
                raise RuntimeError(f"the simulator answered {answer.status}")

    return act


def _state(cost: Cost) -> Callable[[int], object]:
    collection: Any = firestore.Client(project=PROJECT).collection("bare")
    data = {f"field_{number}": "twenty characters ab" for number in range(15)}

    def act(number: int) -> None:
        document = collection.document(str(number))
        for _ in range(cost.writes):
            document.set(data)
        for _ in range(cost.reads):
            document.get()

    return act


def _stored(cost: Cost) -> Callable[[int], object]:
    bucket = _bucket()

    def act(number: int) -> None:
        for index, data in enumerate(cost.objects):
            blob = bucket.blob(f"bare/{number}-{index}")
            blob.upload_from_string(data, "application/gzip", if_generation_match=0)

    return act


def _read_back(cost: Cost) -> Callable[[int], object]:
    """Of those that were stored first."""
    bucket = _bucket()

    def act(_number: int) -> None:
        for index, _ in enumerate(cost.objects):
            bucket.blob(f"bare/0-{index}").download_as_bytes()

    return act


def _bucket() -> Any:
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return storage.Client(project=PROJECT, credentials=nobody).bucket(BUCKET)


def _warehouse(cost: Cost) -> Callable[[int], object]:
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
    client = bigquery.Client(project=PROJECT, credentials=nobody)
    now = datetime.now(UTC).isoformat()

    def act(number: int) -> None:
        for name, rows in cost.rows.items():
            layer, _, table = name.partition(".")
            path = f"{PROJECT}.{DATASET_PREFIX}{layer}.{table}"
            ids = [f"{number}-{row.row_id}" for row in rows]
            stamped = [{INGESTED_AT: now, **row.values} for row in rows]
            if client.insert_rows_json(path, stamped, row_ids=ids):
                raise RuntimeError(f"the stand-in refused rows of {name}")

    return act


def _bus(messages: Sequence[tuple[str, bytes]], steps: Sequence[str]) -> float:
    """Published by one thread, and pushed to whom ours are pushed: to a handler that is empty."""
    prefix = f"paceline-bare-{len(steps)}"
    names, publisher = Names(PROJECT, prefix), publisher_client()
    topics = Counter(topic for topic, _ in messages)
    pushes = sum(topics[each.topic] for each in SUBSCRIPTIONS if each.name in steps)
    with _empty_handler(PUSHED_EVENTS * pushes) as (url, wait), publisher:
        create_bus(PROJECT, prefix, {step: f"{url}/{step}" for step in steps})
        began = time.perf_counter()
        for _ in range(PUSHED_EVENTS):
            for topic, data in messages:
                publisher.publish(topic=names.topic(topic), messages=[PubsubMessage(data=data)])
        wait()
        return PUSHED_EVENTS / (time.perf_counter() - began)


@contextmanager
def _empty_handler(wanted: int) -> Iterator[tuple[str, Callable[[], object]]]:
    port = free_port()
    command = [sys.executable, "-c", EMPTY_HANDLER, str(port), str(wanted)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as handler:
        assert handler.stdout is not None
        handler.stdout.readline()
        try:
            yield f"http://127.0.0.1:{port}", handler.stdout.readline
        finally:
            handler.terminate()
