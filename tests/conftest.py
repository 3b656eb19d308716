"""Every test starts without our own settings in the environment."""

import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PACELINE_"):
            monkeypatch.delenv(name)
