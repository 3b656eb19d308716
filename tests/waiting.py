"""Waiting for a condition, not for a time."""

import threading
import time
from collections.abc import Callable


def wait_for(condition: Callable[[], bool], *, within_s: float, look_every_s: float = 0.1) -> bool:
    """True as soon as the condition holds; False when it did not within the time."""
    pause = threading.Event()
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause.wait(look_every_s)
    return True
