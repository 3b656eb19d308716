"""`paceline status` and `refresh`."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import duckdb

from paceline.model.priority import Priority
from paceline.model.routes import SUBSCRIPTIONS
from paceline.runtime import current
from paceline.runtime.local import LocalRuntime
from paceline.steps import backfill, build_marts
from paceline.steps.release_work import READS_PER_ACTIVITY

# What a published mart answers about itself; the names are those of the report.
_MARTS = {
    "activities": "SELECT count(*) FROM activity_summary",
    "landed_until": "SELECT CAST(landed_until AS VARCHAR) FROM freshness",
    "blocked_tables": "SELECT blocked_tables FROM freshness",
}
_COMPLETENESS = "SELECT athlete_id, year, told FROM completeness ORDER BY ALL"
_FAILURES = "SELECT stage, error_type, failures FROM failures ORDER BY ALL"


def refresh(*, full: bool) -> int:
    outcome = build_marts.run(current().building_marts, full=full)
    print(f"{outcome.name}: " + ", ".join(f"{k} {v}" for k, v in outcome.fields.items()))
    return 0 if outcome.name == "built" else 1


def status(*, as_json: bool) -> int:
    report = collect(current())
    print(json.dumps(report, indent=2, default=str) if as_json else _page(report))
    return 0


def collect(runtime: LocalRuntime) -> dict[str, Any]:
    parked = runtime.ledger.parked()
    use = runtime.backfilling
    return {
        "athletes": [asdict(athlete) for athlete in runtime.vault.athletes()],
        "reads": asdict(runtime.budget.current()),
        "activities": runtime.ledger.counts(),
        "parked": {each.name: count for each, count in parked.items()},
        "backfill_done_at": runtime.budget.done_at(
            parked[Priority.BACKFILL] * READS_PER_ACTIVITY
        ).isoformat(),
        "backfills_listing": [asdict(each) for each in backfill.unfinished(use)],
        "waiting": {each.name: runtime.bus.backlog(each.name) for each in SUBSCRIPTIONS},
        "dead_letters": {
            each.name: len(runtime.bus.dead_letters(each.name)) for each in SUBSCRIPTIONS
        },
        "spooled": sum(1 for _ in runtime.bronze.names("spool/")),
        "marts": _marts(runtime),
    }


def _marts(runtime: LocalRuntime) -> dict[str, Any]:
    if not runtime.marts_path.exists():
        return {"activities": 0, "rebuilt": None, "completeness": [], "failures": []}
    with duckdb.connect(str(runtime.marts_path), read_only=True) as connection:
        found: dict[str, Any] = {
            name: (connection.execute(query).fetchone() or (None,))[0]
            for name, query in _MARTS.items()
        }
        for name, query in (("completeness", _COMPLETENESS), ("failures", _FAILURES)):
            cursor = connection.execute(query)
            columns = [column[0] for column in cursor.description or []]
            found[name] = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    rebuilt = datetime.fromtimestamp(runtime.marts_path.stat().st_mtime, UTC)
    return found | {"rebuilt": rebuilt.isoformat()}


def _page(report: dict[str, Any]) -> str:
    reads, marts = report["reads"], report["marts"]
    lines = [
        f"athletes      {_athletes(report['athletes'])}",
        "reads         "
        + ", ".join(
            f"{reads[window]['used']} of {reads[window]['limit']} this {name}"
            for window, name in (("short", "quarter of an hour"), ("long", "day"))
        ),
        "activities    " + _counts(report["activities"]),
        "parked        " + _counts(report["parked"]).lower() + _eta(report),
        "waiting       " + _counts(report["waiting"]) + f", {report['spooled']} spooled",
        "dead letters  " + _counts(report["dead_letters"]),
        f"marts         {marts['activities']} activities, rebuilt {marts['rebuilt'] or 'never'}",
    ]
    if marts.get("blocked_tables"):
        lines.append(f"blocked       {marts['blocked_tables']} tables, by checks that failed")
    lines += [f"complete      {row['athlete_id']}: {row['told']}" for row in marts["completeness"]]
    lines += [
        f"failed        {row['failures']} {row['error_type']} in {row['stage']}"
        for row in marts["failures"]
    ]
    if reads["blocked_until"] or reads["halted"]:
        lines.append(f"stopped       until {reads['blocked_until']}: {reads['halted'] or '429'}")
    return "\n".join(lines)


def _athletes(athletes: list[dict[str, Any]]) -> str:
    lost = [str(each["athlete_id"]) for each in athletes if each["status"] == "needs_reauth"]
    active = sum(each["status"] == "active" for each in athletes)
    again = f"; must connect again: {', '.join(lost)}" if lost else ""
    return f"{active} connected{again}"


def _eta(report: dict[str, Any]) -> str:
    listing = len(report["backfills_listing"])
    more = f"; {listing} still being listed" if listing else ""
    if not report["parked"][Priority.BACKFILL.name]:
        return more
    return f"; backfill done about {report['backfill_done_at'][:16]}{more}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
