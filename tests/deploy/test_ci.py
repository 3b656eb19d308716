"""A hosted runner starts with nothing of ours: the workflow brings what .ci/run requires."""

import re
from typing import Any

import yaml

from tests.deploy.terraforming import ROOT

WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
STEPS: list[dict[str, Any]] = WORKFLOW["jobs"]["check-and-test"]["steps"]
GATE = next(place for place, step in enumerate(STEPS) if step.get("run") == "bash .ci/run")


def given_to(action: str) -> dict[str, Any]:
    (step,) = [each for each in STEPS[:GATE] if each.get("uses", "").startswith(f"{action}@")]
    given: dict[str, Any] = step["with"]
    return given


def test_the_gate_requires_emulators_and_the_workflow_installs_those_that_the_code_starts() -> None:
    code = (ROOT / "shared/paceline/cli/emulators/google.py").read_text()
    started = set(re.findall(r'_jar\(_\w+, "([\w-]+)"\)', code))

    assert "export REQUIRE_EMULATORS=1" in (ROOT / ".ci/run").read_text()
    installed = given_to("google-github-actions/setup-gcloud")["install_components"].split(",")
    assert set(installed) == started != set()
    assert int(given_to("actions/setup-java")["java-version"]) >= 11


def test_both_pythons_are_there_and_ours_is_the_one_that_is_called_python3() -> None:
    *others, ours = given_to("actions/setup-python")["python-version"].split()
    pyproject = (ROOT / "pyproject.toml").read_text()

    assert f'requires-python = ">={ours}"' in pyproject
    assert others == ["3.13"]
    assert "needs Python 3.13" in (ROOT / "requirements/bigquery-emulator.in").read_text()


def test_terraform_and_a_browser_are_there() -> None:
    version = given_to("hashicorp/setup-terraform")["terraform_version"]
    commands = [step["run"] for step in STEPS[:GATE] if "run" in step]

    assert tuple(map(int, version.split("."))) >= (1, 11)
    assert [command for command in commands if command.endswith("/chromium")]
