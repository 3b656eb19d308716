"""Whether all is well after the fire, and what there is to say of it."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from paceline.cli.rehearsal import Rehearsal
from paceline.cli.truth import differences, differing
from paceline.cli.truth_lake import Compared, compare_lake
from tests.e2e.commands import paceline

Row = dict[str, Any]

MOST_SHOWN = 30
REBUILT_WITHIN_S = 1_200
PLENTY = [10_000_000, 10_000_000]


@dataclass
class Report:
    seed: int
    events: int = 0
    silent: int = 0  # changes of which Strava tells nobody
    delivery: dict[str, int] = field(default_factory=dict)  # the simulator's counters
    kills: int = 0
    commands_killed: int = 0
    reconnects: int = 0
    untold: int = 0  # activities whose last change no event told
    dead_letters: int = 0
    healed: int = 0
    reads: int = 0
    refused: int = 0  # over the quota
    waited: int = 0  # times that work was parked because the reads of a window were used
    seconds: float = 0.0
    compared: Compared = field(default_factory=Compared)
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        sent, done = self.delivery, self.compared
        rows = {
            "events": "{duplicated} duplicated, {held} held back, {dropped} dropped, {lost} lost, "
            "{forged} forged".format_map(sent),
            "kills": f"{self.kills}, {self.commands_killed} of them of a command beside the "
            f"service; {self.reconnects} athletes connected again",
            "dead": f"{self.dead_letters} messages, sent again",
            "reads": f"{self.reads} used, {self.refused} over the quota; {self.waited} pieces of "
            "work waited for it",
            "reconcile": f"{self.untold} activities whose last change nobody told; {self.healed} "
            "healed",
            "compared": f"{done.activities} activities, {len(done.recorded)} streams, "
            f"{done.identical} details byte for byte; {done.gone} are gone from every layer",
            "took": f"{self.seconds:.0f} s",
        }
        lines = [f"seed {self.seed}: {self.events} events and {self.silent} silent changes"]
        lines += [f"  {name:<10} {text}" for name, text in rows.items()]
        lines += [f"  FAULT {fault}" for fault in self.faults[:MOST_SHOWN]]
        return "\n".join([*lines, f"{len(self.faults)} faults."])


def visible(world: Rehearsal, few: int) -> list[Row]:
    """What our tokens see: `few` did not grant private activities."""
    truth: list[Row] = world.admin("GET", "truth")
    return [row for row in truth if not (row["athlete_id"] == few and row["private"])]


def untold_faults(world: Rehearsal, few: int, excused: set[int]) -> list[str]:
    """What the marts say wrongly, except of the excused."""
    faults = differing(visible(world, few), world.runtime.marts_path)
    return [
        f"{number}: {fault}"
        for number in sorted(faults.keys() - excused)
        for fault in faults[number]
        if not fault.startswith("has_streams")  # near home some have none for `few`
    ]


def judge(world: Rehearsal, few: int, report: Report) -> None:
    """Everything, once nothing is under way any more. The service is stopped for it."""
    quota = world.admin("GET", "quota")
    report.refused, report.reads = quota["refused"], world.admin("GET", "state")["read_calls"]
    report.faults += [f"{quota['refused']} calls over the quota"] if quota["refused"] else []
    report.faults += _status_faults(json.loads(paceline(world, "status", "--json").stdout))
    world.processes.stop("paceline")
    world.admin("POST", "quota", {"read_limits": PLENTY, "overall_limits": PLENTY})
    truth = visible(world, few)
    runtime = world.runtime
    report.compared = compare_lake(
        {row["id"]: row["athlete_id"] for row in truth},
        _Asker(world).ask,
        runtime.bronze,
        runtime.home / "warehouse.duckdb",
        runtime.landing_schemas["landing.activities"],
    )
    report.faults += report.compared.faults
    for row in truth:
        row["has_streams"] = row["id"] in report.compared.recorded
    report.faults += differences(truth, runtime.marts_path)
    report.faults += _rebuilt_otherwise(world)
    lines = _log(world)
    report.waited = sum("reads for" in line.get("why", "") for line in lines)
    report.faults += _crashes(lines)
    with duckdb.connect(str(runtime.marts_path), read_only=True) as marts:
        complete = (
            "SELECT sum(healed)::INT, sum(abs(held - listed)), sum(held_back) FROM completeness"
        )
        report.healed, *amiss = marts.execute(complete).fetchall()[0]
    report.faults += [f"completeness is off by {amiss}"] if any(amiss) else []


def _status_faults(status: Row) -> list[str]:
    """What an operator would see that is not as it should be."""
    found = {
        "parked": sum(status["parked"].values()),
        "waiting": sum(status["waiting"].values()),
        "dead letters": sum(status["dead_letters"].values()),
        "spooled": status["spooled"],
        "failed": status["activities"]["failed"],
        "backfills": len(status["backfills_listing"]),
        "lost athletes": sum(each["status"] != "active" for each in status["athletes"]),
    }
    return [f"status says {count} {name}" for name, count in found.items() if count]


class _Asker:
    """Asks the API as an athlete's token may."""

    def __init__(self, world: Rehearsal) -> None:
        self._world = world
        self._tokens: dict[int, str] = {}

    def ask(self, athlete_id: int, path: str) -> tuple[int, bytes]:
        if athlete_id not in self._tokens:
            self._tokens[athlete_id] = self._world.runtime.vault.access_token(athlete_id)
        request = urllib.request.Request(
            f"{self._world.url('simulator')}/api/v3/{path}",
            headers={"authorization": f"Bearer {self._tokens[athlete_id]}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


def _rebuilt_otherwise(world: Rehearsal) -> list[str]:
    """What a rebuild from bronze alone makes differently from what was built bit by bit."""
    report = world.runtime.duckdb.refresh(full=True)
    world.runtime.close()
    faults = [f"{name} is blocked by {why}" for name, why in report.blocked.items()]
    faults += [f"{name} drifted: {what}" for name, what in report.drifted.items()]
    rebuilt = paceline(world, "rebuild", within_s=REBUILT_WITHIN_S)
    return faults + ([f"rebuild: {rebuilt.stdout} {rebuilt.stderr}"] if rebuilt.returncode else [])


def _log(world: Rehearsal) -> list[Row]:
    text = (world.home / "logs" / "paceline.log").read_text(errors="replace")
    found = []
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                found.append(json.loads(line))
            except ValueError:
                continue  # cut off by a kill
    return found


def _crashes(lines: Iterable[Row]) -> list[str]:
    """What a step raised and nobody had expected."""
    raised: Sequence[str] = [
        f"{line['step']} raised {line.get('error')}" for line in lines if line["outcome"] == "error"
    ]
    return sorted(set(raised))
