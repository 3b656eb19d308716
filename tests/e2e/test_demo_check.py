"""What `make demo-check` runs, whole: import, live events, dashboard, comparison."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from paceline.cli.emulated import EmulatedRehearsal
from tests.emulators import found_or_skipped

ROOT = Path(__file__).parents[2]


def demo(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "paceline", "demo", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_demo_check_agrees_with_the_simulator() -> None:
    with demo("--check", "--years", "0.2") as process:
        said, _ = process.communicate(timeout=240)

    assert process.returncode == 0, said
    assert "The marts equal what the simulator holds." in said


def test_the_demo_check_on_emulators_agrees_with_the_simulator_and_the_local_runtime(
    tmp_path: Path,
) -> None:
    with found_or_skipped():
        _ = EmulatedRehearsal(ROOT, tmp_path).emulators

    with demo("--check", "--runtime", "gcp-emulated", "--years", "0.05") as process:
        said, _ = process.communicate(timeout=1_800)

    assert process.returncode == 0, said
    assert "The marts equal what the simulator holds." in said


def test_an_interrupted_demo_leaves_no_process_behind() -> None:
    with demo("--check", "--years", "1") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "Importing history" in line or "dashboard is at" in line:
                break
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)

    assert len(children) >= 2
    assert [pid for pid in children if _runs(int(pid))] == []


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
