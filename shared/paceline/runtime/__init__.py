"""The composition roots: the only places that build adapters."""

from functools import cache
from pathlib import Path

from paceline.runtime.local import LocalRuntime
from paceline.runtime.settings import Settings, environment


@cache
def current() -> LocalRuntime:
    """The runtime of this process, as its settings say; built on first use, not at import."""
    return LocalRuntime(Settings.from_env(environment(Path.cwd())))
