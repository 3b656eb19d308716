"""One emulator: a child process that speaks one of Google's interfaces on this machine."""

import os
import random
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from paceline.errors import PacelineError

HOST = "127.0.0.1"
READY_WITHIN_S = 60.0
_GONE_WITHIN_S = 5.0

# Below the ports that Linux gives to outgoing connections. From within that range a client that
# knocks again and again at a dead emulator may one day be connected to itself, and keep the port.
_PORTS = range(20_000, 32_000)

# Ends the command when whoever started it ends, be it by kill -9: then nobody holds the other end
# of our standard input any more.
_TETHERED = (
    'exec 3<&0; "$@" 3<&- & child=$!;'
    ' (cat <&3 >/dev/null; kill -9 "$child" 2>/dev/null) & exec 3<&-; wait "$child"'
)


class EmulatorMissing(PacelineError):
    """An emulator is not installed on this machine."""


class EmulatorFailed(PacelineError):
    """An emulator did not start."""


@dataclass
class Emulator:
    """Started by `start`, ended by `kill`; afterwards it can be started again on the same port."""

    name: str
    command: Sequence[str]
    port: int
    env: Mapping[str, str]  # what a client needs in order to find it
    ready_path: str = "/"
    child_env: Mapping[str, str] = field(default_factory=dict)  # what it needs itself
    _child: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Return when it answers. Raises EmulatorFailed with what it wrote when it does not."""
        with tempfile.TemporaryFile() as log:
            self._child = subprocess.Popen(  # noqa: S603 - commands of ours, no shell expands them
                ["/bin/sh", "-c", _TETHERED, self.name, *self.command],
                env={**os.environ, **self.child_env},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C comes to us alone, and the group is ours to kill
            )
            deadline = time.monotonic() + READY_WITHIN_S
            while not self._answers():
                if self._child.poll() is not None or time.monotonic() > deadline:
                    self.kill()
                    log.seek(0)
                    last = log.read().decode(errors="replace").strip().splitlines()[-8:]
                    raise EmulatorFailed("\n  ".join([f"{self.name} did not start:", *last]))
                time.sleep(0.02)
        return self

    def kill(self) -> None:
        """Kill -9: what it held in memory is gone. Nothing happens when it does not run."""
        child, self._child = self._child, None
        if child is None:
            return
        with suppress(ProcessLookupError):  # it ended by itself
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if child.stdin:
            child.stdin.close()
        deadline = time.monotonic() + _GONE_WITHIN_S
        while _listens(self.port) and time.monotonic() < deadline:
            time.sleep(0.01)

    def pause(self, seconds: float) -> None:
        """It answers nobody for so long, and then goes on as if nothing had been."""
        if self._child is None:
            return
        os.killpg(self._child.pid, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            os.killpg(self._child.pid, signal.SIGCONT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _answers(self) -> bool:
        """Any answer will do: whoever speaks HTTP on its port is up."""
        try:
            url = f"http://{HOST}:{self.port}{self.ready_path}"
            urllib.request.urlopen(url, timeout=2).close()
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port nobody listens on, which no outgoing connection can be given either."""
    for port in random.sample(_PORTS, 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise EmulatorFailed(f"No port is free between {_PORTS.start} and {_PORTS.stop}.")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
