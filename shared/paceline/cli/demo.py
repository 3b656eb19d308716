"""`paceline demo`: everything against a simulated Strava, without an account.

`show` runs until Ctrl-C. `check` does the same bounded and headless, compares the marts with what
the simulator holds, and says whether they agree.
"""

import shutil
import signal
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from paceline.cli.rehearsal import Rehearsal
from paceline.cli.world import World
from paceline.model.given import parse_given
from paceline.runtime.parts import Runtime
from paceline.steps.give_settings import Giving, give

LOCAL, EMULATED = "local", "gcp-emulated"
SHOW_YEARS, CHECK_YEARS = 4, 1
LIVE_EVERY_S = 4.0
CHECK_EVENTS = 40
CHECK_WITHIN_S = 120
IMPORT_WITHIN_S = 1_800
LOOK_EVERY_S = 0.3


def show(root: Path, runtime: str, *, seed: int, years: float | None) -> int:
    home = root / ".paceline" / ("demo" if runtime == LOCAL else "demo-emulated")
    shutil.rmtree(home, ignore_errors=True)  # the simulated world begins anew, so do we
    with _running(_world(root, home, runtime, seed, years or SHOW_YEARS)) as demo:
        if sys.stdout.isatty():
            webbrowser.open(demo.url("dashboard"))
        _import_history(demo)
        demo.admin("POST", "live", {"every_s": LIVE_EVERY_S})
        print(_table(demo))
        _watch(demo)
    return 0


def check(root: Path, runtime: str, *, seed: int, years: float | None) -> int:
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="paceline-") as folder,
        _running(_world(root, Path(folder), runtime, seed, years or CHECK_YEARS)) as demo,
    ):
        _import_history(demo)
        _push_events(demo)
        faults = _settled(demo) or demo.final_differences()
        faults += [f"dead letter: {reason}" for reason in demo.dead_letters()]
        have, events = len(demo.admin("GET", "truth")), demo.events()["delivered"]
    for fault in faults[:20]:
        print(f"  {fault}")
    print(f"\n{have} activities, {events} live events, {time.monotonic() - began:.0f} s.")
    print(f"The marts {'differ from' if faults else 'equal'} what the simulator holds.")
    return 1 if faults else 0


def _world(root: Path, home: Path, runtime: str, seed: int, years: float) -> World[Runtime]:
    flags = ["--seed", str(seed), "--years", str(years), "--webhook-gap-s", "2"]
    if runtime == LOCAL:
        return Rehearsal(root, home, flags)
    from paceline.cli.emulated import EmulatedRehearsal  # noqa: PLC0415 - needs Google's clients

    return EmulatedRehearsal(root, home, flags)


@contextmanager
def _running(demo: World[Runtime]) -> Iterator[World[Runtime]]:
    """Everything up, athletes connected and subscribed; all of it stopped in the end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    for name, wanted in demo.moved.items():
        print(f"Port {wanted} is taken; {name} uses {demo.ports[name]}.")
    try:
        _say("Starting a simulated Strava")
        demo.start_simulator()
        _say("Starting the service")
        demo.start_service()
        for athlete_id in demo.connect():
            _say(f"Athlete {athlete_id} is connected")
        give_heart_rates(demo)
        _say(f"The dashboard is at {demo.url('dashboard')} and fills while history arrives")
        demo.start_dashboard()
        yield demo
    finally:
        _say("\nStopping")
        demo.close()


def give_heart_rates(demo: World[Runtime]) -> None:
    """Athletes know them and Strava does not tell: without them no heart beat is load."""
    runtime = demo.runtime
    use = Giving(runtime.lake, runtime.clock, runtime.ids)
    today = runtime.clock.now().date()
    for athlete in demo.admin("GET", "athletes"):
        words = f"max_hr={athlete['max_hr']}", f"rest_hr={athlete['rest_hr']}"
        given = [each for word in words for each in parse_given(word, today)]
        give(athlete["id"], given, "paceline demo", use)


def _import_history(demo: World[Runtime]) -> None:
    planned = demo.plan_backfill()
    progress, deadline = Progress(), time.monotonic() + IMPORT_WITHIN_S
    while waiting := demo.runtime.ledger.counts()["parked"]:
        demo.processes.alive_before(deadline)
        progress.show(f"Importing history: {planned - waiting} of {planned} activities")
        time.sleep(LOOK_EVERY_S)
    progress.end(f"Imported {planned} activities.")


def _push_events(demo: World[Runtime]) -> None:
    """Live events, fast, until enough were delivered."""
    progress, deadline = Progress(), time.monotonic() + CHECK_WITHIN_S
    demo.admin("POST", "live", {"every_s": 0.2})
    while (events := demo.events()["delivered"]) < CHECK_EVENTS:
        demo.processes.alive_before(deadline)
        progress.show(f"Live events: {events} of {CHECK_EVENTS}")
        time.sleep(LOOK_EVERY_S)
    demo.admin("POST", "live", {"every_s": 0})
    progress.end(f"{events} live events were delivered.")


def _settled(demo: World[Runtime]) -> list[str]:
    """Wait until all marts are of now and equal the simulator; what differs when time is up."""
    progress, deadline = Progress(), time.monotonic() + demo.settles_within_s
    while (faults := demo.differences()) and time.monotonic() < deadline:
        demo.processes.alive()
        progress.show(f"{len(faults)} differences between the marts and the simulator")
        time.sleep(LOOK_EVERY_S)
    equal_at = demo.runtime.clock.now()
    while not faults and not demo.built_since(equal_at):
        demo.processes.alive_before(deadline)
        progress.show("The script runs once more, over all that has landed by now")
        time.sleep(LOOK_EVERY_S)
    return faults


def _watch(demo: World[Runtime]) -> None:
    progress = Progress()
    try:
        while True:
            demo.processes.alive()
            fetched = demo.runtime.ledger.counts()["fetched"]
            events = demo.events()["delivered"]
            progress.show(f"{events} live events, {fetched} activities in the lake")
            time.sleep(1)
    except KeyboardInterrupt:
        progress.end("")


def _table(demo: World[Runtime]) -> str:
    rows = [
        ("dashboard", demo.url("dashboard"), "Streamlit over the marts"),
        ("simulated Strava", f"{demo.url('simulator')}/_sim", "API, OAuth and events"),
        *demo.places(),
        ("logs", f"{demo.home}/logs", "one JSON line an outcome"),
    ]
    what, where = (max(len(row[column]) for row in rows) for column in range(2))
    lines = [f"  {row[0]:<{what}}  {row[1]:<{where}}  {row[2]}" for row in rows]
    end = f"A live event about every {LIVE_EVERY_S:g} s. Ctrl-C stops everything."
    return "\n".join(["", *lines, "", end])


class Progress:
    """One line that rewrites itself on a terminal; a line every few seconds elsewhere."""

    def __init__(self) -> None:
        self._on_terminal = sys.stdout.isatty()
        self._said_at = time.monotonic()

    def show(self, text: str) -> None:
        if self._on_terminal:
            print(f"\r\x1b[2K{text}", end="", flush=True)
        elif time.monotonic() - self._said_at > 5:  # noqa: PLR2004 - seconds
            self._said_at = time.monotonic()
            print(text, flush=True)

    def end(self, text: str) -> None:
        print(f"\r\x1b[2K{text}" if self._on_terminal else text, flush=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(f"{text} ...", flush=True)
