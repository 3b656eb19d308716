"""The library over its local adapters, with a clock that we move."""

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from paceline.adapters.cipher import AesGcmCipher
from paceline.adapters.local.blobs import FileBlobs
from paceline.adapters.local.bus import SqliteBus
from paceline.adapters.local.manual import CountingIds, ManualClock
from paceline.adapters.local.sqlite import Database
from paceline.adapters.local.state import SqliteState
from paceline.adapters.strava.wire import StravaWire
from paceline.budget import Budget
from paceline.claims import Claims
from paceline.counters import Counters
from paceline.lake import Lake
from paceline.ledger import Ledger
from paceline.model.landed import Landed, decode_landed
from paceline.model.routes import SUBSCRIPTIONS
from paceline.reading import Reading
from paceline.spool import Spool
from paceline.steps import comparison
from paceline.steps.backfill import Backfilling
from paceline.steps.comparison import Checking
from paceline.steps.fetch_profile import Profiling
from paceline.steps.fetch_work import Fetching
from paceline.steps.reconcile import Reconciling
from paceline.steps.release_work import Releasing
from paceline.steps.sweep import Sweeping
from paceline.vault import Vault
from tests.builders import NOW
from tests.doubles import MemoryStrava


@dataclass
class House:
    """Everything the steps lean on, and a Strava in memory."""

    clock: ManualClock
    ids: CountingIds
    bus: SqliteBus
    state: SqliteState
    bronze: FileBlobs
    strava: MemoryStrava

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.state)
        self.alerts: list[str] = []
        self.counters = Counters(self.state)
        self.claims = Claims(self.state)
        self.budget = Budget(self.state, self.clock, alert=self.alerts.append)
        cipher = AesGcmCipher("k1", {"k1": base64.b64decode(b"a" * 43 + b"=")})
        self.vault = Vault(self.state, cipher, self.strava, self.clock, self.ids)
        self.reading = Reading(self.strava, self.budget, self.vault)
        self.wire = StravaWire()
        self.lake = Lake(self.bronze, self.bus)
        self.spool = Spool(self.bronze, self.bus)

    @property
    def fetching(self) -> Fetching:
        return Fetching(self.ledger, self.reading, self.wire, self.lake, self.clock, self.counters)

    @property
    def backfilling(self) -> Backfilling:
        return Backfilling(
            self.state,
            self.ledger,
            self.reading,
            self.wire,
            self.lake,
            self.clock,
            self.ids,
            pause=self.clock.advance,
        )

    @property
    def reconciling(self) -> Reconciling:
        return Reconciling(
            self.state,
            self.vault,
            self.backfilling,
            Checking(self.ledger, self.reading, self.wire, self.clock),
            Profiling(self.reading, self.wire, self.lake, self.clock),
            self.sweeping,
            self.lake,
            self.clock,
            self.ids,
        )

    @property
    def sweeping(self) -> Sweeping:
        return Sweeping(self.ledger, self.lake, self.wire, self.clock, self.ids)

    @property
    def releasing(self) -> Releasing:
        return Releasing(
            self.ledger,
            self.budget,
            self.bus,
            self.clock,
            self.ids,
            self.backfilling,
            self.spool,
            self.claims,
        )

    def connect(self) -> None:
        self.vault.connect(self.strava.exchange("code"))

    def landed(self) -> list[Landed]:
        """What was published for load_silver, taken off the bus."""
        found = self.bus.pull("load_silver", 100)
        for delivery in found:
            self.bus.ack(delivery)
        return [decode_landed(delivery.data) for delivery in found]


@contextmanager
def a_house(home: Path) -> Iterator[House]:
    clock, ids = ManualClock(NOW), CountingIds()
    bus_file, state_file = Database(home / "bus.sqlite"), Database(home / "state.sqlite")
    yield House(
        clock=clock,
        ids=ids,
        bus=SqliteBus(bus_file, SUBSCRIPTIONS, clock, ids),
        state=SqliteState(state_file),
        bronze=FileBlobs(home / "bronze"),
        strava=MemoryStrava(clock),
    )
    bus_file.close()
    state_file.close()


MEMORY = Path("/dev/shm")


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Held in memory where the machine has a folder for that: each commit waits for its disk."""
    if not os.access(MEMORY, os.W_OK):
        yield request.getfixturevalue("tmp_path")
        return
    with TemporaryDirectory(dir=MEMORY, prefix="paceline-") as folder:
        yield Path(folder)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with a_house(tmp_path) as found:
        yield found


@pytest.fixture
def few_gone(monkeypatch: pytest.MonkeyPatch) -> int:
    """Rounds of so many: then a history of twenty takes as many of them as one of eighty."""
    most = 5
    monkeypatch.setattr(comparison, "MOST_GONE", most)
    return most
