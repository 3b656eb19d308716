"""What goes wrong while people use Strava: its moods, kills at random, tokens that are lost."""

import time
from collections.abc import Mapping
from contextlib import suppress
from random import Random
from typing import Any

from paceline.cli.rehearsal import Rehearsal
from paceline.errors import Retryable
from tests.chaos.fire_people import Change
from tests.chaos.fire_verdict import Report

# All the time.
TROUBLE: dict[str, Any] = {
    "rotation": "always",
    "webhook_gap_s": 120.0,
    "duplicate_share": 0.1,
    "loss_share": 0.1,
    "forge_share": 0.05,
    "reorder_share": 0.2,
    "delay_s": 60.0,
}
LONGEST_LAG_S = 240.0

# One after the other, over the trouble.
MOODS: tuple[dict[str, Any], ...] = (
    {},
    {"error_share": 0.15, "html_share": 0.05},
    {"hang_share": 0.03, "hang_s": 30.0},  # longer than anybody waits
    {"hang_share": 0.2, "hang_s": 0.7},
    {"refuse_share": 0.01},
    {"not_found_lag_s": LONGEST_LAG_S, "streams_lag_s": 900.0},
    {"not_found_lag_s": 30.0, "empty_not_found": True},
    {"streams_lag_s": 2_400.0, "error_share": 0.03},
    {"usage_headers": "nowhere"},
    {"usage_headers": "malformed", "html_share": 0.03},
)
SLOTS = 20  # in which one mood lasts
CLOSED_SLOT = 18  # in this one the whole application is refused

COMMANDS = (("reconcile", "--full"), ("reconcile",), ("backfill",))
KILLS_OF_COMMANDS = 0.15
AIMED_KILLS = 0.15  # while a token is being refreshed, or nearly so
LOSSES = {0.05: False, 0.4: True}  # when a token is lost, and whether somebody forges on top of it


class Arson:
    """Everything is planned by the number of events that have happened."""

    def __init__(
        self, world: Rehearsal, chance: Random, scopes: Mapping[int, str], report: Report
    ) -> None:
        self._world = world
        self._chance = chance
        self._scopes = scopes
        self._report = report
        self._dies_at: float | None = None  # the command that runs beside the service
        self._erased: dict[int, float] = {}  # athletes, and until when nothing was kept for them
        self._hidden_at_s: list[float] = []  # when the lag of new activities was turned up

    def plan(self, events: int, kills: int) -> None:
        chance = self._chance
        moods = chance.sample(MOODS, len(MOODS)) + chance.sample(MOODS, len(MOODS))
        self._kills = kills
        self._kills_at = sorted(chance.sample(range(events), kills), reverse=True)
        self._moods_at = [(events * slot // SLOTS, moods[slot]) for slot in range(SLOTS)]
        self._moods_at[CLOSED_SLOT] = (self._moods_at[CLOSED_SLOT][0], {"inactive": True})
        self._moods_at.reverse()
        victims = chance.sample([each.athlete_id for each in self._vault.athletes()], len(LOSSES))
        self._losses_at = [
            (share * events, victim, forged)
            for (share, forged), victim in zip(LOSSES.items(), victims, strict=True)
        ][::-1]

    def until(self, events: int) -> None:
        """Whatever is due when so many events have happened."""
        while self._moods_at and self._moods_at[-1][0] <= events:
            self._turn(TROUBLE | self._moods_at.pop()[1])
        while self._losses_at and self._losses_at[-1][0] <= events:
            _, victim, forged = self._losses_at.pop()
            self._lose_token(victim, forged=forged)
        while self._kills_at and self._kills_at[-1] <= events:
            self._kills_at.pop()
            self._kill()
        self._end_command()

    def finish(self) -> None:
        """The rest of the kills; then all is calm, but for the rotation."""
        if self._dies_at is not None:
            self._dies_at = time.monotonic()
            self._end_command()
        while self._report.kills < self._kills:
            self._kill_service()
            time.sleep(self._chance.uniform(0.0, 3.0))
        self._turn({})

    def reconnect(self) -> None:
        """What a person does who reads that an athlete must connect again."""
        for athlete in self._vault.athletes():
            if athlete.status == "active":
                continue
            with suppress(Retryable):  # the next look
                self._world.connect_athlete(
                    athlete.athlete_id, self._scopes.get(athlete.athlete_id, "")
                )
                self._report.reconnects += 1
                if athlete.status == "erasing":
                    now_s = self._world.runtime.clock.now().timestamp()
                    self._erased[athlete.athlete_id] = now_s

    def while_erasing(self, changes: Mapping[int, Change], owners: Mapping[int, int]) -> set[int]:
        """Activities that changed last before their athlete, believed to have left, came back."""
        never = float("-inf")
        return {
            number
            for number, change in changes.items()
            if change.at_s <= self._erased.get(owners[number], never)
        }

    def hidden(self, uploaded_s: Mapping[int, float]) -> set[int]:
        """Activities that could be seen and then not, since they were young when the lag began."""
        return {
            number
            for number, at_s in uploaded_s.items()
            if any(at_s <= hidden_s <= at_s + LONGEST_LAG_S for hidden_s in self._hidden_at_s)
        }

    def _turn(self, knobs: Mapping[str, Any]) -> None:
        self._world.admin("DELETE", "knobs")
        self._world.admin("PATCH", "knobs", {"rotation": "always"} | dict(knobs))
        if "not_found_lag_s" in knobs:
            self._hidden_at_s.append(self._world.runtime.clock.now().timestamp())

    def _kill(self) -> None:
        # A stranger names another athlete as the owner, now and then even the right one.
        stranger = self._chance.choice([each.athlete_id for each in self._vault.athletes()])
        self._world.admin("POST", "events", {"kind": "delete", "owner_id": stranger})
        if self._dies_at is None and self._chance.random() < KILLS_OF_COMMANDS:
            self._world.start_command("command", *self._chance.choice(COMMANDS))
            self._dies_at = time.monotonic() + self._chance.uniform(0.5, 2.5)
        else:
            self._kill_service()

    def _kill_service(self) -> None:
        """Wherever it is; also while it starts after the last kill."""
        self._world.processes.alive("paceline")
        if self._chance.random() < AIMED_KILLS:
            self._world.admin("POST", "events", {"kind": "deauthorization"})
            time.sleep(self._chance.uniform(0.0, 0.1))
        self._world.processes.kill("paceline")
        self._report.kills += 1
        self._world.start_service(wait=False)

    def _end_command(self) -> None:
        if self._dies_at is not None and time.monotonic() >= self._dies_at:
            self._dies_at = None
            running = self._world.processes.running["command"].poll() is None
            self._world.processes.kill("command")
            self._report.kills += running
            self._report.commands_killed += running

    def _lose_token(self, athlete_id: int, *, forged: bool) -> None:
        """As a kill does between Strava's answer to a refresh and our storing it."""
        stored = self._vault._read(athlete_id)
        self._world.runtime.oauth.refresh(self._vault._open(stored).refresh_token)
        if forged:
            who = {"owner_id": athlete_id, "object_id": athlete_id}
            self._world.admin("POST", "events", {"kind": "deauthorization", **who})

    @property
    def _vault(self) -> Any:
        return self._world.runtime.vault
