"""The local service: the webhook's server, and threads where Pub/Sub and the scheduler would be."""

import threading
import time
from functools import partial

from paceline.ports import Delivery
from paceline.runtime.functions import Functions
from paceline.runtime.local import LocalRuntime
from paceline.runtime.push import encode_push
from paceline.runtime.serving import Service, trouble_logged

PUBLIC = ("receive_webhook", "connect_athlete")
WORKERS = {"fetch_activity": 4, "load_silver": 1, "forget_athlete": 1}
IDLE_S = 0.05
LONGEST_S = 5.0  # between two builds while something was loaded
HOUR_S = 3_600.0

# Parked work is released only while fewer than this many messages wait to be fetched, so that a
# live event never stands behind a backfill.
FETCH_QUEUE = 32
# Nor behind what a backfill fetched faster than it can be loaded.
LOAD_QUEUE = 64


class LocalService(Service):
    def __init__(self, runtime: LocalRuntime, functions: Functions) -> None:
        super().__init__(runtime, functions, PUBLIC)
        self._bus = runtime.bus
        self._clock = runtime.clock
        self._loaded = threading.Event()

    def start(self) -> None:
        super().start()
        self._loaded.set()  # whatever landed before the last stop is built now
        self.repeat("release_work", self.settings.tick_s, self._release)
        # Often asked, seldom due: each athlete is compared once a day.
        self.repeat("reconcile", self.settings.reconcile_s, partial(self.order, "reconcile", {}))
        weekly = partial(self.order, "build_marts", {"weekly": True})
        self.repeat("build_marts", HOUR_S, weekly)
        self.run("build_marts", self._build_whenever_loaded)
        for step, count in WORKERS.items():
            for number in range(count):
                self.run(f"{step}-{number}", partial(self._work, step))

    def finish(self) -> None:
        self._build()

    def _build_whenever_loaded(self) -> None:
        """After each batch, but seldom more than a fifth of the time: loading comes first."""
        while not self.stopping.is_set():
            began = time.monotonic()
            self._build()
            took_s = time.monotonic() - began
            self.stopping.wait(max(self.settings.refresh_s, min(4 * took_s, LONGEST_S)))

    def _work(self, step: str) -> None:
        """Deliver one subscription's messages until told to stop."""
        while not self.stopping.is_set():
            with trouble_logged(step):
                if self._deliver_next(step):
                    continue
            self.stopping.wait(IDLE_S)

    def _deliver_next(self, step: str) -> bool:
        """Deliver one message if one is due. Looking first spares the writers a lock."""
        due = self._bus.next_due(step)
        if due is None or due > self._clock.now():
            return False
        found = self._bus.pull(step, 1)
        for delivery in found:
            self._deliver(step, delivery)
        return bool(found)

    def _deliver(self, step: str, delivery: Delivery) -> None:
        status, answer = self._functions.post(step, encode_push(delivery))
        if not 200 <= status < 300:  # noqa: PLR2004 - the range that Pub/Sub takes for yes
            self._bus.nack(delivery, f"{status}: {answer[:200]}")
            return
        if step == "load_silver":
            self._loaded.set()
        self._bus.ack(delivery)

    def _release(self) -> None:
        room = FETCH_QUEUE - self._bus.backlog("fetch_activity")
        if room > 0 and self._bus.backlog("load_silver") < LOAD_QUEUE:
            self.order("release_work", {"limit": room})

    def _build(self) -> None:
        if self._loaded.is_set():
            self._loaded.clear()
            if self.order("build_marts", {}) >= 500:  # noqa: PLR2004 - it did not run; it must again
                self._loaded.set()
