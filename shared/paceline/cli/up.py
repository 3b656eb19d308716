"""`paceline up`: the local service in this process, until it is told to stop."""

import signal
import sys
import threading
from collections.abc import Callable

from paceline.runtime import current_local
from paceline.runtime.functions import Functions
from paceline.runtime.logs import write_json_lines
from paceline.runtime.service import LocalService


def up(*, exit_with_parent: bool) -> int:
    write_json_lines()
    runtime = current_local()
    service = LocalService(runtime, Functions(runtime.settings.root))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: service.ended.set())
    if exit_with_parent:
        _when_stdin_closes(service.ended.set)
    service.start()
    print(f"ready {service.base_url} (Ctrl-C stops it)", flush=True)
    service.ended.wait()
    service.stop()
    return 1 if service.failed else 0


def _when_stdin_closes(act: Callable[[], None]) -> None:
    def watch() -> None:
        sys.stdin.read()
        act()

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()
