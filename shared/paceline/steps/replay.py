"""What was given up on is tried again: activities that failed, payloads that were refused."""

from collections.abc import Sequence
from dataclasses import dataclass

from paceline.lake import Cause, Lake
from paceline.ledger import Entry, Ledger
from paceline.model.bronze import parse_name
from paceline.model.priority import Priority
from paceline.ports import Clock, Ids


@dataclass(frozen=True)
class Replaying:
    """What replaying needs."""

    ledger: Ledger
    lake: Lake
    clock: Clock
    ids: Ids


def failed_activities(use: Replaying) -> int:
    """Want every activity again whose work ended as failed. Returns how many."""
    failed = use.ledger.failed()
    now = use.clock.now()

    def again(entry: Entry | None) -> Entry:
        if entry is None:
            raise LookupError("an entry of the ledger was removed while it was replayed")
        if entry.state != "failed":
            return entry
        return entry.wanted_again(now, "replay", Priority.EDIT)

    for activity_id in failed:
        use.ledger.put(activity_id, again)
    return len(failed)


def payloads(names: Sequence[str], use: Replaying) -> int:
    """Load these bronze objects once more. Returns how many."""
    now = use.clock.now()
    for name in names:
        kind, subject = parse_name(name)
        cause = Cause(use.ids.new(), "replay", now)
        use.lake.tell("upsert", kind, subject, cause, bronze_name=name)
    return len(names)
