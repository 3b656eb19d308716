"""`paceline status` and `refresh`."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from paceline.counters import STRANGERS
from paceline.errors import StoreUnavailable
from paceline.model.priority import Priority
from paceline.model.routes import SUBSCRIPTIONS
from paceline.runtime import current
from paceline.runtime.parts import Runtime
from paceline.steps import backfill, build_marts

_COUNT = "SELECT COUNT(*) AS activities FROM marts.activity_summary"
_FRESHNESS = "SELECT refreshed_at AS rebuilt, landed_until, blocked_tables FROM marts.freshness"
_LISTS = {
    "completeness": (
        "SELECT athlete_id, year, told FROM marts.completeness ORDER BY athlete_id, year"
    ),
    "failures": (
        "SELECT stage, error_type, failures FROM marts.failures ORDER BY stage, error_type"
    ),
}
_NOTHING = {"activities": 0, "rebuilt": None, "landed_until": None, "blocked_tables": None}


def refresh(*, full: bool) -> int:
    outcome = build_marts.run(current().building_marts, full=full)
    print(f"{outcome.name}: " + ", ".join(f"{k} {v}" for k, v in outcome.fields.items()))
    return 0 if outcome.name == "built" else 1


def status(*, as_json: bool) -> int:
    report = collect(current())
    print(json.dumps(report, indent=2, default=str) if as_json else _page(report))
    return 0


def collect(runtime: Runtime) -> dict[str, Any]:
    parked = runtime.ledger.parked()
    use = runtime.backfilling
    return {
        "athletes": [asdict(athlete) for athlete in runtime.vault.athletes()],
        "reads": asdict(runtime.budget.current()),
        "activities": runtime.ledger.counts(),
        "parked": {each.name: count for each, count in parked.items()},
        "backfill_done_at": runtime.budget.done_at(
            runtime.ledger.parked_reads(Priority.BACKFILL)
        ).isoformat(),
        "backfills_listing": [asdict(each) for each in backfill.unfinished(use)],
        "waiting": runtime.waiting(),
        "dead_letters": {
            each.name: len(runtime.dead_letters.dead_letters(each.name)) for each in SUBSCRIPTIONS
        },
        "spooled": sum(1 for _ in runtime.bronze.names("spool/")),
        "unverified_deauthorisations": runtime.claims.open(),
        "counters": {STRANGERS: 0, **runtime.counters.all()},
        "marts": _marts(runtime),
    }


def _marts(runtime: Runtime) -> dict[str, Any]:
    try:
        with runtime.reader() as reader:
            found = {**_NOTHING, **reader.query(_COUNT).to_pylist()[0]}
            for row in reader.query(_FRESHNESS).to_pylist():
                found |= {
                    n: v.isoformat() if hasattr(v, "isoformat") else v for n, v in row.items()
                }
            return found | {name: reader.query(sql).to_pylist() for name, sql in _LISTS.items()}
    except StoreUnavailable:
        return _NOTHING | {name: [] for name in _LISTS}


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
        "waiting       " + _waiting(report),
        "dead letters  " + _counts(report["dead_letters"]),
        f"strangers     {report['counters'][STRANGERS]} events of athletes who never connected",
        f"marts         {marts['activities']} activities, rebuilt {marts['rebuilt'] or 'never'}",
    ]
    lines += [
        f"trouble       {each['athlete_id']}: {each['trouble']}"
        for each in report["athletes"]
        if each["trouble"]
    ]
    if count := report["unverified_deauthorisations"]:
        lines.append(f"leaving       {count} who are said to have left; Strava is asked again")
    if marts.get("blocked_tables"):
        lines.append(f"blocked       {marts['blocked_tables']} tables, by checks that failed")
    lines += [f"complete      {row['athlete_id']}: {row['told']}" for row in marts["completeness"]]
    lines += [
        f"failed        {row['failures']} {row['error_type']} in {row['stage']}"
        for row in marts["failures"]
    ]
    lines += [
        f"not listed    {each['athlete_id']}: failed {each['attempts']} times, asked again after"
        f" {each['not_before'][:16]}: {each['last_error']}"
        for each in report["backfills_listing"]
        if each["not_before"]
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


def _waiting(report: dict[str, Any]) -> str:
    spooled = f"{report['spooled']} spooled"
    return f"{_counts(report['waiting'])}, {spooled}" if report["waiting"] else spooled


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
