"""The path that marts are written to and read from, and pages that start quickly."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner


@pytest.fixture
def marts_path(tmp_path: Path) -> Path:
    return tmp_path / "marts.duckdb"


@pytest.fixture(scope="session", autouse=True)
def _components_are_looked_for_once() -> Iterator[None]:
    """Each page of a test would go through all that is installed, for components of Streamlit."""
    found = manifest_scanner.scan_component_manifests()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(manifest_scanner, "scan_component_manifests", lambda: found)
        yield
