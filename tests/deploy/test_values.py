"""An operator's values: the same, whoever deploys."""

import re
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml

from tests.deploy import terraforming
from tests.deploy.hcl import TERRAFORM
from tests.deploy.terraforming import ROOT

WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())
EXAMPLE = TERRAFORM / "environments/dev.tfvars.example"
BY_THE_COMMAND = {"environment", "project"}
BY_GITHUB = {"environment", "project", "repository"}


def variables() -> set[str]:
    return set(
        re.findall(r'^variable "(\w+)"', (TERRAFORM / "variables.tf").read_text(), re.MULTILINE)
    )


def example() -> dict[str, Any]:
    values: dict[str, Any] = hcl2.loads(EXAMPLE.read_text())
    return {name: value for name, value in values.items() if not name.startswith("__")}


def steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = WORKFLOW["jobs"]["deploy"]["steps"]
    return found


def test_the_example_has_every_value_that_the_command_does_not_give() -> None:
    assert example().keys() == variables() - BY_THE_COMMAND


def test_github_passes_every_value_of_the_operators_file() -> None:
    passed = {name.removeprefix("TF_VAR_") for name in WORKFLOW["env"] if "TF_VAR_" in name}
    writes = next(step for step in steps() if "TFVARS" in step.get("env", {}))
    applies = next(step for step in steps() if "terraform apply" in step.get("run", ""))

    assert passed == BY_GITHUB
    assert writes["env"]["TFVARS"] == "${{ vars.TFVARS }}"
    assert writes["run"].endswith(".auto.tfvars"), "which Terraform reads by itself"
    assert steps().index(writes) < steps().index(applies)


def test_no_value_is_passed_empty_where_the_repository_has_not_set_it() -> None:
    """An unset variable of GitHub is an empty text, which would take the place of a default."""
    optional = {"region", "marts_schedule", "webhook_min_instances", "dashboard_image"}

    assert optional < variables()
    assert not [name for name in WORKFLOW["env"] if name.removeprefix("TF_VAR_") in optional]


def test_what_github_writes_is_the_file_that_it_was_given(tmp_path: Path) -> None:
    if not terraforming.is_installed():
        pytest.skip(terraforming.ABSENT)
    declared = "".join(f'variable "{name}" {{\n}}\n' for name in variables())
    told = "".join(f"    {name} = var.{name}\n" for name in sorted(variables()))
    (tmp_path / "main.tf").write_text(
        f'{declared}output "tried" {{\n  value = {{\n{told}  }}\n}}\n'
    )
    writes = next(step for step in steps() if "TFVARS" in step.get("env", {}))
    given = {"TFVARS": EXAMPLE.read_text()}
    given |= {f"TF_VAR_{name}": "dev" for name in BY_THE_COMMAND}

    found = terraforming.values(writes["run"], given, tmp_path)

    assert found["dashboard_readers"] == ["group:athletes@example.com"]
    assert found["monthly_budget"] == 20
    assert all(value is not None for value in found.values())
