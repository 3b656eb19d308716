"""The documents name what is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PATH = re.compile(r"`((?:tests|benchmarks|sql|shared|docs|functions)/[\w./-]+)`")


def test_every_file_that_features_md_names_is_there() -> None:
    named = set(_PATH.findall((ROOT / "docs/features.md").read_text()))

    assert len(named) > 30
    assert {path for path in named if not (ROOT / path).exists()} == set()
