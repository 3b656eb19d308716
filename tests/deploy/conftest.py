"""What the tests of the deployment share."""

from pathlib import Path

import pytest

from tests.deploy import terraforming
from tests.deploy.bundling import Bundles, evaluate


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    """The files of every zip, as Terraform says."""
    if not terraforming.is_installed():
        pytest.skip(terraforming.ABSENT)
    return evaluate(terraforming.ROOT, tmp_path_factory.mktemp("bundles"))


@pytest.fixture
def terraform_folder(tmp_path: Path) -> Path:
    if not terraforming.is_installed():
        pytest.skip(terraforming.ABSENT)
    folder = tmp_path / "terraform"
    folder.mkdir()
    return folder
