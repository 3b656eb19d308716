"""Child processes of the demo: ports that are taken, children that die."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from paceline.cli.processes import NotStarted, Processes, _uninterrupted, free_port


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    processes = Processes(Path.cwd(), tmp_path / "logs")
    yield processes
    processes.stop()


def test_a_taken_port_gives_way_to_the_next_free_one() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        wanted = int(other.getsockname()[1])
        given = free_port(wanted, set())

    assert wanted < given < wanted + 100


def test_no_port_is_given_twice() -> None:
    taken: set[int] = set()
    ports = [free_port(28_000, taken) for _ in range(5)]

    assert len(set(ports)) == 5


def test_a_child_that_dies_at_once_is_reported_with_what_it_said(processes: Processes) -> None:
    processes.start("child", ["paceline", "no-such-command"], dict(os.environ))

    with pytest.raises(NotStarted, match="invalid choice"):
        processes.wait_for_port("child", free_port(29_000, set()))


def test_a_signal_during_a_start_waits_until_the_child_is_known(processes: Processes) -> None:
    def interrupted_start() -> None:
        with _uninterrupted():
            signal.raise_signal(signal.SIGINT)
            processes.start("server", ["http.server", "--bind", "127.0.0.1", "0"], {})

    with pytest.raises(KeyboardInterrupt):
        interrupted_start()
    assert "server" in processes.running


def test_stop_ends_every_child(processes: Processes) -> None:
    processes.start("server", ["http.server", "--bind", "127.0.0.1", "0"], dict(os.environ))
    child = processes.running["server"]
    processes.stop()

    assert child.returncode is not None
    assert processes.running == {}
