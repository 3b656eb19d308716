"""Each day, for every athlete: compare Strava's list with ours, heal, and keep the profile current.

An athlete who fails does not hold up the others, and is tried again later each time. The last
weeks are compared daily, the whole history once a week; a comparison begins when there are reads
for all of it, since one that is cut short has to begin anew.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from paceline.athletes import Athlete
from paceline.errors import (
    AccessLost,
    AthleteLeft,
    AthleteUnknown,
    PacelineError,
    WaitUntil,
)
from paceline.lake import Cause, Lake
from paceline.lock import alone
from paceline.model.bronze import Subject
from paceline.model.outcome import Outcome
from paceline.model.priority import Priority
from paceline.ports import Clock, Ids, State
from paceline.steps import backfill
from paceline.steps.backfill import Backfilling
from paceline.steps.compared import Compared, last_of, remember
from paceline.steps.comparison import WINDOW, Checking, Findings, Scope, check
from paceline.steps.fetch_profile import Profiling
from paceline.steps.fetch_profile import fetch as fetch_profile
from paceline.steps.listing import PAGE
from paceline.steps.sweep import Sweeping, sweep
from paceline.vault import Vault

LONGEST = timedelta(minutes=15)

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
    sweeping: Sweeping
    lake: Lake
    clock: Clock
    ids: Ids


@dataclass(frozen=True)
class Report:
    """What a run did, by athlete: findings, or what went wrong."""

    found: list[Findings] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    unread: dict[int, Sequence[str]] = field(default_factory=dict)  # of their profiles
    bugs: list[Exception] = field(default_factory=list)  # what nobody expected; told as failed too
    erased: int = 0  # activities that are gone, of which nothing is stored any more


def run(use: Reconciling, *, full: bool = False, force: bool = False) -> Outcome:
    report = reconcile(use, full=full, force=force)
    if report.bugs:
        raise ExceptionGroup("Some athletes could not be compared; the others were", report.bugs)
    healed = sum(len(ids) for found in report.found for ids in found.wanted.values())
    fields: dict[str, str | int] = {
        "athletes": len(report.found),
        "failed": len(report.failed),
        "healed": healed,
        "held_back": sum(found.held_back for found in report.found),
        "unread": sum(len(each) for each in report.unread.values()),
        "erased": report.erased,
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
    """Every active athlete who is due, or all of them by `force`. Raises Busy when one is at it.

    Then what was found to be gone some hours ago leaves the lake.
    """
    report = _compare_all(use, full=full, force=force, athlete_ids=athlete_ids)
    swept = sweep(use.sweeping)
    for athlete_id, error in swept.failed.items():
        _note(athlete_id, error, report)
    return replace(report, erased=swept.erased)


def _compare_all(
    use: Reconciling, *, full: bool, force: bool, athlete_ids: Sequence[int] | None
) -> Report:
    report = Report()
    chosen = [
        each
        for each in use.vault.athletes()
        if each.status == "active" and (athlete_ids is None or each.athlete_id in athlete_ids)
        if force or full or _is_due(each.athlete_id, use)
    ]
    if not chosen:
        return report
    with alone("reconcile", use.state, use.clock, use.ids, most=LONGEST):
        for athlete in chosen:
            try:
                _one(athlete, use, report, full=full, force=force)
            except WaitUntil as wait:  # nobody else has reads either; tomorrow is another run
                report.failed[athlete.athlete_id] = str(wait)
                break
            except PacelineError as error:
                _note(athlete.athlete_id, error, report)
            except Exception as bug:  # noqa: BLE001 - the others are compared, and then it is raised
                _note(athlete.athlete_id, bug, report)
                known = last_of(athlete.athlete_id, use.state)
                remember(known.failed(use.clock.now()), use.state)
    return report


def _note(athlete_id: int, error: Exception, report: Report) -> None:
    """What came first says most: it alone may tell of lost access."""
    why = f"{type(error).__name__}: {error}"
    if not isinstance(error, PacelineError):
        why = f"unexpected {why}"
        report.bugs.append(error)
    known = report.failed.get(athlete_id)
    report.failed[athlete_id] = f"{known}; {why}" if known else why


def _one(athlete: Athlete, use: Reconciling, report: Report, *, full: bool, force: bool) -> None:
    now, known = use.clock.now(), last_of(athlete.athlete_id, use.state)
    if not (force or full or known.is_due(now)):
        return  # another run was faster
    whole = full or known.is_due_in_full(now)
    cause = Cause(use.ids.new(), "reconcile", now)
    findings = _compare(athlete.athlete_id, known, cause, use, whole=whole)
    if findings is None:
        return
    report.found.append(findings)
    if findings.held_back:
        remember(known.held_back(now, is_trusted=findings.is_trusted), use.state)
    else:
        remember(known.done(now, whole=whole), use.state)
    if known.began is None:  # the first round read it
        unread = fetch_profile(athlete.athlete_id, cause, use.profiling, scopes=athlete.scopes)
        report.unread.update({athlete.athlete_id: unread} if unread else {})


def _compare(
    athlete_id: int, known: Compared, cause: Cause, use: Reconciling, *, whole: bool
) -> Findings | None:
    """None when it has to wait: what is not listed yet is not missing."""
    now = cause.received_at
    asked_for = backfill.stored(athlete_id, use.backfilling)
    if asked_for and asked_for.state == "listing":
        return None
    oldest = asked_for.oldest_wanted if asked_for else None
    scope = Scope(
        since=None if whole else now - WINDOW,
        wanted_since=datetime.fromisoformat(oldest) if oldest else None,
        last_at=known.last_at,
        began_at=known.began_at,
    )
    try:
        findings = check(athlete_id, scope, use.checking)
        _report(findings, cause, use)
    except WaitUntil as wait:
        remember(known.waits(wait.not_before), use.state)
        raise
    except PacelineError as error:
        remember(known.failed(now), use.state)
        if not isinstance(error, AccessLost | AthleteLeft | AthleteUnknown):
            subject = Subject(athlete_id, 0, now)
            use.lake.tell(
                "failure", "list", subject, cause, note=f"{type(error).__name__}: {error}"
            )
        raise
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


def _is_due(athlete_id: int, use: Reconciling) -> bool:
    """Due, and begun only with reads for all of it: half a comparison is worth nothing."""
    now, known = use.clock.now(), last_of(athlete_id, use.state)
    return known.is_due(now) and _has_reads(athlete_id, use, whole=known.is_due_in_full(now))


def _has_reads(athlete_id: int, use: Reconciling, *, whole: bool) -> bool:
    budget = use.checking.reading.budget
    activities = use.checking.ledger.how_many(athlete_id) if whole else PAGE
    reads = activities // (PAGE - 1) + 2 + _PROFILE_READS
    enough = int(budget.current().short.limit * _ENOUGH)
    return budget.free(Priority.EDIT) >= min(reads, enough)
