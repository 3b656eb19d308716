"""The path that marts are written to and read from."""

from pathlib import Path

import pytest


@pytest.fixture
def marts_path(tmp_path: Path) -> Path:
    return tmp_path / "marts.duckdb"
