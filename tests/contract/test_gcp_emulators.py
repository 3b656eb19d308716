"""Emulators start, die when told or orphaned, come back, and say what is missing."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paceline.cli.emulators import google
from paceline.cli.emulators.process import HOST, Emulator, EmulatorFailed, EmulatorMissing
from tests.emulators import started

START_AND_SAY_WHERE = """
import sys
from paceline.cli.emulators import google
print(google.storage(port=int(sys.argv[1])).start().port, flush=True)
sys.stdin.readline()
"""


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def stops_listening(port: int) -> bool:
    deadline = time.monotonic() + 10
    while listens(port) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not listens(port)


def test_an_emulator_that_is_killed_is_gone_and_can_be_started_again_on_its_port(
    tmp_path: Path,
) -> None:
    with started(lambda: google.storage(tmp_path)) as emulator:
        assert listens(emulator.port)
        for _ in range(3):
            emulator.kill()
            assert not listens(emulator.port)
            emulator.start()
            assert listens(emulator.port)
    assert not listens(emulator.port)
    emulator.kill()  # once more changes nothing


def test_an_emulator_does_not_outlive_whoever_started_it() -> None:
    with started(google.storage) as found:
        port = found.port
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_SAY_WHERE, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout
        assert parent.stdout.readline().strip() == str(port)
        assert listens(port)
        parent.send_signal(signal.SIGKILL)
    assert stops_listening(port)


def test_an_emulator_that_cannot_start_says_why() -> None:
    with started(google.storage) as holder:
        second = google.storage()
        arguments = [each.replace(str(second.port), str(holder.port)) for each in second.command]
        with pytest.raises(EmulatorFailed, match=r"(?s)fake-gcs-server did not start:.*in use"):
            Emulator(second.name, arguments, second.port, second.env).start()


def test_a_command_that_is_not_there_says_so() -> None:
    with pytest.raises(EmulatorFailed, match="nonsense"):
        Emulator("nonsense", ["/nonsense/command"], 1, {}).start()


@pytest.fixture
def no_sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Google Cloud CLI without components, and a java."""
    java = tmp_path / "bin/java"
    java.parent.mkdir()
    java.write_text("")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(java.parent))
    monkeypatch.setenv(google.SDK_VARIABLE, str(tmp_path))
    google._sdk_root.cache_clear()
    return tmp_path


def test_what_is_missing_is_named_together_with_how_to_get_it(
    no_sdk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EmulatorMissing, match="gcloud components install pubsub-emulator"):
        google.pubsub()
    with pytest.raises(EmulatorMissing, match="gcloud components install cloud-firestore-emulator"):
        google.firestore()
    monkeypatch.delenv(google.SDK_VARIABLE)
    google._sdk_root.cache_clear()
    with pytest.raises(EmulatorMissing, match=f"no gcloud on the PATH.*{google.SDK_VARIABLE}"):
        google.firestore()
    (no_sdk / "bin/java").unlink()
    with pytest.raises(EmulatorMissing, match="no java on the PATH"):
        google.pubsub()
    google._sdk_root.cache_clear()


def test_the_environment_says_where_the_cli_is(no_sdk: Path) -> None:
    jar = no_sdk / "platform/pubsub-emulator/lib/cloud-pubsub-emulator-9-all.jar"
    jar.parent.mkdir(parents=True)
    jar.touch()
    assert str(jar) in google.pubsub().command
    google._sdk_root.cache_clear()


def test_a_machine_that_the_wheel_has_no_server_for_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(EmulatorMissing, match=r"no fake-gcs-server-\w+-riscv64"):
        google.storage()


@pytest.mark.parametrize(
    ("required", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)]
)
def test_without_an_emulator_tests_are_skipped_aloud_unless_they_are_required(
    monkeypatch: pytest.MonkeyPatch, required: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("REQUIRE_EMULATORS", required)
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(outcome, match="riscv64"), started(google.storage):
        pass
