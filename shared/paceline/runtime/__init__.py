"""The composition roots: the only places that build adapters."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from paceline.errors import SettingsInvalid
from paceline.runtime.logs import write_json_lines
from paceline.runtime.parts import Runtime
from paceline.runtime.settings import Settings, environment

if TYPE_CHECKING:
    from paceline.runtime.local import LocalRuntime

# ruff: noqa: PLC0415 - a process has one runtime and need not know the other


@cache
def current() -> Runtime:
    """The runtime of this process, as its settings say; built on first use, not at import."""
    settings = Settings.from_env(environment(Path.cwd()))
    if settings.runtime == "gcp":
        from paceline.runtime.gcp import GcpRuntime

        write_json_lines()  # a deployed function starts its process nowhere else
        return GcpRuntime(settings)
    from paceline.runtime.local import LocalRuntime

    return LocalRuntime(settings)


def current_local() -> "LocalRuntime":
    """For what makes sense on a laptop alone. Raises SettingsInvalid elsewhere."""
    from paceline.runtime.local import LocalRuntime

    runtime = current()
    if not isinstance(runtime, LocalRuntime):
        raise SettingsInvalid(
            "This command works on the files of a laptop, and PACELINE_RUNTIME is"
            f" {runtime.settings.runtime}: see docs/operations.md for what does the same there."
        )
    return runtime
