"""The subscription's number in a mounted secret: read seldom, and never a reason to fail."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from paceline.adapters.local.manual import ManualClock
from paceline.runtime.gcp import GcpRuntime
from paceline.runtime.settings import Settings


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 21, 9, tzinfo=UTC))


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    (tmp_path / "subscription_id").mkdir()
    return tmp_path / "subscription_id/value"


@pytest.fixture
def runtime(tmp_path: Path, mount: Path, clock: ManualClock) -> Iterator[GcpRuntime]:
    runtime = GcpRuntime(Settings(strava_client_id=1, runtime="gcp", secrets=tmp_path))
    runtime.built["clock"] = clock
    yield runtime
    runtime.close()


def test_a_changed_number_is_followed_within_a_minute_and_not_asked_for_sooner(
    runtime: GcpRuntime, mount: Path, clock: ManualClock
) -> None:
    mount.write_text("77\n")
    assert runtime.subscription_id() == 77
    mount.write_text("78\n")
    clock.advance(59)
    assert runtime.subscription_id() == 77
    clock.advance(1)
    assert runtime.subscription_id() == 78


def test_an_event_of_another_number_makes_it_look_again_a_second_later_at_the_earliest(
    runtime: GcpRuntime, mount: Path, clock: ManualClock
) -> None:
    mount.write_text("77")
    assert runtime.is_ours(77)
    mount.write_text("78")
    assert not runtime.is_ours(78)  # at the same moment
    clock.advance(1)
    assert runtime.is_ours(78)
    clock.advance(1)
    assert not runtime.is_ours(77)


def test_a_mount_that_cannot_be_read_any_more_leaves_what_was_known(
    runtime: GcpRuntime, mount: Path, clock: ManualClock
) -> None:
    mount.write_text("77")
    assert runtime.subscription_id() == 77
    mount.unlink()
    clock.advance(61)
    assert runtime.subscription_id() == 77
    mount.mkdir()
    clock.advance(61)
    assert runtime.subscription_id() == 77


def test_a_mount_that_could_never_be_read_takes_events_of_every_subscription(
    runtime: GcpRuntime, mount: Path, clock: ManualClock
) -> None:
    assert runtime.subscription_id() is None
    mount.mkdir()
    clock.advance(61)
    assert runtime.subscription_id() is None
    mount.rmdir()
    mount.write_text("none")
    clock.advance(61)
    assert runtime.subscription_id() is None
