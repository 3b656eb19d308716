"""What several contract tests stand on."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from paceline.adapters.local.manual import ManualClock
from paceline.adapters.local.sqlite import Database
from paceline.cli.emulators import google
from paceline.cli.emulators.process import Emulator
from tests.emulators import started


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2024, 6, 1, 6, 0, tzinfo=UTC))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "paceline.db", busy_timeout_s=5) as database:
        yield database


@pytest.fixture
def project() -> str:
    """Emulators keep projects apart: each test has one of its own."""
    return f"test-{uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def pubsub_emulator() -> Iterator[Emulator]:
    with started(google.pubsub) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def firestore_emulator() -> Iterator[Emulator]:
    with started(google.firestore) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def storage_emulator() -> Iterator[Emulator]:
    with started(google.storage) as emulator:
        yield emulator
