"""The whole system here, against a simulated Strava: what the demo and the hard tests share."""

import json
import os
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from paceline.cli.processes import Processes, free_port
from paceline.cli.truth import differences
from paceline.runtime.local import LocalRuntime
from paceline.runtime.settings import Settings
from paceline.steps import backfill, connect_athlete

WANTED_PORTS = {"simulator": 8322, "paceline": 8321, "dashboard": 8501}

# More reads than Strava grants anybody: a history arrives in a minute, not in days.
LISTED_WITHIN_S = 120
PLENTY = ("--read-limits", "100000,1000000", "--overall-limits", "100000,1000000")


@dataclass
class Rehearsal:
    """Processes, ports and our own hands on the stores, below one folder."""

    root: Path
    home: Path
    flags: Sequence[str] = ()  # the simulator's
    changes: Mapping[str, str] = field(default_factory=dict)  # to our settings
    ports: dict[str, int] = field(default_factory=dict)
    moved: dict[str, int] = field(default_factory=dict)  # wanted ports that were taken

    def __post_init__(self) -> None:
        taken: set[int] = set()
        for name, wanted in WANTED_PORTS.items():
            self.ports[name] = free_port(wanted, taken)
            if self.ports[name] != wanted:
                self.moved[name] = wanted
        self.processes = Processes(self.root, self.home / "logs")

    @cached_property
    def runtime(self) -> LocalRuntime:
        return LocalRuntime(Settings.from_env(self.settings()))

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def settings(self) -> dict[str, str]:
        simulator = self.url("simulator")
        return {
            "PACELINE_HOME": str(self.home),
            "PACELINE_ROOT": str(self.root),
            "PACELINE_PORT": str(self.ports["paceline"]),
            "PACELINE_STRAVA_API_BASE": f"{simulator}/api/v3",
            "PACELINE_STRAVA_OAUTH_BASE": f"{simulator}/oauth",
            "PACELINE_STRAVA_CLIENT_ID": "12345",
            "PACELINE_STRAVA_CLIENT_SECRET": "simulated-secret",
            "PACELINE_VERIFY_TOKEN": "rehearsal-verify-token",
            "PACELINE_WEBHOOK_SECRET": "rehearsal-webhook-secret",
            "PACELINE_TICK_S": "0.5",
            "PACELINE_REFRESH_S": "1",
            "PACELINE_LEASE_S": "10",
            **self.changes,
        }

    def start_simulator(self) -> None:
        port = str(self.ports["simulator"])
        arguments = ["simulator", "--port", port, "--exit-with-parent", *PLENTY, *self.flags]
        self.processes.start("simulator", arguments, _environment())
        self.processes.wait_for_port("simulator", self.ports["simulator"])

    def start_service(self) -> None:
        env = _environment() | self.settings()
        self.processes.start("paceline", ["paceline", "up", "--exit-with-parent"], env)
        self.processes.wait_for_port("paceline", self.ports["paceline"])

    def start_dashboard(self) -> None:
        port = self.ports["dashboard"]
        arguments = ["streamlit", "run", "dashboard/app.py", "--server.headless", "true"]
        arguments += ["--server.address", "127.0.0.1", "--server.port", str(port)]
        arguments += ["--browser.gatherUsageStats", "false"]
        env = _environment() | {"PACELINE_MARTS": str(self.runtime.marts_path)}
        self.processes.start("dashboard", arguments, env)
        self.processes.wait_for_port("dashboard", port)

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the simulator behind the scenes, or cause something there."""
        request = urllib.request.Request(  # noqa: S310 - an address of our own making
            f"{self.url('simulator')}/_sim/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return json.loads(response.read() or b"null")

    def connect(self) -> list[int]:
        """What the athletes' clicks and `paceline subscribe create` do."""
        runtime, settings = self.runtime, self.runtime.settings
        connected = []
        for athlete in self.admin("GET", "athletes"):
            consent = self.admin("POST", "authorize", {"athlete_id": athlete["id"]})
            connected.append(connect_athlete.connect(consent["code"], runtime.connecting))
        callback = f"{self.url('paceline')}/receive_webhook/{settings.webhook_secret}"
        subscription_id = runtime.subscription.ensure(callback, settings.verify_token)
        runtime.remember_subscription(subscription_id)
        return [each.athlete_id for each in connected]

    def plan_backfill(self) -> int:
        """Wait until every activity of every athlete is listed; how many there are."""
        deadline = time.monotonic() + LISTED_WITHIN_S
        while backfill.unfinished(self.runtime.backfilling):
            self.processes.alive_before(deadline)
            time.sleep(0.1)
        return sum(self.runtime.ledger.counts().values())

    def events(self) -> dict[str, int]:
        """How many events are queued, delivered, lost and pending at the simulator."""
        counts: dict[str, int] = self.admin("GET", "state")["events"]
        return counts

    def differences(self) -> list[str]:
        return differences(self.admin("GET", "truth"), self.runtime.marts_path)

    def dead_letters(self) -> list[str]:
        steps = ("fetch_activity", "load_silver")
        return [each.reason for step in steps for each in self.runtime.bus.dead_letters(step)]

    def close(self) -> None:
        try:
            self.runtime.close()
        finally:
            self.processes.stop()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PACELINE_")}
