"""The deployed functions behind one port, for emulators: Pub/Sub pushes to them, threads schedule.

What Cloud Run, Cloud Scheduler and BigQuery's scheduled query do in the cloud.
"""

from functools import partial

from paceline.runtime.functions import Functions
from paceline.runtime.gcp import GcpRuntime
from paceline.runtime.serving import Service

SERVED = ("receive_webhook", "connect_athlete", "fetch_activity", "load_silver", "forget_athlete")


class PushedService(Service):
    def __init__(self, runtime: GcpRuntime, functions: Functions) -> None:
        super().__init__(runtime, functions, SERVED)

    def start(self) -> None:
        super().start()
        every = {
            "release_work": self.settings.tick_s,
            "reconcile": self.settings.reconcile_s,
            "build_marts": self.settings.refresh_s,
        }
        for step, every_s in every.items():
            self.repeat(step, every_s, partial(self.order, step, {}), at_once=False)
