"""The whole script over ten years of one athlete, and what one more activity costs after it.

Rows of landing are made as Arrow and appended as loading appends them; 4,000 points an activity,
500 activities a year. The baseline makes the silver rows and nothing else: one CREATE TABLE AS of
the newest version of each landing table, by the same DuckDB, without marts, checks or a published
file. What is said of single tables leaves out their commits.
"""

import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
if __name__ == "__main__":  # or `import simulator` would find the benchmark of that name
    sys.path[0] = str(ROOT)

# ruff: noqa: E402
from benchmarks.virtual.training import (
    DAYS_APART,
    LAST_DAY,
    POINTS,
    SQL,
    TABLES,
    Activity,
    rows_of,
    settings,
)
from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.duckdb_publish import Publisher
from paceline.adapters.local.duckdb_script import DuckDbScript
from paceline.adapters.local.manual import ManualClock
from paceline.warehouse.plan import Build

# ruff: noqa: SLF001 - what is timed here nobody else asks for

HISTORIES = (500, 625, 1_250, 2_500, 5_000)
BATCH, MORE = 250, 13
SHARE_AT_MOST, GROWTH_AT_MOST = 0.05, 1.3
NEWEST = "ROW_NUMBER() OVER (PARTITION BY athlete_id, activity_id ORDER BY version DESC) = 1"


@dataclass(frozen=True)
class TimedScript(DuckDbScript):
    """The script, which notes what each table takes."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def _build(self, build: Build, *, full: bool) -> None:
        build_it = super()._build
        self.seconds[build.table.name] += timed(lambda: build_it(build, full=full)).cpu_s


def timed(work: Callable[[], object]) -> "Taken":
    began, began_cpu = time.perf_counter(), time.process_time()
    work()
    return Taken(time.perf_counter() - began, time.process_time() - began_cpu)


@dataclass(frozen=True, order=True)
class Taken:
    """Ratios are of processor time: others use this machine too."""

    wall_s: float
    cpu_s: float

    def __str__(self) -> str:
        return f"{self.wall_s:.2f} ({self.cpu_s:.2f}) s"


@dataclass(frozen=True)
class Measured:
    activities: int
    bare: Taken
    full: Taken
    more: list[Taken]
    late: Taken  # one from the middle of the history
    no_more: Taken  # a month passes, and nothing lands
    publish: Taken
    full_tables: dict[str, float]
    more_tables: dict[str, float]

    @property
    def one_more(self) -> Taken:
        return median(self.more)

    @property
    def share(self) -> float:
        return self.one_more.cpu_s / self.full.cpu_s

    def told(self) -> str:
        rate = self.activities * POINTS / self.full.wall_s / 1e6
        return (
            f"{self.activities:5} activities: bare silver {self.bare}, full script {self.full},"
            f" {rate:.2f} M points/s; one more {self.one_more}, at most {max(self.more)},"
            f" to publish everything {self.publish}; {self.share:.1%} of full;"
            f" one half as old as the first {self.late}, none for a month {self.no_more}"
        )


def median(taken: list[Taken]) -> Taken:
    return sorted(taken, key=lambda each: each.cpu_s)[len(taken) // 2]


def measure(activities: int, folder: Path) -> Measured:
    marts = folder / "marts.duckdb"
    # What runs to today would else have the more days to fill, the later this is run.
    clock = ManualClock(datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, 18, tzinfo=UTC))
    with closing(DuckDbWarehouse(folder / "lake.duckdb", marts, SQL, clock)) as warehouse:
        warehouse.append(settings())
        for start in range(0, activities, BATCH):
            end = min(start + BATCH, activities)
            warehouse.append(rows_of([Activity(n, activities) for n in range(start, end)]))
        bare_taken = bare(warehouse)
        script = warehouse._script()
        timer = TimedScript(script.plan, script.connection, script.clock)
        warehouse._compiled = timer
        full = timed(warehouse.refresh)
        full_tables = dict(timer.seconds)
        timer.seconds.clear()
        more = []
        for n in range(MORE):
            warehouse.append(rows_of([Activity(activities + n, activities)]))
            more.append(timed(warehouse.refresh))
        everything = Publisher(folder / "everything.duckdb", TABLES)
        published = [timed(lambda: everything.publish(script.connection)) for _ in range(3)]
        more_tables = {name: s / MORE for name, s in timer.seconds.items()}
        late_days = int(activities * DAYS_APART / 2)
        warehouse.append(rows_of([Activity(activities + MORE, activities, late_days)]))
        late = timed(warehouse.refresh)
        clock.advance(30 * 86_400)
        no_more = timed(warehouse.refresh)
    others = (late, no_more, median(published))
    return Measured(activities, bare_taken, full, more, *others, full_tables, more_tables)


def bare(warehouse: DuckDbWarehouse) -> Taken:
    connection = warehouse._connection
    home = connection.execute("SELECT current_database()").fetchall()[0][0]
    beside = Path(f"{warehouse._path}.bare")
    connection.execute(f"ATTACH '{beside}' AS bare")

    def copy() -> None:
        for name in ("activities", "metrics", "streams"):
            newest = f"SELECT * FROM {home}.landing.{name} WHERE op = 'upsert' QUALIFY {NEWEST}"
            connection.execute(f"CREATE TABLE bare.{name} AS {newest}")
        connection.execute("CHECKPOINT bare")

    taken = timed(copy)
    connection.execute("DETACH bare")
    beside.unlink()
    return taken


def costliest(seconds: dict[str, float]) -> str:
    most = sorted(seconds, key=seconds.__getitem__, reverse=True)[:5]
    return ", ".join(f"{name} {1_000 * seconds[name]:.0f} ms" for name in most)


def main() -> None:
    os.sched_setaffinity(0, {0})
    print(f"marts: {POINTS} points an activity, on one core; in brackets: of the processor")
    found = []
    for activities in map(int, sys.argv[1:]) if sys.argv[1:] else HISTORIES:
        with tempfile.TemporaryDirectory() as name:
            found.append(measure(activities, Path(name)))
        print(f"marts: {found[-1].told()}", flush=True)
        print(f"marts:        full: {costliest(found[-1].full_tables)}")
        print(f"marts:        one more: {costliest(found[-1].more_tables)}", flush=True)
    least, most = found[0], found[-1]
    growth = most.one_more.cpu_s / least.one_more.cpu_s
    print(f"marts: full script to bare silver: ratio {most.full.cpu_s / most.bare.cpu_s:.2f}")
    print(f"marts: one more of {most.activities}: share {most.share:.3f} (at most {SHARE_AT_MOST})")
    print(f"marts: one more of {most.activities} to one more of {least.activities}:")
    print(f"marts: ratio {growth:.2f} (at most {GROWTH_AT_MOST})")


if __name__ == "__main__":
    main()
