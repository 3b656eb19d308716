"""Every test starts without our own settings in the environment."""

import os
from pathlib import Path

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


# With several workers: whatever has a world or emulators of its own runs in one of them, one after
# the other; of the rest, each file. The longest come first.
TOGETHER = {"chaos": "world", "e2e": "world", "contract": "contract", "simulator": "simulator"}
ORDER = ["world", "contract", "simulator"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    groups = {item: _group(item.path) for item in items}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: ORDER.index(g) if (g := groups[item]) in ORDER else len(ORDER))


def _group(path: Path) -> str:
    folder = path.relative_to(Path(__file__).parent).parts[0]
    return TOGETHER.get(folder, str(path))
