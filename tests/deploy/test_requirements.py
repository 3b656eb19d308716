"""Each function's requirements: what it imports, at the versions that the tests ran with."""

from pathlib import Path

import pytest

from paceline.cli.bundles import deployed_steps, reach_of
from tests.deploy import pins
from tests.deploy.terraforming import ROOT

STEPS = deployed_steps()
STALE = "stale: run make lock"
HEAVY = {"duckdb", "numpy", "pandas", "pyarrow", "pydantic", "sqlglot", "stravalib", "streamlit"}


def requirements(step: str) -> Path:
    return ROOT / "functions" / step / "requirements.txt"


@pytest.mark.parametrize("step", STEPS)
def test_the_pins_are_those_that_the_tests_ran_with(step: str) -> None:
    tested = pins.read(ROOT / "requirements/dev.txt")

    for name, (pin,) in pins.read(requirements(step)).items():
        assert pin in tested.get(name, set()), f"{name}: {STALE}"
        assert pin.hashes, f"{name} has no hash"


@pytest.mark.parametrize("step", STEPS)
def test_a_function_installs_what_it_imports_and_nothing_besides(step: str) -> None:
    needed = pins.needed_by(reach_of(step).packages)

    assert pins.read(requirements(step)).keys() == needed, STALE


def test_the_webhook_installs_nothing_heavy() -> None:
    installed = pins.read(requirements("receive_webhook")).keys()

    assert "functions-framework" in installed
    assert not HEAVY & installed


def test_no_deployed_function_installs_what_only_a_laptop_uses() -> None:
    for step in STEPS:
        assert not {"streamlit", "pandas", "pytest", "ruff"} & pins.read(requirements(step)).keys()


def test_what_is_not_deployed_has_no_requirements_of_its_own() -> None:
    locked = {file.parent.name for file in (ROOT / "functions").glob("*/requirements.txt")}

    assert locked == set(STEPS)
