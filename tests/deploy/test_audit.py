"""What checkov is told to leave out, and that it is asked at all."""

import re

from tests.deploy import hcl, pins
from tests.deploy.terraforming import ROOT

SKIP = re.compile(r"checkov:skip=(\w+)(?::(.*))?")
A_REASON = 4  # words


def test_each_exception_has_its_reason_beside_it() -> None:
    found = [
        (file.name, *match.groups())
        for file in hcl.files()
        for match in SKIP.finditer(file.read_text())
    ]

    assert found
    assert not [each for each in found if len((each[2] or "").split()) < A_REASON]


def test_nothing_is_left_out_as_a_whole() -> None:
    (audit,) = re.findall(
        r"^audit:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE
    )

    assert "--directory terraform" in audit
    assert not re.search(r"--skip-(check|path|framework)|--soft-fail|--baseline", audit)
    assert "make audit" in (ROOT / ".ci/run").read_text().splitlines()


def test_it_is_installed_as_it_was_locked() -> None:
    locked = pins.read(ROOT / "requirements/checkov.txt")

    assert "checkov" in locked
    assert all(pin.hashes for found in locked.values() for pin in found)
