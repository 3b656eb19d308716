"""Events through fetch_activity, then load_silver, a minute each, and what the emulators can do.

All on this machine: the simulated Strava, the emulators of Google's services, and the functions
behind one port, which the Pub/Sub emulator pushes to. 200 events a second are published, as long as
few enough wait, each of an activity that was never fetched. What they bring waits in Pub/Sub, and
is loaded in the second minute. Then each part by itself is asked for what one event costs it.
`python benchmarks/throughput.py 20` takes 20 seconds instead of the minutes.
"""

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

if __name__ == "__main__":  # or `import simulator` would find the benchmark of that name
    sys.path[0] = str(Path(__file__).parents[1])

from google.pubsub_v1 import PushConfig

from benchmarks.emulated.limits import FETCHING, cost_of, limits_of_fetching, limits_of_loading
from paceline.adapters.gcp.pubsub import Names
from paceline.adapters.gcp.pubsub_dead_letters import subscriber_client
from paceline.adapters.gcp.pubsub_topology import create_bus
from paceline.cli.emulated import PREFIX, EmulatedRehearsal
from paceline.cli.emulators.bigquery import PROJECT
from paceline.cli.emulators.process import EmulatorMissing, free_port
from paceline.model.event import Event, EventMessage
from paceline.model.routes import EVENTS

ROOT = Path(__file__).parents[1]
LOADED_S = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
WARM_UP_S, DRAINED_WITHIN_S = 15.0, 120.0
OFFERED_A_SECOND, MOST_WAITING = 200, 60
POINTS = 300
WORLD = ("--athletes", "4", "--years", "4", "--max-points", str(POINTS))
NEVER_S = "86400"
BY_ITSELF = {f"PACELINE_{name}_S": NEVER_S for name in ("TICK", "RECONCILE", "REFRESH")}


class FetchingFirst(EmulatedRehearsal):
    """What landed waits until somebody says that it be loaded."""

    def create_bus(self) -> None:
        service = self.url("paceline")
        create_bus(PROJECT, PREFIX, {step: f"{service}/{step}/" for step in FETCHING})

    def begin_loading(self) -> None:
        endpoint = PushConfig(push_endpoint=f"{self.url('paceline')}/load_silver/")
        subscription = Names(PROJECT, PREFIX).subscription("load_silver")
        with subscriber_client() as subscriber:
            subscriber.modify_push_config(subscription=subscription, push_config=endpoint)


@dataclass
class Progress:
    """What the functions have written into their log."""

    log: Path
    outcomes: Counter[str] = field(default_factory=Counter)
    _read: int = 0

    def fetched(self) -> int:
        self._look()
        return self.outcomes["fetch_activity fetched"]

    def loaded(self) -> float:
        """Of each event two objects."""
        self._look()
        return self.outcomes["load_silver loaded"] / 2

    def troubles(self) -> int:
        known = {"fetched", "loaded", "not_ours", "handshake"}
        return sum(n for name, n in self.outcomes.items() if name.split()[1] not in known)

    def _look(self) -> None:
        with self.log.open("rb") as lines:
            lines.seek(self._read)
            new = lines.read()
        new = new[: new.rfind(b"\n") + 1]
        self._read += len(new)
        for line in new.splitlines():
            said = json.loads(line) if line.startswith(b"{") else {"step": "reconcile"}
            if said["step"] in {"fetch_activity", "load_silver", "forget_athlete"}:
                self.outcomes[f"{said['step']} {said['outcome']}"] += 1


@dataclass
class Offer:
    """Events of activities that nobody fetched yet, never more than a few of them waiting."""

    world: EmulatedRehearsal
    messages: Iterator[EventMessage]
    progress: Progress
    sent: int = 0

    def go_on(self, seconds: float) -> None:
        began, sent_before = time.perf_counter(), self.sent
        while (passed_s := time.perf_counter() - began) < seconds:
            waiting = self.sent - self.progress.fetched()
            due = int(passed_s * OFFERED_A_SECOND) - (self.sent - sent_before)
            self.send(min(due, MOST_WAITING - waiting))
            time.sleep(0.02)

    def send(self, count: int) -> None:
        for message in islice(self.messages, max(0, count)):
            publisher = self.world.runtime.publisher
            publisher.publish(EVENTS, message.encode(), message.attributes())
            self.sent += 1

    def drain(self) -> None:
        deadline = time.monotonic() + DRAINED_WITHIN_S
        while self.progress.fetched() < self.sent:
            self.world.processes.alive_before(deadline)
            time.sleep(0.1)


@dataclass(frozen=True)
class Pace:
    """Events a second, and the memory that the functions had before and after."""

    rate: float
    before_mb: float
    after_mb: float


def paced(
    world: EmulatedRehearsal, through: Callable[[], float], go_on: Callable[[float], None]
) -> Pace:
    """After warming up."""
    go_on(WARM_UP_S)
    before_mb, before, began = resident_mb(world), through(), time.perf_counter()
    go_on(LOADED_S)
    rate = (through() - before) / (time.perf_counter() - began)
    return Pace(rate, before_mb, resident_mb(world))


def message_of(athlete_id: int, activity_id: int) -> EventMessage:
    now = datetime.now(UTC)
    event = Event("activity", activity_id, "create", athlete_id, 1, int(now.timestamp()))
    return EventMessage(event, now, f"benchmark-{activity_id}")


def recorded(world: EmulatedRehearsal, athletes: Sequence[int]) -> list[tuple[int, int]]:
    """Athlete and activity, of those that have streams."""
    rows = [
        row
        for athlete_id in athletes
        for row in world.admin("GET", f"truth?athlete_id={athlete_id}")
    ]
    return [(row["athlete_id"], row["id"]) for row in rows if row["has_streams"]]


def resident_mb(world: EmulatedRehearsal) -> float:
    status = Path(f"/proc/{world.processes.running['paceline'].pid}/status").read_text()
    (kilobytes,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kilobytes) / 1024


def measure(world: FetchingFirst) -> None:
    world.start_simulator()
    world.start_service()
    activities = recorded(world, world.connect())
    first, *rest = activities
    cost = cost_of(message_of(*first), world.make_runtime())
    progress = Progress(world.home / "logs/paceline.log")
    offer = Offer(world, (message_of(*each) for each in rest), progress)
    fetching = paced(world, progress.fetched, offer.go_on)
    offer.drain()
    world.begin_loading()
    loading = paced(world, progress.loaded, time.sleep)
    print(f"throughput: {offer.sent} events were sent, at most {OFFERED_A_SECOND}/s;", end=" ")
    print(f"{progress.fetched()} fetched; {progress.troubles()} deliveries had trouble")
    print(f"throughput: an event, of {POINTS} points, is two calls of Strava,", end=" ")
    print(f"{cost.reads} reads and {cost.writes} writes of state, {len(cost.objects)} objects,")
    print(f"throughput: {len(cost.rows)} inserts, {1 + len(cost.landed)} messages")
    token = world.runtime.vault.access_token(first[0])
    own = [activity for athlete, activity in activities if athlete == first[0]]
    simulator = world.ports["simulator"]
    report("fetch_activity", fetching, limits_of_fetching(cost, simulator, token, own))
    report("load_silver", loading, limits_of_loading(cost))


def report(step: str, pace: Pace, found: dict[str, float]) -> None:
    print(f"throughput: {step} {pace.rate:.1f} events/s for {LOADED_S:.0f} s,", end=" ")
    print(f"resident {pace.before_mb:.0f} MB before, {pace.after_mb:.0f} MB after; by itself")
    for name, rate in sorted(found.items(), key=lambda each: each[1]):
        print(f"throughput:   {name} {rate:.1f} events/s")
    together = 1 / sum(1 / rate for rate in found.values())
    slowest = min(found, key=lambda name: found[name])
    print(
        f"throughput: {step}: {slowest} is the limit; all of them in turn on these cores", end=" "
    )
    print(f"{together:.1f} events/s; ratio of that to ours {together / pace.rate:.2f}")


def main() -> None:
    ports = {name: free_port() for name in ("simulator", "paceline", "dashboard")}
    with tempfile.TemporaryDirectory() as home:
        try:
            world = FetchingFirst(ROOT, Path(home), WORLD, BY_ITSELF, ports)
            _ = world.emulators
        except EmulatorMissing as missing:
            print(f"throughput: NOT MEASURED: {missing}")
            return
        try:
            measure(world)
        finally:
            world.close()


if __name__ == "__main__":
    main()
