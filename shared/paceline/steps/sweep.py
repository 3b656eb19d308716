"""What is gone at Strava leaves bronze and landing as well, some time after silver and the marts.

By then no message is on its way any more that needs what was stored of it. Strava's answer that it
is gone stays, and with it a rebuild from bronze gives the same. Whoever dies in the middle begins
again: each part may be done twice.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from paceline.errors import PayloadInvalid
from paceline.lake import Cause, Lake
from paceline.ledger import Entry, Ledger
from paceline.model.bronze import Kind, Subject, dated, packed, prefix_of
from paceline.ports import Clock, Ids, Wire
from paceline.steps.landed_body import unpacked

# Activities a run; the others follow with the next. BigQuery lets twenty deletes of a table wait.
MOST = 20
_KINDS: tuple[Kind, ...] = ("activity", "streams")


@dataclass(frozen=True)
class Sweeping:
    """What sweeping needs."""

    ledger: Ledger
    lake: Lake
    wire: Wire
    clock: Clock
    ids: Ids


@dataclass
class Swept:
    """Of how many activities nothing is stored any more, and what stopped us, by athlete."""

    erased: int = 0
    failed: dict[int, Exception] = field(default_factory=dict)


def sweep(use: Sweeping) -> Swept:
    """An athlete whose objects cannot be swept does not hold up the others."""
    by_athlete: dict[int, dict[int, Entry]] = defaultdict(dict)
    for activity_id, entry in use.ledger.to_erase(use.clock.now(), MOST):
        if entry.state == "gone":
            by_athlete[entry.athlete_id][activity_id] = entry
        else:  # it is wanted again, and the next fetch decides
            use.ledger.erased(activity_id, entry)
    swept = Swept()
    for athlete_id, gone in by_athlete.items():
        try:
            _sweep_one(athlete_id, gone, use)
            swept.erased += len(gone)
        except Exception as error:  # noqa: BLE001 - whoever called tells of it
            swept.failed[athlete_id] = error
    return swept


def _sweep_one(athlete_id: int, gone: Mapping[int, Entry], use: Sweeping) -> None:
    gone_at = {each: entry.fetched_at for each, entry in gone.items() if entry.fetched_at}
    _take_out_of_lists(athlete_id, gone_at, use)
    for activity_id, entry in gone.items():
        _erase(activity_id, entry, use)


def _erase(activity_id: int, entry: Entry, use: Sweeping) -> None:
    """All that is older than the answer that it is gone; whatever came later has seen it again."""
    if entry.fetched_at is None:
        raise LookupError(f"the ledger does not say when {activity_id} was found to be gone")
    gone = Subject(entry.athlete_id, activity_id, entry.fetched_at)
    for kind in _KINDS:
        folder = prefix_of(entry.athlete_id, kind, activity_id)
        for name, asked_at in dated(list(use.lake.bronze.names(folder))):
            if asked_at < gone.asked_at:
                use.lake.bronze.delete(name)
    use.lake.tell("erasure", "activity", gone, Cause(use.ids.new(), "reconcile", use.clock.now()))
    use.ledger.erased(activity_id, entry)


def _take_out_of_lists(athlete_id: int, gone_at: Mapping[int, datetime], use: Sweeping) -> None:
    """Lists are of many activities: they stay, under their names, and tell only of the others."""
    for name, listed_at in dated(list(use.lake.bronze.names(prefix_of(athlete_id, "list")))):
        if gone := [each for each, moment in gone_at.items() if listed_at < moment]:
            with suppress(PayloadInvalid):  # then it tells of no activity
                _take_out(name, gone, use)


def _take_out(name: str, activity_ids: Collection[int], use: Sweeping) -> None:
    """Anew where another sweep, of others that are gone, was faster."""
    bronze = use.lake.bronze
    while page := bronze.get(name):
        body = unpacked(page.data)
        left = use.wire.without(body, activity_ids)
        if left == body or bronze.replace(name, packed(left), over=page.data):
            return
