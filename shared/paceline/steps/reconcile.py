"""Each day, for every athlete: compare Strava's list with ours, heal, and keep the profile current.

An athlete who fails does not hold up the others. The last weeks are compared daily, the whole
history once a week; a comparison begins when there are reads for all of it, since one that is cut
short has to begin anew.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from paceline.athletes import Athlete
from paceline.errors import Conflict, PacelineError, WaitUntil
from paceline.lake import Cause, Lake
from paceline.lock import alone
from paceline.model.bronze import Subject
from paceline.model.outcome import Outcome
from paceline.model.priority import Priority
from paceline.ports import Clock, Document, Ids, State
from paceline.steps import backfill
from paceline.steps.backfill import Backfilling
from paceline.steps.comparison import WINDOW, Checking, Findings, check
from paceline.steps.fetch_profile import Profiling
from paceline.steps.fetch_profile import fetch as fetch_profile
from paceline.steps.listing import PAGE
from paceline.vault import Vault

COLLECTION = "reconciles"

EVERY, FULL_EVERY = timedelta(days=1), timedelta(days=7)
LONGEST = timedelta(minutes=15)
_EARLY = timedelta(hours=1)  # a scheduler that is a little early finds its work due

# The athlete, zones, totals, and some gear; and the share of a quarter's reads that is enough to
# begin with, whatever the length of the history.
_PROFILE_READS, _ENOUGH = 8, 0.75


@dataclass(frozen=True)
class Reconciling:
    """What reconciling needs."""

    state: State
    vault: Vault
    backfilling: Backfilling
    checking: Checking
    profiling: Profiling
    lake: Lake
    clock: Clock
    ids: Ids


@dataclass(frozen=True)
class Report:
    """What a run did, by athlete: findings, or what went wrong."""

    found: Sequence[Findings]
    failed: dict[int, str]


def run(use: Reconciling, *, full: bool = False, force: bool = False) -> Outcome:
    report = reconcile(use, full=full, force=force)
    healed = sum(len(ids) for found in report.found for ids in found.wanted.values())
    fields: dict[str, str | int] = {
        "athletes": len(report.found),
        "failed": len(report.failed),
        "healed": healed,
        "held_back": sum(found.held_back for found in report.found),
    }
    if report.failed:
        fields["errors"] = "; ".join(f"{each}: {why}" for each, why in report.failed.items())[:500]
    if any(why.startswith(("AccessLost", "AccessRefused")) for why in report.failed.values()):
        return Outcome("access_lost", fields)  # found here first: who lost it before was not asked
    return Outcome("failed" if report.failed else "reconciled", fields)


def reconcile(
    use: Reconciling,
    *,
    full: bool = False,
    force: bool = False,
    athlete_ids: Sequence[int] | None = None,
) -> Report:
    """Every active athlete who is due, or all of them by `force`. Raises Busy when one is at it."""
    found: list[Findings] = []
    failed: dict[int, str] = {}
    chosen = [
        each
        for each in use.vault.athletes()
        if each.status == "active" and (athlete_ids is None or each.athlete_id in athlete_ids)
        if force or full or (_is_due(each.athlete_id, use) and _has_reads(each.athlete_id, use))
    ]
    if not chosen:
        return Report(found, failed)
    with alone("reconcile", use.state, use.clock, use.ids, most=LONGEST):
        for athlete in chosen:
            try:
                if findings := _one(athlete, use, full=full, force=force):
                    found.append(findings)
            except WaitUntil as wait:  # nobody else has reads either; tomorrow is another run
                failed[athlete.athlete_id] = str(wait)
                break
            except PacelineError as error:
                failed[athlete.athlete_id] = f"{type(error).__name__}: {error}"
    return Report(found, failed)


def _one(athlete: Athlete, use: Reconciling, *, full: bool, force: bool) -> Findings | None:
    if not (force or full or _is_due(athlete.athlete_id, use)):
        return None  # another run was faster
    now = use.clock.now()
    whole = full or _is_due_in_full(athlete.athlete_id, use)
    asked_for = backfill.stored(athlete.athlete_id, use.backfilling)
    if asked_for and asked_for.state == "listing":
        return None  # what is not listed yet is not missing
    oldest = (asked_for.reached or asked_for.since) if asked_for else None
    cause = Cause(use.ids.new(), "reconcile", now)
    findings = check(
        athlete.athlete_id,
        use.checking,
        since=None if whole else now - WINDOW,
        wanted_since=datetime.fromisoformat(oldest) if oldest else None,
    )
    _report(findings, cause, use)
    fetch_profile(athlete.athlete_id, cause, use.profiling, scopes=athlete.scopes)
    _remember(athlete.athlete_id, now, use, whole=whole)
    return findings


def _report(findings: Findings, cause: Cause, use: Reconciling) -> None:
    """One row a year, by way of the bus: the warehouse belongs to whoever loads it."""
    rows = [
        {
            "athlete_id": findings.athlete_id,
            "year": year,
            "checked_at": findings.checked_at.isoformat(),
            "whole": findings.since is None,
            "held_back": findings.held_back,
            **asdict(counts),
        }
        for year, counts in findings.years.items()
    ]
    subject = Subject(findings.athlete_id, 0, findings.checked_at)
    use.lake.tell("report", "list", subject, cause, note=json.dumps(rows))


def _last(athlete_id: int, use: Reconciling) -> Document:
    stored = use.state.get(COLLECTION, str(athlete_id))
    return stored.data if stored else {}


def _is_due(athlete_id: int, use: Reconciling) -> bool:
    last = _last(athlete_id, use).get("any")
    return _is_due_in_full(athlete_id, use) or _due(last, EVERY, use.clock.now())


def _is_due_in_full(athlete_id: int, use: Reconciling) -> bool:
    return _due(_last(athlete_id, use).get("full"), FULL_EVERY, use.clock.now())


def _has_reads(athlete_id: int, use: Reconciling) -> bool:
    """Half a comparison is worth nothing, and repeated it would use up a day's reads."""
    budget = use.checking.reading.budget
    whole = _is_due_in_full(athlete_id, use)
    activities = use.checking.ledger.how_many(athlete_id) if whole else PAGE
    reads = activities // (PAGE - 1) + 2 + _PROFILE_READS
    enough = int(budget.current().short.limit * _ENOUGH)
    return budget.free(Priority.EDIT) >= min(reads, enough)


def _due(last: str | None, every: timedelta, now: datetime) -> bool:
    return last is None or now - datetime.fromisoformat(last) >= every - _EARLY


def _remember(athlete_id: int, now: datetime, use: Reconciling, *, whole: bool) -> None:
    stored = use.state.get(COLLECTION, str(athlete_id))
    done = (stored.data if stored else {"athlete_id": athlete_id}) | {"any": now.isoformat()}
    if whole:
        done["full"] = now.isoformat()
    try:
        if stored:
            use.state.replace(COLLECTION, stored.id, done, stored.version)
        else:
            use.state.create(COLLECTION, str(athlete_id), done)
    except Conflict:
        return  # another run remembered the same
