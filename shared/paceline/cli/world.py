"""The whole system here, against a simulated Strava, whatever runtime it runs on."""

import json
import os
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from paceline.cli.processes import Processes, free_port
from paceline.cli.truth import differences
from paceline.errors import StravaRefused
from paceline.model.routes import SUBSCRIPTIONS
from paceline.runtime.parts import Runtime
from paceline.steps import backfill, connect_athlete

WANTED_PORTS = {"simulator": 8322, "paceline": 8321, "dashboard": 8501}

# More reads than Strava grants anybody: a history arrives in a minute, not in days.
LISTED_WITHIN_S = 120
SUBSCRIBED_WITHIN_S = 60
PLENTY = ("--read-limits", "100000,1000000", "--overall-limits", "100000,1000000")


R_co = TypeVar("R_co", bound=Runtime, covariant=True)


@dataclass
class World(Generic[R_co]):
    """Processes, ports and our own hands on the stores, below one folder."""

    settles_within_s: ClassVar[float] = 120  # the marts, after the last event

    root: Path
    home: Path
    flags: Sequence[str] = ()  # the simulator's
    changes: Mapping[str, str] = field(default_factory=dict)  # to our settings
    wanted_ports: Mapping[str, int] = field(default_factory=WANTED_PORTS.copy)
    ports: dict[str, int] = field(default_factory=dict)
    moved: dict[str, int] = field(default_factory=dict)  # wanted ports that were taken
    clock: str = ""  # PACELINE_CLOCK; the machine's own time without one

    def __post_init__(self) -> None:
        taken: set[int] = set()
        for name, wanted in self.wanted_ports.items():
            self.ports[name] = free_port(wanted, taken)
            if self.ports[name] != wanted:
                self.moved[name] = wanted
        self.processes = Processes(self.root, self.home / "logs")

    @cached_property
    def runtime(self) -> R_co:
        return self.make_runtime()

    def make_runtime(self) -> R_co:
        """Our own hands on the stores."""
        raise NotImplementedError

    def marts(self) -> Path:
        """A DuckDB file with the marts as they are now."""
        raise NotImplementedError

    def places(self) -> list[tuple[str, str, str]]:
        """What is where, for a person."""
        raise NotImplementedError

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
            **({"PACELINE_CLOCK": self.clock} if self.clock else {}),
            **self.changes,
        }

    def start_simulator(self) -> None:
        port = str(self.ports["simulator"])
        arguments = ["simulator", "--port", port, "--exit-with-parent", *PLENTY, *self.flags]
        self.processes.start("simulator", arguments, _environment())
        self.processes.wait_for_port("simulator", self.ports["simulator"])

    def start_service(self, *, wait: bool = True) -> None:
        self.start_command("paceline", "up", "--exit-with-parent")
        if wait:
            self.processes.wait_for_port("paceline", self.ports["paceline"])

    def start_command(self, name: str, *arguments: str) -> None:
        """`paceline` with these arguments, as a child that is called `name`."""
        env = _environment() | self.settings()
        self.processes.start(name, ["paceline", *arguments], env)

    def start_dashboard(self) -> None:
        port = self.ports["dashboard"]
        arguments = ["streamlit", "run", "dashboard/app.py", "--server.headless", "true"]
        arguments += ["--server.address", "127.0.0.1", "--server.port", str(port)]
        arguments += ["--browser.gatherUsageStats", "false"]
        env = _environment() | {"PACELINE_MARTS": str(self.marts())}
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

    def move_clock(self, seconds: float, *, speed: float) -> None:
        """Time passes at the simulator. Whoever of us starts from now on goes by its clock.

        Ours is a moment late and never early: no call is made before its quarter has begun.
        """
        answer = self.admin("POST", "clock", {"seconds": seconds, "speed": speed})
        simulated = datetime.fromtimestamp(answer["now_s"], UTC)
        self.clock = f"{datetime.now(UTC).isoformat()},{simulated.isoformat()},{speed:g}"
        self._drop_runtime()

    def connect(self) -> list[int]:
        """What the athletes' clicks and `paceline subscribe create` do."""
        athletes = [each["id"] for each in self.admin("GET", "athletes")]
        self.subscribe()
        for athlete_id in athletes:
            self.connect_athlete(athlete_id)
        return athletes

    def connect_athlete(self, athlete_id: int, scope: str = "") -> None:
        """The athlete's clicks; without a scope they allow whatever is asked for."""
        order = {"athlete_id": athlete_id} | ({"scope": scope} if scope else {})
        consent = self.admin("POST", "authorize", order)
        connect_athlete.connect(consent["code"], self.runtime.connecting)

    def subscribe(self) -> None:
        """Asked again while a service that has just started on a busy machine is slow to answer."""
        deadline = time.monotonic() + SUBSCRIBED_WITHIN_S
        while True:
            try:
                return self.remember_subscription(self._subscription_id())
            except StravaRefused:
                if time.monotonic() > deadline:
                    raise
                self.processes.alive()
                time.sleep(1)

    def _subscription_id(self) -> int:
        settings = self.runtime.settings
        callback = f"{self.url('paceline')}/receive_webhook/{settings.webhook_secret}"
        return self.runtime.subscription.ensure(callback, settings.verify_token)

    def remember_subscription(self, subscription_id: int) -> None:
        self.runtime.remember_subscription(subscription_id)

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
        return differences(self.admin("GET", "truth"), self.marts())

    def built_since(self, moment: datetime) -> bool:
        """Whether every mart shows what had landed by then. Here they are published at once."""
        del moment
        return True

    def final_differences(self) -> list[str]:
        """What else must hold once everything has settled."""
        return []

    def dead_letters(self) -> list[str]:
        dead = self.runtime.dead_letters
        return [each.reason for step in SUBSCRIPTIONS for each in dead.dead_letters(step.name)]

    def close(self) -> None:
        try:
            self._drop_runtime()
        finally:
            self.processes.stop()

    def _drop_runtime(self) -> None:
        if runtime := self.__dict__.pop("runtime", None):
            runtime.close()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PACELINE_")}
