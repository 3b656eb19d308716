"""BigQuery's stand-in: what it says where it cannot be had."""

from pathlib import Path

import pytest

from paceline.cli.emulators import bigquery as stand_in
from paceline.cli.emulators.process import EmulatorMissing


def test_without_python_3_13_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stand_in, "_HOME", tmp_path / "bigquery")
    for variable in ("PATH", "PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.setenv(variable, str(tmp_path))
    with pytest.raises(EmulatorMissing, match=r"needs Python 3\.13"):
        stand_in.bigquery(tmp_path / "data")


def test_its_packages_are_pinned_with_hashes_and_without_a_host() -> None:
    text = stand_in._REQUIREMENTS.read_text()
    pinned = [line for line in text.splitlines() if "==" in line]
    assert "local-bigquery==0.3.2 \\" in pinned
    assert all(line.endswith("\\") for line in pinned)
    assert text.count("--hash=sha256:") >= len(pinned)
    assert "://" not in text
