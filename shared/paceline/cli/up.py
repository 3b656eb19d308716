"""`paceline up`: the local service in this process, until it is told to stop."""

import signal
import sys
import threading
from collections.abc import Callable

from paceline.errors import SettingsInvalid
from paceline.runtime import current
from paceline.runtime.functions import Functions
from paceline.runtime.gcp import GcpRuntime
from paceline.runtime.local import LocalRuntime
from paceline.runtime.logs import write_json_lines
from paceline.runtime.parts import Runtime
from paceline.runtime.pushed import PushedService
from paceline.runtime.service import LocalService
from paceline.runtime.serving import Service
from paceline.runtime.settings import on_emulators


def up(*, exit_with_parent: bool) -> int:
    write_json_lines()
    service = _service(current())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: service.ended.set())
    if exit_with_parent:
        _when_stdin_closes(service.ended.set)
    service.start()
    print(f"ready {service.base_url} (Ctrl-C stops it)", flush=True)
    service.ended.wait()
    service.stop()
    return 1 if service.failed else 0


def _service(runtime: Runtime) -> Service:
    functions = Functions(runtime.settings.root)
    if isinstance(runtime, LocalRuntime):
        return LocalService(runtime, functions)
    if isinstance(runtime, GcpRuntime) and on_emulators():
        return PushedService(runtime, functions)
    raise SettingsInvalid(
        "In the cloud the functions run where Terraform deploys them: see docs/operations.md."
        " paceline up serves them here for emulators alone."
    )


def _when_stdin_closes(act: Callable[[], None]) -> None:
    def watch() -> None:
        sys.stdin.read()
        act()

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()
