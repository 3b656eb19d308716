"""A command as an operator types it: a process, in the world's settings."""

import os
import subprocess
import sys

from paceline.cli.world import World
from paceline.runtime.parts import Runtime


def paceline(
    world: World[Runtime], *arguments: str, within_s: float = 240, **changes: str
) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PACELINE_")}
    return subprocess.run(
        [sys.executable, "-m", "paceline", *arguments],
        capture_output=True,
        check=False,
        cwd=world.root,
        env=env | world.settings() | changes,
        text=True,
        timeout=within_s,
    )
