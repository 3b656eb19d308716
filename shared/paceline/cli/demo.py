"""`paceline demo`: the whole system on this machine, against a simulated Strava, no account.

`show` runs until Ctrl-C. `check` does the same bounded and headless, compares the marts with what
the simulator holds, and says whether they agree.
"""

import json
import os
import shutil
import signal
import sys
import tempfile
import time
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from paceline.cli.processes import Processes, free_port
from paceline.cli.truth import differences
from paceline.ledger import Ledger
from paceline.runtime.local import LocalRuntime
from paceline.runtime.settings import Settings
from paceline.steps import backfill, connect_athlete

WANTED_PORTS = {"simulator": 8322, "paceline": 8321, "dashboard": 8501}

SHOW_YEARS, CHECK_YEARS = 4, 1
LIVE_EVERY_S = 4.0
CHECK_EVENTS = 40
CHECK_WITHIN_S = 60


@dataclass
class Demo:
    """One run: where things live and which ports they have."""

    root: Path
    seed: int
    years: int | None
    ports: dict[str, int] = field(default_factory=dict)

    def take_ports(self) -> None:
        taken: set[int] = set()
        for name, wanted in WANTED_PORTS.items():
            self.ports[name] = free_port(wanted, taken)
            if self.ports[name] != wanted:
                print(f"Port {wanted} is taken; {name} uses {self.ports[name]}.")

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def settings(self, home: Path) -> dict[str, str]:
        simulator = self.url("simulator")
        return {
            "PACELINE_HOME": str(home),
            "PACELINE_ROOT": str(self.root),
            "PACELINE_PORT": str(self.ports["paceline"]),
            "PACELINE_STRAVA_API_BASE": f"{simulator}/api/v3",
            "PACELINE_STRAVA_OAUTH_BASE": f"{simulator}/oauth",
            "PACELINE_STRAVA_CLIENT_ID": "12345",
            "PACELINE_STRAVA_CLIENT_SECRET": "simulated-secret",
            "PACELINE_VERIFY_TOKEN": "demo-verify-token",
            "PACELINE_WEBHOOK_SECRET": "demo-webhook-secret-0123456789",
            "PACELINE_TICK_S": "0.5",
            "PACELINE_REFRESH_S": "1",
            "PACELINE_LEASE_S": "10",
        }

    def simulator(self, method: str, path: str, body: Any = None) -> Any:
        """Call the simulator's admin API."""
        request = urllib.request.Request(  # noqa: S310 - an address of our own making
            f"{self.url('simulator')}/_sim/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return json.load(response)


@dataclass
class Running:
    """A demo that has started: its processes, and our own hands on its stores."""

    demo: Demo
    processes: Processes
    runtime: LocalRuntime

    @property
    def ledger(self) -> Ledger:
        return self.runtime.ledger


def show(demo: Demo) -> int:
    home = demo.root / ".paceline" / "demo"
    shutil.rmtree(home, ignore_errors=True)  # the simulated world begins anew, so do we
    demo.years = demo.years or SHOW_YEARS
    with _running(demo, home) as running:
        _start_dashboard(running)
        _import_history(running)
        running.demo.simulator("POST", "live", {"every_s": LIVE_EVERY_S})
        _show_table(running)
        _watch(running)
    return 0


def check(demo: Demo) -> int:
    demo.years = demo.years or CHECK_YEARS
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="paceline-") as folder,
        _running(demo, Path(folder)) as running,
    ):
        _start_dashboard(running)
        _import_history(running)
        events = _push_events(running)
        faults = _settled(running)
        have = len(running.demo.simulator("GET", "truth"))
        waiting = running.runtime.bus.dead_letters("fetch_activity")
    print(f"\n{have} activities, {events} live events, {time.monotonic() - began:.0f} s")
    for fault in [*faults[:20], *(f"dead letter: {each.reason}" for each in waiting)]:
        print(f"  {fault}")
    print("The marts differ from the simulator." if faults else "The marts equal the simulator.")
    return 1 if faults or waiting else 0


@contextmanager
def _running(demo: Demo, home: Path) -> Iterator[Running]:
    """Simulator and local service up, one athlete connected and subscribed; all stopped after."""
    demo.take_ports()
    settings = demo.settings(home)
    runtime = LocalRuntime(Settings.from_env(settings))
    processes = Processes(demo.root, home / "logs")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        _start(demo, processes, settings)
        _connect(demo, runtime)
        yield Running(demo, processes, runtime)
    finally:
        print("\nStopping ...", flush=True)
        runtime.close()
        processes.stop()


def _start(demo: Demo, processes: Processes, settings: dict[str, str]) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PACELINE_")}
    simulator = ["simulator", "--port", str(demo.ports["simulator"]), "--seed", str(demo.seed)]
    simulator += ["--years", str(demo.years), "--exit-with-parent", "--webhook-gap-s", "2"]
    # More reads than Strava grants anybody: this world's history arrives in a minute, not in days.
    simulator += ["--read-limits", "100000,1000000", "--overall-limits", "100000,1000000"]
    _say("Starting the simulated Strava and the local service")
    processes.start("simulator", simulator, env)
    processes.start("paceline", ["paceline", "up", "--exit-with-parent"], env | settings)
    processes.wait_for_port("simulator", demo.ports["simulator"])
    processes.wait_for_port("paceline", demo.ports["paceline"])


def _connect(demo: Demo, runtime: LocalRuntime) -> None:
    """What an athlete's click and `paceline subscribe create` do."""
    for athlete in demo.simulator("GET", "athletes"):
        consent = demo.simulator("POST", "authorize", {"athlete_id": athlete["id"]})
        grant = connect_athlete.connect(consent["code"], runtime.connecting)
        _say(f"Athlete {grant.athlete_id} is connected")
    settings = runtime.settings
    callback = f"{demo.url('paceline')}/receive_webhook/{settings.webhook_secret}"
    runtime.remember_subscription(runtime.subscription.ensure(callback, settings.verify_token))


def _import_history(running: Running) -> None:
    planned = sum(
        backfill.plan(athlete.athlete_id, running.runtime.backfilling)
        for athlete in running.runtime.vault.athletes()
    )
    done = 0
    while done < planned:
        running.processes.alive()
        counts = running.ledger.counts()
        done = planned - counts["parked"]
        _progress(f"Importing {running.demo.years} years: {done} of {planned} activities")
        time.sleep(0.3)
    print()


def _start_dashboard(running: Running) -> None:
    port = running.demo.ports["dashboard"]
    arguments = ["streamlit", "run", "dashboard/app.py", "--server.headless", "true"]
    arguments += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    arguments += ["--browser.gatherUsageStats", "false"]
    env = dict(os.environ) | {"PACELINE_MARTS": str(running.runtime.marts_path)}
    running.processes.start("dashboard", arguments, env)
    running.processes.wait_for_port("dashboard", port)
    _say(f"The dashboard is at {running.demo.url('dashboard')} and fills while history arrives")
    if sys.stdout.isatty():
        webbrowser.open(running.demo.url("dashboard"))


def _push_events(running: Running) -> int:
    """Live events, fast, until enough were delivered."""
    running.demo.simulator("POST", "live", {"every_s": 0.2})
    while (events := _delivered(running)) < CHECK_EVENTS:
        running.processes.alive()
        _progress(f"Live events: {events} of {CHECK_EVENTS}")
        time.sleep(0.3)
    running.demo.simulator("POST", "live", {"every_s": 0})
    print()
    return _delivered(running)


def _settled(running: Running) -> list[str]:
    """Wait until the marts equal the simulator; what still differs when time is up."""
    deadline = time.monotonic() + CHECK_WITHIN_S
    while True:
        running.processes.alive()
        faults = differences(running.demo.simulator("GET", "truth"), running.runtime.marts_path)
        if not faults or time.monotonic() > deadline:
            return faults
        _progress(f"{len(faults)} differences between the marts and the simulator")
        time.sleep(0.5)


def _show_table(running: Running) -> None:
    home = running.runtime.settings.home
    rows = [
        ("dashboard", running.demo.url("dashboard"), "Streamlit over the marts"),
        ("webhook", running.demo.url("paceline"), "all functions, in one process"),
        ("simulated Strava", f"{running.demo.url('simulator')}/_sim", "API, OAuth, events"),
        ("bus and state", f"{home}/*.sqlite", "Pub/Sub and Firestore in the cloud"),
        ("bronze", f"{home}/bronze", "Cloud Storage in the cloud"),
        ("silver", f"{home}/warehouse.duckdb", "BigQuery in the cloud"),
        ("marts", f"{home}/marts.duckdb", "read-only; open it with any DuckDB"),
        ("logs", f"{home}/logs", "one JSON line an outcome"),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    print()
    for what, where, note in rows:
        print(f"  {what:<{widths[0]}}  {where:<{widths[1]}}  {note}")
    print(f"\nA live event about every {LIVE_EVERY_S:g} s. Ctrl-C stops everything.\n")


def _watch(running: Running) -> None:
    try:
        while True:
            running.processes.alive()
            fetched = running.ledger.counts()["fetched"]
            _progress(f"{_delivered(running)} live events, {fetched} activities in the lake")
            time.sleep(1)
    except KeyboardInterrupt:
        pass


def _delivered(running: Running) -> int:
    return int(running.demo.simulator("GET", "state")["events"]["delivered"])


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(f"{text} ...", flush=True)


def _progress(text: str) -> None:
    """One line that rewrites itself on a terminal."""
    if sys.stdout.isatty():
        print(f"\r\x1b[2K{text}", end="", flush=True)
