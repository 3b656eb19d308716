"""The fire test: everything that may go wrong at Strava and here goes wrong, for some hours.

`make fire SEED=7` is the full size; a tenth of it is in test_fire.py. Choices follow from the seed;
timing does not, so a run differs from the next of the same seed in what a kill hits.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from paceline.cli.rehearsal import Rehearsal
from paceline.model.routes import SUBSCRIPTIONS
from paceline.steps import backfill
from paceline.steps.compared import COLLECTION
from paceline.steps.fetch_activity import KEPT
from paceline.steps.reconcile import Reconciling
from tests.chaos.fire_arson import LONGEST_LAG_S, Arson
from tests.chaos.fire_people import Deliveries, People
from tests.chaos.fire_verdict import Report, judge, untold_faults
from tests.e2e.commands import paceline

# ruff: noqa: T201 - a driver prints

ROOT = Path(__file__).parents[2]

SPEED = 60  # a quarter of an hour in 15 s
BEGINS = "2026-03-10T18:18:00Z"
# Then tokens are about to expire, and the day of the quota ends half an hour later.
FIRST_HOURS = 5.2
HOUR_S, WEEK_S = 3_600.0, 7 * 86_400.0
# Sees no private activity: what is hidden is deleted for it, and created when it is shown.
FEW_SCOPES = "read,activity:read"

SETTINGS = {
    "PACELINE_LEASE_S": "360",  # six real seconds
    "PACELINE_TICK_S": "0.3",
    "PACELINE_REFRESH_S": "0.5",
    "PACELINE_RECONCILE_S": "2",
}
LOOK_EVERY = 60  # actions
DRAINED_WITHIN_S, SETTLED_WITHIN_S = 900.0, 300.0
PATIENCE_S = 20.0  # for work that is parked, until an hour passes
MOST_ROUNDS = 10


@dataclass(frozen=True)
class Size:
    events: int
    kills: int
    athletes: int
    years: float
    actions_per_s: float
    reads: str  # in a quarter of an hour, and in a day


FULL = Size(5_000, 100, 6, 0.5, 8.0, "240,20000")
TENTH = Size(500, 10, 3, 0.1, 8.0, "150,20000")


class Fire:
    """One run, from the first start to the verdict."""

    def __init__(self, size: Size, seed: int, home: Path) -> None:
        self.size = size
        self.chance = Random(seed)
        flags = ["--seed", str(seed), "--athletes", str(size.athletes), "--years", str(size.years)]
        flags += ["--max-points", "60", "--now", BEGINS, "--rotation", "always"]
        flags += ["--read-limits", size.reads, "--overall-limits", size.reads]
        # A service that is killed gives its port up for a moment: nobody else may look for it.
        first = 10_000 + 10 * (os.getpid() % 2_000)
        ports = {"simulator": first, "paceline": first + 1, "dashboard": first + 2}
        self.world = Rehearsal(ROOT, home, flags, SETTINGS, ports)
        self.report = Report(seed)
        self.deliveries = Deliveries(self.world)

    def run(self) -> Report:
        began = time.monotonic()
        try:
            self._start()
            self._burn()
            self._arrive()
            self._reconcile()
            self._sweep()
            self._say("comparing")
            judge(self.world, self.few, self.report)
        finally:
            self.world.close()
        self.report.seconds = time.monotonic() - began
        return self.report

    def _start(self) -> None:
        world = self.world
        world.start_simulator()
        world.move_clock(0, speed=SPEED)
        world.start_service()
        athletes = [each["id"] for each in world.admin("GET", "athletes")]
        self.few = athletes[0]
        scopes = {self.few: FEW_SCOPES}
        world.subscribe()
        for athlete_id in athletes:
            world.connect_athlete(athlete_id, scopes.get(athlete_id, ""))
        self._later(FIRST_HOURS * HOUR_S)
        self.people = People(world, self.chance)
        self.arson = Arson(world, self.chance, scopes, self.report)

    def _burn(self) -> None:
        arson, people, size = self.arson, self.people, self.size
        arson.plan(size.events, size.kills)
        began, actions = time.monotonic(), 0
        while people.queued < size.events:
            arson.until(people.queued)
            people.act()
            actions += 1
            if actions % LOOK_EVERY == 0:
                self.deliveries.look()
                arson.reconnect()
                self._say(f"{people.queued} events, {self.report.kills} kills")
            time.sleep(max(0.0, began + actions / size.actions_per_s - time.monotonic()))
        arson.finish()
        self.report.events, self.report.silent = people.queued, people.silent

    def _arrive(self) -> None:
        """The rest arrives; then whatever an accepted event told is here, before any reconcile."""
        self._later(HOUR_S)
        self._drain()
        world, people = self.world, self.people
        self.deliveries.look()
        self.report.delivery = world.events()
        untold = self.deliveries.untold(people.changes)
        self.report.untold = len(untold)
        excused = (
            untold
            | self.deliveries.gone_while_young(people.uploaded_s, LONGEST_LAG_S)
            | self.arson.hidden(people.uploaded_s)
            | self.arson.while_erasing(people.changes, people.owners)
        )
        faults = self._until_none(lambda: untold_faults(world, self.few, excused))
        self.report.faults += [f"although we were told: {fault}" for fault in faults]
        self._say(f"{len(untold)} activities changed without our being told")

    def _reconcile(self) -> None:
        """A week later the service compares whole histories, and heals until nothing differs."""
        self._later(WEEK_S)
        use = self.world.runtime.reconciling
        began_at = self.world.runtime.clock.now()
        self._until_none(lambda: _not_compared_since(began_at, use))
        self._say("the service has compared")
        self._drain()
        for _ in range(MOST_ROUNDS):
            answer = paceline(self.world, "reconcile", "--full")
            said = answer.stdout + answer.stderr
            self._drain()
            self._say(said)
            if said.count(" 0 missing, 0 changed, 0 gone.") == self.size.athletes:
                break
            self._later(HOUR_S / 4)  # whoever was left for later waits for reads
        else:
            self.report.faults.append(f"reconcile does not come to an end: {said}")

    def _sweep(self) -> None:
        """Hours later what is gone has left bronze and landing."""
        self._later(KEPT / timedelta(seconds=1))
        ledger, clock = self.world.runtime.ledger, self.world.runtime.clock
        left = self._until_none(lambda: [str(i) for i, _ in ledger.to_erase(clock.now(), 1)])
        self.report.faults += [f"{each} is not swept" for each in left]
        self._drain()

    def _drain(self) -> None:
        """Until nothing waits anywhere; what waits for long gets its time."""
        deadline, patience = time.monotonic() + DRAINED_WITHIN_S, time.monotonic() + PATIENCE_S
        while waiting := _waiting(self.world):
            self.world.processes.alive("paceline")
            if time.monotonic() > deadline:
                self.report.faults.append(f"waits for ever: {waiting}")
                return
            self.arson.reconnect()
            if dead := self.world.dead_letters():
                self.report.dead_letters += len(dead)
                for each in SUBSCRIPTIONS:  # activities that failed are left to reconcile
                    self.world.runtime.bus.replay(each.name)
            if time.monotonic() > patience:
                self._say(f"an hour passes: {waiting}")
                self._later(HOUR_S)
                patience = time.monotonic() + PATIENCE_S
            time.sleep(0.2)

    def _later(self, seconds: float) -> None:
        """Nobody of us is there while the clock is moved."""
        self.world.processes.kill("paceline")
        self.world.move_clock(seconds, speed=SPEED)
        self.world.start_service()

    def _until_none(self, look: Callable[[], list[str]]) -> list[str]:
        """What is still found when time is up."""
        deadline = time.monotonic() + SETTLED_WITHIN_S
        while (found := look()) and time.monotonic() < deadline:
            self.world.processes.alive("paceline")
            time.sleep(0.3)
        return found

    def _say(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def _waiting(world: Rehearsal) -> dict[str, int]:
    """What is under way, by name; empty when all is done."""
    runtime = world.runtime
    counts = {each.name: runtime.bus.backlog(each.name) for each in SUBSCRIPTIONS}
    counts["events"] = world.events()["pending"]
    counts["parked"] = runtime.ledger.counts()["parked"]
    counts["listing"] = len(backfill.unfinished(runtime.backfilling))
    counts["spooled"] = sum(1 for _ in runtime.bronze.names("spool/"))
    counts["dead"] = len(world.dead_letters())
    counts["lost athletes"] = sum(each.status != "active" for each in runtime.vault.athletes())
    return {name: count for name, count in counts.items() if count}


def _not_compared_since(moment: datetime, use: Reconciling) -> list[str]:
    done = {each.id: each.data["last"] or "" for each in use.state.query(COLLECTION)}
    return [
        str(each.athlete_id)
        for each in use.vault.athletes()
        if done.get(str(each.athlete_id), "") < moment.isoformat()
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--tenth", action="store_true", help="a tenth of the size")
    parser.add_argument("--home", type=Path, help="keep stores and logs in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="paceline-fire-") as folder:
        home = arguments.home or Path(folder)
        report = Fire(TENTH if arguments.tenth else FULL, arguments.seed, home).run()
    print(report)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
