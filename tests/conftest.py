"""Every test starts without our own settings in the environment."""

import os

import pytest
from hypothesis import HealthCheck, settings

# A slow machine is no failure, and a red run must be red again when it is looked at.
settings.register_profile(
    "paceline",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("paceline")


@pytest.fixture(autouse=True)
def _no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PACELINE_"):
            monkeypatch.delenv(name)
