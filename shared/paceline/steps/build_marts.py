"""Run the script: landing to silver to marts, only what was touched."""

from dataclasses import dataclass

from paceline.model.outcome import Outcome
from paceline.ports import Warehouse


@dataclass(frozen=True)
class Building:
    """What building needs."""

    warehouse: Warehouse


def run(use: Building, *, full: bool = False) -> Outcome:
    report = use.warehouse.refresh(full=full)
    return Outcome(
        "blocked" if report.blocked else "built",
        {
            "touched_activities": report.touched_activities,
            "built": len(report.built),
            "blocked": ", ".join(f"{name} by {why}" for name, why in report.blocked.items()),
        },
    )
