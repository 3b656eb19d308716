"""One local runtime for the functions of a test, as its environment says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from paceline.cli.processes import free_port
from paceline.runtime import current, current_local
from paceline.runtime.local import LocalRuntime

ROOT = Path(__file__).parents[2]
SECRET = "0123456789abcdef"


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalRuntime]:
    settings = {
        "STRAVA_CLIENT_ID": "12345",
        "STRAVA_CLIENT_SECRET": "secret",
        "VERIFY_TOKEN": "verify-me",
        "WEBHOOK_SECRET": SECRET,
        "HOME": str(tmp_path / "home"),
        "ROOT": str(ROOT),
        "PORT": str(free_port(18_321, set())),
        "STRAVA_API_BASE": "http://127.0.0.1:9",
        "STRAVA_OAUTH_BASE": "http://127.0.0.1:9",
    }
    for name, value in settings.items():  # the functions themselves ask for the runtime
        monkeypatch.setenv(f"PACELINE_{name}", value)
    current.cache_clear()
    yield current_local()
    current().close()
    current.cache_clear()
