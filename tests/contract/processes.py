"""Real processes for the tests, and what they do: `python -m tests.contract.processes JOB …`."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

from paceline.adapters.gcp.firestore import FirestoreState
from paceline.adapters.gcp.gcs import GcsBlobs
from paceline.adapters.local.blobs import FileBlobs
from paceline.adapters.local.bus import SqliteBus
from paceline.adapters.local.manual import ManualClock
from paceline.adapters.local.sqlite import Database
from paceline.adapters.local.state import SqliteState
from paceline.adapters.local.system import RandomIds, SystemClock
from paceline.budget import Budget
from paceline.errors import Conflict, StoreUnavailable, WaitUntil
from paceline.model.priority import Priority
from paceline.model.routes import Subscription
from paceline.ports import Blobs, State
from tests.builders import NOW

ROOT = Path(__file__).parents[2]
RIDES = Subscription("rides", "rides")


def start(job: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a job in a process of its own; use it as a context manager."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.contract.processes", job, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def run_together(*commands: tuple[object, ...]) -> list[list[str]]:
    """Start all, let them go at one moment, and return the lines that each printed."""
    with ExitStack() as stack:
        processes = [
            stack.enter_context(start(str(job), *arguments)) for job, *arguments in commands
        ]
        for process in processes:
            stack.callback(process.kill)  # or a test that fails would wait for the others
        for process in processes:
            assert read_line(process) == "ready"
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        outputs = [process.communicate(timeout=30)[0].splitlines() for process in processes]
        assert [process.returncode for process in processes] == [0] * len(processes)
        return outputs


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def content_of(name: str) -> bytes:
    """Bytes that follow from the name, of very different lengths."""
    seed = hashlib.sha256(name.encode()).digest()
    return seed * (1 + seed[0] * 40)


def _wait_for_go() -> None:
    _say("ready")
    sys.stdin.readline()


def _say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def open_databases(folder: str, files: str, me: str, other: str) -> None:
    """Open one new file after the other, each when the other process does; say what failed."""
    _wait_for_go()
    for number in range(int(files)):
        (Path(folder) / f"{number}-{me}").touch()
        while not (Path(folder) / f"{number}-{other}").exists():
            os.sched_yield()
        try:
            with Database(Path(folder) / str(number) / "paceline.db") as database:
                SqliteState(database).create("opened", me, {})
        except StoreUnavailable as error:
            _say(error)


def publish(path: str) -> None:
    """Publish, say the id, and wait to be killed."""
    bus = SqliteBus(Database(Path(path)), [RIDES], SystemClock(), RandomIds())
    _say(bus.publish("rides", b"a ride", {"kind": "ride"}))
    sys.stdin.readline()


def drain(path: str) -> None:
    """Pull and acknowledge until nothing is left; say what was ours.

    The first lease is taken before the start, so that both always have some at the same time.
    """
    with Database(Path(path)) as database:
        bus = SqliteBus(database, [RIDES], SystemClock(), RandomIds())
        deliveries = bus.pull("rides", 5)
        _wait_for_go()
        while deliveries:
            for delivery in deliveries:
                if bus.ack(delivery):
                    _say(delivery.message_id)
            deliveries = bus.pull("rides", 5)


def increment(path: str, times: str) -> None:
    with Database(Path(path)) as database:
        state = SqliteState(database)
        _wait_for_go()
        for _ in range(int(times)):
            _increment_once(state)


def _increment_once(state: State) -> None:
    while True:
        stored = state.get("counters", "one")
        assert stored
        try:
            state.replace("counters", "one", {"n": stored.data["n"] + 1}, stored.version)
        except Conflict:
            continue
        return


def reserve_reads(path: str) -> None:
    """Take one read after the other until there are none; say how many were ours."""
    with Database(Path(path)) as database:
        budget, taken = Budget(SqliteState(database), ManualClock(NOW)), 0
        _wait_for_go()
        with suppress(WaitUntil):
            while True:
                budget.reserve(1, Priority.LIVE)
                taken += 1
                time.sleep(0.001)  # as a read would take; or SQLite lets the other one starve
        _say(taken)


def increment_in_firestore(project: str, times: str) -> None:
    with closing(FirestoreState(project)) as state:
        _wait_for_go()
        for _ in range(int(times)):
            _increment_once(state)


def create_race(project: str, who: str, names: str) -> None:
    """Create documents that others want too; say which were ours."""
    with closing(FirestoreState(project)) as state:
        state.get("race", "0")  # the line is open before the start
        _wait_for_go()
        for number in range(int(names)):
            with suppress(Conflict):
                state.create("race", str(number), {"by": who})
                _say(number)


def put_race(root: str, who: str, names: str) -> None:
    _put_race(FileBlobs(Path(root)), who, names)


def put_race_in_gcs(bucket: str, who: str, names: str) -> None:
    with closing(GcsBlobs(bucket, bucket)) as blobs:
        _put_race(blobs, who, names)


def _put_race(blobs: Blobs, who: str, names: str) -> None:
    """Put under names that others want too; say which were ours."""
    _wait_for_go()
    for number in range(int(names)):
        if blobs.put(f"race/{number}", who.encode() * 5_000, {"by": who}):
            _say(f"race/{number}")


def put_until_killed(root: str, life: str) -> None:
    """Put one object after the other; say each name once it is stored."""
    blobs = FileBlobs(Path(root))
    number = 0
    while True:
        name = f"life={life}/{number % 7}/{number}.gz"
        blobs.put(name, content_of(name), {"name": name})
        _say(name)
        number += 1


def die_at_each_step(root: str, job: str) -> None:
    """Do one job in child after child; child N is killed at its Nth contact with the disk."""
    jobs: dict[str, Callable[[FileBlobs], object]] = {
        "put": lambda blobs: blobs.put("a/b/1.gz", b"first", {"life": "first"}),
        "replace": lambda blobs: blobs.replace("a/b/1.gz", b"other", over=b"first"),
        "delete": lambda blobs: blobs.delete("a/b/1.gz"),
    }
    step = 0
    while True:
        blobs = FileBlobs(Path(root) / str(step))
        if job != "put":
            jobs["put"](blobs)
        child = os.fork()
        if child == 0:
            _kill_me_at(step)
            jobs[job](blobs)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0
            _say(step)
            return
        step += 1


def _kill_me_at(step: int) -> None:
    """Python announces each open, lock, rename, removal and mkdir before it is done."""
    seen = 0

    def hook(event: str, _: tuple[Any, ...]) -> None:
        nonlocal seen
        if event.startswith(("os.", "open", "fcntl.", "tempfile.")):
            seen += 1  # first, for the kill is announced too
            if seen == step + 1:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


JOBS: dict[str, Callable[..., None]] = {
    job.__name__: job
    for job in (
        open_databases,
        publish,
        drain,
        increment,
        reserve_reads,
        increment_in_firestore,
        create_race,
        put_race,
        put_race_in_gcs,
        put_until_killed,
        die_at_each_step,
    )
}

if __name__ == "__main__":
    JOBS[sys.argv[1]](*sys.argv[2:])
