"""One state, one environment: Terraform itself refuses every other."""

from pathlib import Path

import pytest

from tests.deploy.terraforming import TerraformRefused, apply, destroy

DEV = {"environment": "dev", "project": "some-project"}
LONGEST_ACCOUNT = 30  # Google's limit for the id of a service account
LONGEST_NAME = "receive-webhook"


def test_an_environment_decides_what_every_name_begins_with(terraform_folder: Path) -> None:
    names = apply("environment", DEV, terraform_folder)

    assert names == {"prefix": "paceline-dev", "dataset_prefix": "paceline_dev_"}


@pytest.mark.parametrize("environment", ["dev", "stage", "prod"])
def test_the_name_of_an_identity_fits_in_every_environment(
    environment: str, terraform_folder: Path
) -> None:
    names = apply("environment", DEV | {"environment": environment}, terraform_folder)

    assert len(f"{names['prefix']}-{LONGEST_NAME}") <= LONGEST_ACCOUNT


@pytest.mark.parametrize("environment", ["", "production", "DEV", "dev "])
def test_an_unknown_environment_is_refused(environment: str, terraform_folder: Path) -> None:
    with pytest.raises(TerraformRefused, match="must be dev, stage or prod"):
        apply("environment", DEV | {"environment": environment}, terraform_folder)


def test_a_missing_environment_is_refused(terraform_folder: Path) -> None:
    with pytest.raises(TerraformRefused, match='argument "environment" is required'):
        apply("environment", {"project": "some-project"}, terraform_folder)


@pytest.mark.parametrize("other", [{"environment": "prod"}, {"project": "another-project"}])
def test_a_state_is_not_applied_for_another_environment(
    other: dict[str, str], terraform_folder: Path
) -> None:
    apply("environment", DEV, terraform_folder)

    with pytest.raises(TerraformRefused, match="This state is of some-project/dev"):
        apply("environment", DEV | other, terraform_folder)
    assert apply("environment", DEV, terraform_folder)["prefix"] == "paceline-dev"


def test_what_was_applied_can_be_destroyed(terraform_folder: Path) -> None:
    apply("environment", DEV, terraform_folder)

    destroy(terraform_folder)
    assert apply("environment", DEV | {"environment": "prod"}, terraform_folder)
