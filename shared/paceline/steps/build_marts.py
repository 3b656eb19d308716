"""Run the script: landing to silver to marts, only what was touched; once a week everything.

The weekly run compares: whatever was built bit by bit must be what a full run builds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from paceline.model.outcome import Outcome
from paceline.ports import Clock, RefreshReport, Warehouse

BETWEEN_COMPARISONS = timedelta(days=7)

# A warehouse that never compared is due a week after its first run.
_LAST = (
    "SELECT COALESCE(MAX(IF(compared_tables > 0, started_at, NULL)), MIN(started_at)) AS last"
    " FROM ops.script_runs"
)


@dataclass(frozen=True)
class Building:
    """What building needs."""

    warehouse: Warehouse
    clock: Clock


def run(use: Building, *, full: bool = False) -> Outcome:
    """What was touched; with `full` everything after that, compared with what was there."""
    report = use.warehouse.refresh()
    if full and not report.blocked:
        report = use.warehouse.refresh(full=True)
    return Outcome(
        _name(report),
        {
            "touched_activities": report.touched_activities,
            "built": len(report.built),
            "blocked": ", ".join(f"{name} by {why}" for name, why in report.blocked.items()),
            "drifted": ", ".join(report.drifted),
        },
    )


def built_as_of(warehouse: Warehouse) -> datetime | None:
    """The instant that the marts are as of; None before the first run."""
    found: datetime | None
    found = warehouse.query("SELECT MAX(set_at) AS set_at FROM ops.clock")["set_at"][0].as_py()
    return found


def compare_weekly(use: Building) -> Outcome:
    """Often asked, seldom due."""
    last = use.warehouse.query(_LAST)["last"][0].as_py()
    if last is None or use.clock.now() - last < BETWEEN_COMPARISONS:
        return Outcome("not_due")
    return run(use, full=True)


def _name(report: RefreshReport) -> str:
    return "blocked" if report.blocked else "drifted" if report.drifted else "built"
