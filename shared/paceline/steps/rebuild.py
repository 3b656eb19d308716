"""Bronze to silver, all of it, in the order in which it came; Strava is not asked.

Bronze also holds the answers that said that something was gone, and every setting that was given by
hand, so that it alone decides what silver holds.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from paceline.lake import Lake
from paceline.model.bronze import parse_name
from paceline.model.landed import Landed
from paceline.steps.load_silver import Loading, load

PREFIXES = ("strava/", "settings/")
BATCH = 200  # objects an append: each append costs a commit

Progress = Callable[[int, int], None]  # objects read again, of how many


@dataclass(frozen=True)
class Rebuilding:
    """What rebuilding needs. `loading` says into which landing."""

    lake: Lake
    loading: Loading


def rebuild(use: Rebuilding, progress: Progress = lambda _done, _of: None) -> Mapping[str, int]:
    """Returns how many objects ended how: loaded, quarantined, or strange (not ours)."""
    ours, strange = _in_order(use.lake)
    counts = Counter({"strange": len(strange)} if strange else {})
    for begin in range(0, len(ours), BATCH):
        progress(begin, len(ours))
        batch = list(_told(ours[begin : begin + BATCH], use.lake))
        counts.update(outcome.name for outcome in load(batch, use.loading))
    progress(len(ours), len(ours))
    return counts


def _in_order(lake: Lake) -> tuple[Sequence[str], Sequence[str]]:
    """Names by the instant that they name, and those that are no names of ours."""
    ours: list[tuple[datetime, str]] = []
    strange: list[str] = []
    for prefix in PREFIXES:
        for name in lake.bronze.names(prefix):
            try:
                ours.append((parse_name(name)[1].asked_at, name))
            except ValueError:
                strange.append(name)
    return [name for _, name in sorted(ours)], strange


def _told(names: Sequence[str], lake: Lake) -> Iterator[Landed]:
    """An object that leaves meanwhile is left out: whoever took it away tells everybody else."""
    for name in names:
        if landed := lake.told_of(name):
            yield landed
