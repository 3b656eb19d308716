"""Child processes of the demo: started, waited for until ready, and all stopped in the end."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from paceline.errors import PacelineError

READY_WITHIN_S = 60
STOP_WITHIN_S = 15


class NotStarted(PacelineError):
    """A part of the demo did not start."""


@dataclass
class Processes:
    """Each child has a log file of its own; none outlives `stop`."""

    root: Path
    logs: Path
    running: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def start(self, name: str, arguments: Sequence[str], env: Mapping[str, str]) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("a") as log, _uninterrupted():
            self.running[name] = subprocess.Popen(  # noqa: S603 - our own modules, no shell
                [sys.executable, "-m", *arguments],
                cwd=self.root,
                env=dict(env),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,  # Ctrl-C comes to us alone; we stop them in order
            )

    def wait_for_port(self, name: str, port: int) -> None:
        """Return when the child listens; say what it wrote when it died instead."""
        deadline = time.monotonic() + READY_WITHIN_S
        while not _listens(port):
            self.alive(name)
            if time.monotonic() > deadline:
                raise NotStarted(
                    f"{name} did not start within {READY_WITHIN_S} s: {self._why(name)}"
                )
            time.sleep(0.05)
        self.alive(name)  # or somebody else listens there

    def alive(self, *names: str) -> None:
        """Raise NotStarted when one of these, or any child, has ended."""
        for name in names or self.running:
            if self.running[name].poll() is not None:
                raise NotStarted(f"{name} has stopped: {self._why(name)}")

    def alive_before(self, deadline: float) -> None:
        """Like alive; also when something takes longer than it may."""
        self.alive()
        if time.monotonic() > deadline:
            raise NotStarted(f"This takes too long. The logs are in {self.logs}.")

    def stop(self, *names: str) -> None:
        """Ask these children, or all, to end; whoever does not in time is killed."""
        with _uninterrupted():
            chosen = [self.running.pop(name) for name in names or tuple(reversed(self.running))]
            for child in chosen:
                child.terminate()
            for child in chosen:
                try:
                    child.wait(STOP_WITHIN_S)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
                _close(child.stdin)

    def kill(self, name: str) -> None:
        """Kill -9: the child gets no chance to tidy up."""
        child = self.running.pop(name)
        child.kill()
        child.wait()
        _close(child.stdin)

    def _why(self, name: str) -> str:
        log = self.logs / f"{name}.log"
        last = log.read_text(errors="replace").strip().splitlines()[-5:]
        return "\n  ".join([f"the end of {log} says", *last])


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Signals wait for the block: no child may start unnoticed, or outlive a second Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals only ever reach the main thread
        return
    waiting: list[int] = []
    handlers = {
        number: signal.signal(number, lambda got, _frame: waiting.append(got))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if waiting:
            signal.raise_signal(waiting[0])


def free_port(wanted: int, taken: set[int]) -> int:
    """The wanted port, or the next one that nobody listens on; none is given twice."""
    for port in range(wanted, wanted + 100):
        if port not in taken and _can_bind(port):
            taken.add(port)
            return port
    raise NotStarted(f"No free port between {wanted} and {wanted + 99}.")


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _close(pipe: IO[str] | None) -> None:
    if pipe is not None:
        pipe.close()
