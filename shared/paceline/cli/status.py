"""`paceline status` and `refresh`."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import duckdb

from paceline.model.routes import SUBSCRIPTIONS
from paceline.runtime import current
from paceline.runtime.local import LocalRuntime
from paceline.steps import build_marts


def refresh(*, full: bool) -> int:
    outcome = build_marts.run(current().building_marts, full=full)
    print(f"{outcome.name}: " + ", ".join(f"{k} {v}" for k, v in outcome.fields.items()))
    return 1 if outcome.name == "blocked" else 0


def status(*, as_json: bool) -> int:
    report = collect(current())
    print(json.dumps(report, indent=2, default=str) if as_json else _page(report))
    return 0


def collect(runtime: LocalRuntime) -> dict[str, Any]:
    return {
        "athletes": [asdict(athlete) for athlete in runtime.vault.athletes()],
        "reads": asdict(runtime.budget.current()),
        "activities": runtime.ledger.counts(),
        "waiting": {each.name: runtime.bus.backlog(each.name) for each in SUBSCRIPTIONS},
        "dead_letters": {
            each.name: len(runtime.bus.dead_letters(each.name)) for each in SUBSCRIPTIONS
        },
        "marts": _marts(runtime),
    }


def _marts(runtime: LocalRuntime) -> dict[str, Any]:
    if not runtime.marts_path.exists():
        return {"activities": 0, "rebuilt": None}
    with duckdb.connect(str(runtime.marts_path), read_only=True) as connection:
        count = connection.execute("SELECT count(*) FROM marts.activity_summary").fetchone()
    rebuilt = datetime.fromtimestamp(runtime.marts_path.stat().st_mtime, UTC)
    return {"activities": count[0] if count else 0, "rebuilt": rebuilt.isoformat()}


def _page(report: dict[str, Any]) -> str:
    reads, marts = report["reads"], report["marts"]
    lines = [
        f"athletes      {len(report['athletes'])} connected",
        "reads         "
        + ", ".join(
            f"{reads[window]['used']} of {reads[window]['limit']} this {name}"
            for window, name in (("short", "quarter of an hour"), ("long", "day"))
        ),
        "activities    " + _counts(report["activities"]),
        "waiting       " + _counts(report["waiting"]),
        "dead letters  " + _counts(report["dead_letters"]),
        f"marts         {marts['activities']} activities, rebuilt {marts['rebuilt'] or 'never'}",
    ]
    if reads["blocked_until"]:
        lines.append(f"stopped       until {reads['blocked_until']}: {reads['halted'] or '429'}")
    return "\n".join(lines)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
