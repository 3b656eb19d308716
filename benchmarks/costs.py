"""What Google Cloud asks for a month: `python benchmarks/costs.py` prints it as a table.

`--write` puts it into docs/operations.md. Volumes are what benchmarks/sizes.py measured; what a run
of the script reads is asked of the script itself (script_reads.py). Prices are list prices for the
United States. It is reckoned, not billed.
"""

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
if __name__ == "__main__":  # so that `benchmarks` is found
    sys.path[0] = str(ROOT)

# ruff: noqa: E402
from benchmarks.script_reads import Script, Statement
from paceline.warehouse.bigquery import OVERLAP_S

ATHLETES = (1, 100, 10_000)

# Prices in dollars, as their pages had them in August 2026.
# cloud.google.com/bigquery/pricing: on demand, logical storage, REST streaming
QUERY_TIB, FREE_QUERY_TIB, LEAST_SCAN = 6.25, 1.0, 10 * 1024**2
STORED_GIB, STORED_OLD_GIB, FREE_STORED_GIB = 0.02, 0.01, 10.0
STREAMED_200_MB = 0.01
# cloud.google.com/run/pricing, billed by request
CPU_S, GIB_S, MILLION_REQUESTS = 0.000024, 0.0000025, 0.40
FREE_CPU_S, FREE_GIB_S, FREE_REQUESTS = 180_000, 360_000, 2_000_000
# cloud.google.com/pubsub/pricing: 1,000 bytes a message at least
PUBSUB_TIB, FREE_PUBSUB_GIB = 40.0, 10.0
# firebase.google.com/docs/firestore/pricing
READS_100K, WRITES_100K, FREE_READS_DAY, FREE_WRITES_DAY = 0.03, 0.09, 50_000, 20_000
# cloud.google.com/storage/pricing
OBJECTS_GIB, THOUSAND_PUTS, THOUSAND_GETS = 0.020, 0.005, 0.0004
# cloud.google.com/stackdriver/pricing; artifact-registry/pricing. Alerts as announced.
LOGGED_GIB, FREE_LOGGED_GIB, ALERT_CONDITION, IMAGES_GIB, FREE_IMAGES_GIB = (
    0.5,
    50.0,
    0.10,
    0.1,
    0.5,
)

# Assumed, since nobody could measure it here.
ACTIVITIES_A_DAY = 1.0
HISTORY_DAYS = 3 * 365
EVENTS_AN_ACTIVITY = 1.3  # it is created, and now and then edited
READS_A_DAY = 2 + 0.3 + 5  # detail and streams, an edit's detail, the daily list with the profile
RUNS_A_DAY, HOURLY = 96, 24  # terraform says every 15 minutes
LOOKS_BACK_DAYS = 30  # the oldest activity that a run touches came to landing so long ago
FETCH_S, LOAD_S, EDGE_S, TICK_S = 1.5, 0.6, 0.1, 1.0  # of one CPU, each by itself
LOG_LINE_BYTES, ALERTS, IMAGES = 600, 13, 2.0
DAYS = 30.4

GIB, TIB = 1024**3, 1024**4
DOCUMENT = ROOT / "docs/operations.md"
MARKS = "<!-- benchmarks/costs.py --write -->", "<!-- end -->"


@dataclass(frozen=True)
class Size:
    """Of a table."""

    rows_an_activity: float
    bytes_a_row: dict[str, float]  # by column

    @property
    def bytes_an_activity(self) -> float:
        return self.rows_an_activity * sum(self.bytes_a_row.values())


@dataclass(frozen=True)
class Sizes:
    """What benchmarks/sizes.py measured."""

    activities: int
    bronze_bytes: int
    tables: dict[str, Size]
    documents: dict[str, dict[str, float]]

    @classmethod
    def measured(cls) -> "Sizes":
        told: dict[str, Any] = json.loads((ROOT / "benchmarks/sizes.json").read_text())
        tables = {name: Size(**size) for name, size in told["tables"].items()}
        return cls(told["activities"], told["bronze_bytes_an_activity"], tables, told["documents"])


@dataclass(frozen=True)
class World:
    """So many athletes, each with three years of history."""

    athletes: int
    sizes: Sizes
    script: Script
    runs_a_day: int = RUNS_A_DAY

    @property
    def activities(self) -> float:
        return self.athletes * ACTIVITIES_A_DAY * HISTORY_DAYS

    @property
    def events_a_month(self) -> float:
        return self.athletes * ACTIVITIES_A_DAY * EVENTS_AN_ACTIVITY * DAYS

    def scanned(self, statements: Sequence[Statement]) -> float:
        """Bytes that a run is billed for: at least 10 MB for each table of each statement."""
        return sum(
            max(LEAST_SCAN, self._bytes(name, columns, is_pruned=name in statement.pruned))
            for statement in statements
            for name, columns in statement.columns.items()
        )

    def _bytes(self, name: str, columns: set[str], *, is_pruned: bool) -> float:
        if name.startswith("touched."):
            return 0.0  # keys of this run
        if name not in self.sizes.tables:
            raise LookupError(f"sizes.json has no {name}: run benchmarks/sizes.py > that file")
        size = self.sizes.tables[name]
        asked = [b for column, b in size.bytes_a_row.items() if column in columns or "*" in columns]
        share = LOOKS_BACK_DAYS / HISTORY_DAYS if is_pruned else 1.0
        return share * self.activities * size.rows_an_activity * sum(asked)

    @property
    def busy_share(self) -> float:
        """Of the runs, those that find rows of an event or of a daily comparison."""
        arrivals_a_day = self.athletes * (ACTIVITIES_A_DAY * EVENTS_AN_ACTIVITY + 1)
        between_s = 86_400 / self.runs_a_day
        return 1 - math.exp(-arrivals_a_day / self.runs_a_day * (between_s + OVERLAP_S) / between_s)

    @property
    def scanned_a_month(self) -> float:
        idle, busy = self.scanned(self.script.idle), self.scanned(self.script.busy)
        runs = self.runs_a_day * DAYS * (idle + self.busy_share * (busy - idle))
        return runs + DAYS / 7 * self.scanned(self.script.full)

    @property
    def stored_bytes(self) -> float:
        return sum(self.activities * size.bytes_an_activity for size in self.sizes.tables.values())

    # Dollars a month.

    @property
    def queries(self) -> float:
        return QUERY_TIB * max(0.0, self.scanned_a_month / TIB - FREE_QUERY_TIB)

    @property
    def storage(self) -> float:
        """Landing's older days are not written to any more; the other tables are."""
        landed = sum(
            self.activities * size.bytes_an_activity
            for name, size in self.sizes.tables.items()
            if name.startswith("landing.")
        )
        old = landed * (1 - 90 / HISTORY_DAYS) / GIB
        return STORED_OLD_GIB * old + STORED_GIB * max(
            0.0, self.stored_bytes / GIB - old - FREE_STORED_GIB
        )

    @property
    def streamed(self) -> float:
        row = {
            name: max(1_000.0, sum(self.sizes.tables[f"landing.{name}"].bytes_a_row.values()))
            for name in ("activities", "metrics", "streams")
        }
        return STREAMED_200_MB * self.events_a_month * sum(row.values()) / 200e6

    @property
    def functions(self) -> float:
        ticks = DAYS * (24 * 60 + 24)
        cpu_s = self.events_a_month * (EDGE_S + FETCH_S + 2 * LOAD_S) + ticks * TICK_S
        gib_s = self.events_a_month * (0.5 * (EDGE_S + FETCH_S) + 2 * LOAD_S) + ticks * TICK_S * 0.5
        requests = 4 * self.events_a_month + ticks
        return (
            CPU_S * max(0.0, cpu_s - FREE_CPU_S)
            + GIB_S * max(0.0, gib_s - FREE_GIB_S)
            + MILLION_REQUESTS * max(0.0, requests - FREE_REQUESTS) / 1e6
        )

    @property
    def bus(self) -> float:
        """An event is published once and delivered twice, each of two objects once and once."""
        published = 7 * 1_000 * self.events_a_month
        return PUBSUB_TIB * max(0.0, published / GIB - FREE_PUBSUB_GIB) / 1024

    @property
    def state(self) -> float:
        """A comparison reads an athlete's whole ledger, a document an activity."""
        told = self.sizes.documents
        events_a_day = self.events_a_month / DAYS
        live, idle, compared = (
            told[name] for name in ("a_live_activity", "a_minute_without_work", "a_comparison")
        )
        beside_ledger = compared["reads"] - self.sizes.activities
        reads = events_a_day * live["reads"] + 1_440 * idle["reads"]
        reads += self.athletes * beside_ledger + self.activities
        writes = events_a_day * live["writes"] + self.athletes * compared["writes"]
        return DAYS * (
            READS_100K * max(0.0, reads - FREE_READS_DAY) / 1e5
            + WRITES_100K * max(0.0, writes - FREE_WRITES_DAY) / 1e5
        )

    @property
    def bronze(self) -> float:
        stored = self.activities * self.sizes.bronze_bytes / GIB
        calls = self.events_a_month / 1_000
        return OBJECTS_GIB * stored + calls * 2 * (THOUSAND_PUTS + THOUSAND_GETS)

    @property
    def watching(self) -> float:
        lines = 4 * self.events_a_month + DAYS * 24 * 60
        logged = LOGGED_GIB * max(0.0, lines * LOG_LINE_BYTES / GIB - FREE_LOGGED_GIB)
        return logged + ALERTS * ALERT_CONDITION + IMAGES_GIB * max(0.0, IMAGES - FREE_IMAGES_GIB)

    @property
    def month(self) -> float:
        return (
            self.queries + self.storage + self.streamed + self.functions
            + self.bus + self.state + self.bronze + self.watching
        )  # fmt: skip


def rows(worlds: Sequence[World]) -> Iterator[tuple[str, list[str]]]:
    def each(text: str, tell: Callable[[World], str]) -> tuple[str, list[str]]:
        return text, [tell(world) for world in worlds]

    yield each("activities a month", lambda w: f"{w.athletes * ACTIVITIES_A_DAY * DAYS:,.0f}")
    yield each("Strava reads a day", lambda w: f"{w.athletes * READS_A_DAY:,.0f}")
    yield each("runs that find something", lambda w: f"{100 * w.busy_share:.0f} %")
    yield each("an idle run reads", lambda w: _size(w.scanned(w.script.idle)))
    yield each("a busy run reads", lambda w: _size(w.scanned(w.script.busy)))
    yield each("the weekly full run reads", lambda w: _size(w.scanned(w.script.full)))
    yield each("a month of runs reads", lambda w: _size(w.scanned_a_month))
    yield each("BigQuery: the script", lambda w: _dollars(w.queries))
    yield each("BigQuery: storage", lambda w: _dollars(w.storage))
    yield each("BigQuery: streaming rows in", lambda w: _dollars(w.streamed))
    yield each("Cloud Run functions", lambda w: _dollars(w.functions))
    yield each("Pub/Sub", lambda w: _dollars(w.bus))
    yield each("Firestore", lambda w: _dollars(w.state))
    yield each("Cloud Storage", lambda w: _dollars(w.bronze))
    yield each("logs, alerts, images", lambda w: _dollars(w.watching))
    yield each("**a month**", lambda w: f"**{_dollars(w.month)}**")
    yield each("a month, marts built hourly", lambda w: _dollars(hourly(w).month))


def hourly(world: World) -> World:
    return replace(world, runs_a_day=HOURLY)


def _dollars(value: float) -> str:
    return f"${value:,.2f}" if value < 10 else f"${value:,.0f}"  # noqa: PLR2004


def _size(value: float) -> str:
    for unit, size in (("TiB", TIB), ("GiB", GIB)):
        if value >= size:
            return f"{value / size:,.1f} {unit}"
    return f"{value / 1024**2:,.0f} MiB"


def table() -> str:
    sizes, script = Sizes.measured(), Script()
    worlds = [World(athletes, sizes, script) for athletes in ATHLETES]
    lines = [("athletes", [f"{world.athletes:,}" for world in worlds]), *rows(worlds)]
    told = [f"| {name} | {' | '.join(values)} |" for name, values in lines]
    return "\n".join([told[0], f"|---|{'---:|' * len(worlds)}", *told[1:]])


def written(text: str) -> str:
    """The document with the table between its two marks."""
    before, _, rest = text.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    return f"{before}{MARKS[0]}\n{table()}\n{MARKS[1]}{after}"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        DOCUMENT.write_text(written(DOCUMENT.read_text()))
    else:
        print(table())
