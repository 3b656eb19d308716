"""`paceline status`: whom nobody asks for now, who is said to have left, and strangers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from paceline.claims import Claim
from paceline.cli.status import _page, collect
from paceline.counters import STRANGERS
from paceline.runtime.local import LocalRuntime
from paceline.runtime.settings import Settings
from tests.builders import ATHLETE, NOW
from tests.doubles import MemoryStrava

ROOT = Path(__file__).parents[2]


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[LocalRuntime]:
    settings = {
        "PACELINE_HOME": str(tmp_path),
        "PACELINE_ROOT": str(ROOT),
        "PACELINE_STRAVA_CLIENT_ID": "12345",
        "PACELINE_STRAVA_CLIENT_SECRET": "a-made-up-secret",
        "PACELINE_VERIFY_TOKEN": "verify-token",
        "PACELINE_WEBHOOK_SECRET": "webhook-secret-of-this-test",
    }
    runtime = LocalRuntime(Settings.from_env(settings))
    runtime.built["oauth"] = MemoryStrava(runtime.clock)
    yield runtime
    runtime.close()


def test_status_names_strangers_troubles_and_those_who_are_said_to_have_left(
    runtime: LocalRuntime,
) -> None:
    runtime.vault.connect(runtime.oauth.exchange("code"))
    token = runtime.vault.access_token(ATHLETE)
    runtime.vault.refused(ATHLETE, token, "Strava takes no token of theirs.", for_good=False)
    runtime.claims.keep(Claim(ATHLETE, NOW.isoformat(), "t" * 32, "closed"))
    runtime.counters.add(STRANGERS)
    page = _page(collect(runtime))

    assert f"trouble       {ATHLETE}: Strava takes no token of theirs." in page
    assert "strangers     1 events of athletes who never connected" in page
    assert "leaving       1 who are said to have left" in page
