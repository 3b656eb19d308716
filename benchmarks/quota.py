"""A history of thousands of activities over Strava's own quota, in virtual time.

The steps over their real local adapters, and the simulator's app in this process. The service's
threads are one loop here: each minute release_work and reconcile, then fetch_activity a message,
and load_silver. Both clocks are moved by hand: reads take a second, our own work takes no time.

`python benchmarks/quota.py 5000` lives through ten days in about four minutes.
"""

import statistics
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

if __name__ == "__main__":  # or `import simulator` would find the benchmark of that name
    sys.path[0] = str(Path(__file__).parents[1])

from benchmarks.virtual.world import BEGINS, LIMITS, MINUTE, Live, World, world
from paceline.cli.truth import differences
from paceline.steps.release_work import READS_PER_ACTIVITY

DAY, HOUR = timedelta(days=1), timedelta(hours=1)

# When the athlete stops the watch, in UTC: soon after a full minute, when work has just been
# released, and when a day's reads are nearly used up.
FINISHES = ("00:00:02", "03:15:01", "09:00:30", "12:34:56", "18:00:02", "23:45:01", "23:58:30")
LAST = time.fromisoformat(FINISHES[-1])

HISTORY, SHORTER_HISTORY = 1_500, 3_000


@dataclass(frozen=True)
class Figures:
    """What a history took."""

    activities: int
    took: timedelta
    promised: timedelta  # when it was listed
    kinds: Counter[str]
    shares: Sequence[float]  # of a day's reads, of each day at whose end work was left
    refused: int  # calls over the quota
    lives: Sequence[Live]


def imported(world: World, limits: tuple[int, int] = LIMITS) -> Figures:
    """Connect, and live on until everything is there, with an activity now and then."""
    world.connect()
    world.release()
    promised = world.runtime.budget.done_at(READS_PER_ACTIVITY * world.left())
    shares: list[float] = []
    while world.left():
        today = world.now.date()
        world.lives += [live for live in _lives(today) if live.at > world.now]
        while world.now.date() == today and world.left():
            for _ in range(HOUR // MINUTE):
                world.minute()
        if world.left():
            shares.append(world.strava.reads[today] / limits[1])
    return Figures(
        activities=len(world.strava.history()),
        took=world.now - BEGINS,
        promised=promised - BEGINS,
        kinds=world.strava.kinds,
        shares=shares,
        refused=world.strava.sim.quota.refused,
        lives=[live for live in world.lives if live.activity_id],
    )


def _lives(day: date) -> list[Live]:
    return [Live(datetime.combine(day, time.fromisoformat(each), UTC)) for each in FINISHES]


def reads_to_first_totals(world: World) -> int:
    """From the athlete's click to the totals of the whole history on the dashboard."""
    world.connect()
    world.release()
    history = world.strava.history()
    activities, distance_m = world.totals()
    if activities != len(history):
        raise RuntimeError(f"the dashboard shows {activities} of {len(history)} activities")
    if abs(distance_m - sum(each.figures.distance_m for each in history)) > len(history):
        raise RuntimeError(f"the dashboard shows {distance_m} m")
    return sum(world.strava.kinds.values())


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else HISTORY
    with world(SHORTER_HISTORY) as short:
        reads = reads_to_first_totals(short)
        count = len(short.strava.history())
        print(f"quota: connect to first totals of {count} activities: {reads} reads (at most 30)")
    with world(wanted) as whole:
        report(imported(whole))
        whole.build()
        truth = whole.strava.ask("GET", "/_sim/truth").json()
        faults = differences(truth, whole.runtime.marts_path)
        print(f"quota: {len(faults)} differences between the marts and Strava (none)")


def report(found: Figures) -> None:
    kinds, count = found.kinds, found.activities
    each = (kinds["detail"] + kinds["streams"]) / count
    took_s = [live.took_s or float("inf") for live in found.lives]
    late = [s for live, s in zip(found.lives, took_s, strict=True) if live.at.time() == LAST]
    print(f"quota: {count} activities at {LIMITS[0]} reads a quarter and {LIMITS[1]} a day:")
    print(f"quota: {found.took / DAY:.1f} days, promised {found.promised / DAY:.1f}")
    print(f"quota: {kinds.total()} reads, {each:.2f} an activity (at most 2.0), besides", end=" ")
    print(f"{kinds['list']} of lists and {kinds['profile']} of profiles")
    print(f"quota: of the days at whose end work was left, {len(found.shares)}:", end=" ")
    print(f"{statistics.mean(found.shares):.1%} of the reads used (at least 99 %)")
    print(f"quota: {found.refused} calls over the quota, each a 429 (none)")
    print(f"quota: {len(took_s)} live activities are loaded after {statistics.median(took_s)} s,")
    print(f"quota: at most {max(took_s)} s; before midnight at most {max(late)} s (virtual)")


if __name__ == "__main__":
    main()
