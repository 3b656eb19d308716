"""What people do on Strava while it burns, and which of it an accepted event has told us."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from paceline.cli.rehearsal import Rehearsal

Row = dict[str, Any]

# How often each thing happens. Of the last three Strava tells nobody.
SHARES = {
    "upload": 40,
    "rename": 14,
    "retype": 5,
    "hide": 10,
    "delete": 9,
    "restore": 5,
    "regear": 7,
    "crop": 6,
    "stretch": 4,
}
SILENT = {"regear", "crop", "stretch"}
SPORTS = ("Ride", "GravelRide", "Run", "TrailRun", "Hike", "Workout")

RECENT = 30  # most things happen to what was uploaded last
SHORTEST_S = 60  # that a crop leaves
# Our clock is a moment behind the simulator's; so much later, a change has surely happened.
SLACK_S = 1.0


@dataclass(frozen=True)
class Change:
    """The last thing that happened to an activity."""

    at_s: float  # simulated, at the latest
    first_number: int | None  # its event has this number or a later one; None for a silent change


class People:
    """They act one after the other; the simulator answers what became of the activity."""

    def __init__(self, world: Rehearsal, chance: Random) -> None:
        self._world = world
        self._chance = chance
        self._rows: dict[int, Row] = {row["id"]: row for row in world.admin("GET", "truth")}
        self._deleted: list[int] = []
        self._athletes = sorted({row["athlete_id"] for row in self._rows.values()})
        self._newest_number = 0
        self._titles = 0
        self.queued = 0  # events that happened
        self.silent = 0  # changes without one
        self.changes: dict[int, Change] = {}
        self.uploaded_s: dict[int, float] = {}
        self.owners: dict[int, int] = {}

    def act(self) -> None:
        """One thing happens."""
        kind = self._chance.choices(list(SHARES), list(SHARES.values()))[0]
        if kind == "restore" and not self._deleted:
            kind = "upload"
        activity_id = self._upload() if kind == "upload" else self._touch(kind)
        if activity_id is None:
            return
        told = self._world.admin("GET", "events?limit=1")
        first_number = None if kind in SILENT else self._newest_number + 1
        now_s = self._world.runtime.clock.now().timestamp() + SLACK_S
        self.changes[activity_id] = Change(now_s, first_number)
        if kind == "upload":
            self.uploaded_s[activity_id] = now_s
        self.silent += kind in SILENT
        self.queued = told["counters"]["queued"]
        self._newest_number = max((each["number"] for each in told["events"]), default=0)

    def _upload(self) -> int:
        chance = self._chance
        order: Row = {
            "athlete_id": chance.choice(self._athletes),
            "duration_s": chance.randint(240, 1_500),
        }
        if chance.random() < 0.15:  # a watch that was forgotten in a drawer
            order["days_ago"] = chance.uniform(0.1, 60)
        return self._shown(self._world.admin("POST", "activities", order))

    def _touch(self, kind: str) -> int | None:
        """None when there was nothing that this could happen to."""
        if kind == "restore":
            gone = self._deleted.pop(self._chance.randrange(len(self._deleted)))
            return self._shown(self._world.admin("POST", f"activities/{gone}/restore"))
        row = self._somewhere()
        if kind == "delete":
            self._world.admin("DELETE", f"activities/{row['id']}")
            self.owners[row["id"]] = row["athlete_id"]
            self._deleted.append(self._rows.pop(row["id"])["id"])
            return int(row["id"])
        edits: dict[str, Callable[[Row], Row]] = {
            "rename": self._rename,
            "retype": lambda _: {"sport_type": self._chance.choice(SPORTS)},
            "hide": lambda row: {"private": not row["private"]},
            "regear": self._regear,
            "crop": self._crop,
            "stretch": self._stretch,
        }
        edit = edits[kind](row)
        if not edit:
            return None
        return self._shown(self._world.admin("PATCH", f"activities/{row['id']}", edit))

    def _rename(self, _row: Row) -> Row:
        self._titles += 1
        return {"name": f"Title {self._titles}"}

    def _regear(self, row: Row) -> Row:
        mine = (each for each in self._rows.values() if each["athlete_id"] == row["athlete_id"])
        owned = sorted({each["gear_id"] or "" for each in mine} - {row["gear_id"] or ""})
        return {"gear_id": self._chance.choice(owned)} if owned else {}

    def _crop(self, row: Row) -> Row:
        longest = row["elapsed_time"] - SHORTEST_S if row["has_streams"] else 0
        return {"crop_s": self._chance.randint(1, min(60, longest))} if longest > 0 else {}

    def _stretch(self, row: Row) -> Row:
        can = row["has_streams"] and row["distance"]
        return {"distance_scale": round(self._chance.uniform(0.95, 1.05), 3)} if can else {}

    def _somewhere(self) -> Row:
        rows = list(self._rows.values())
        recent = rows[-RECENT:] if self._chance.random() < 0.7 else rows
        return self._chance.choice(recent)

    def _shown(self, row: Row) -> int:
        self.owners[row["id"]] = row["athlete_id"]
        self._rows.pop(row["id"], None)
        self._rows[row["id"]] = row
        return int(row["id"])


@dataclass
class Deliveries:
    """Every delivery that the simulator ever logged; it keeps the last thousand only."""

    world: Rehearsal
    known: dict[int, Row] = field(default_factory=dict)

    def look(self) -> None:
        for each in self.world.admin("GET", "events?limit=1000")["events"]:
            self.known[each["number"]] = each

    def untold(self, changes: dict[int, Change]) -> set[int]:
        """Activities whose last change no event told that we accepted."""
        accepted: dict[int, list[tuple[int, float]]] = {}
        for number, each in self.known.items():
            if each["kind"] != "forged" and (at_s := accepted_at(each)) is not None:
                accepted.setdefault(each["event"]["object_id"], []).append((number, at_s))
        return {
            activity_id
            for activity_id, change in changes.items()
            if not any(
                at_s >= change.at_s
                or (change.first_number is not None and number >= change.first_number)
                for number, at_s in accepted.get(activity_id, [])
            )
        }

    def gone_while_young(self, uploaded_s: dict[int, float], lag_s: float) -> set[int]:
        """Activities that were said to be deleted while Strava answered 404 anyway."""
        return {
            each["event"]["object_id"]
            for each in self.known.values()
            if each["event"]["aspect_type"] == "delete"
            and (at_s := accepted_at(each)) is not None
            and at_s <= uploaded_s.get(each["event"]["object_id"], float("-inf")) + lag_s
        }


def accepted_at(delivery: Row) -> float | None:
    """When it was posted, if that was answered with 200."""
    times: list[float] = [each["at_s"] for each in delivery["attempts"] if each["answer"] == 200]
    return times[0] if times else None
