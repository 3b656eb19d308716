"""What the dashboard's image holds, and what it is told."""

import ast
import re
import shlex
from pathlib import Path

from tests.deploy import hcl, pins
from tests.deploy.terraforming import ROOT

FOLDER = ROOT / "dashboard"
DOCKERFILE = (FOLDER / "Dockerfile").read_text()
LOCKED = FOLDER / "requirements.txt"
NOT_IN_THE_CLOUD = {"duckdb"}  # imported by dashboard/marts_file.py alone
PACKAGES = {"google": "google-cloud-bigquery", "requests": "google-cloud-bigquery"}


def imported(file: Path) -> set[str]:
    """Packages of others, by the names that are imported."""
    names = set[str]()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def wanted() -> set[str]:
    text = (ROOT / "requirements/dashboard.in").read_text()
    return {line for line in text.splitlines() if line and not line.startswith("#")}


def test_the_image_installs_what_the_lock_says_and_nothing_else() -> None:
    (install,) = re.findall(r"^RUN (pip install .*)$", DOCKERFILE, re.MULTILINE)
    words = shlex.split(install)

    assert "--require-hashes" in words
    assert words[-2:] == ["-r", "requirements.txt"]
    assert "COPY requirements.txt" in DOCKERFILE


def test_the_pins_are_those_that_the_tests_ran_with() -> None:
    tested = pins.read(ROOT / "requirements/dev.txt")
    locked = pins.read(LOCKED)

    assert locked.keys() == pins.needed_by(wanted()), "stale: run make lock"
    for name, (pin,) in locked.items():
        assert pin in tested.get(name, set()), f"{name}: stale: run make lock"
        assert pin.hashes, f"{name} has no hash"


def test_what_the_pages_import_is_installed() -> None:
    known = {"dashboard", "pa", *NOT_IN_THE_CLOUD}
    standard = set(__import__("sys").stdlib_module_names)
    others = set().union(*(imported(file) for file in FOLDER.glob("*.py"))) - known - standard

    assert {PACKAGES.get(name, name) for name in others} <= wanted()
    lazy = [file.name for file in FOLDER.glob("*.py") if imported(file) & NOT_IN_THE_CLOUD]
    assert lazy == ["marts_file.py"]


def test_the_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE)
    lines = DOCKERFILE.splitlines()

    assert users == ["10001"]
    assert not [line for line in lines[lines.index("USER 10001") :] if line.startswith("RUN")]


def test_the_image_starts_the_page_where_cloud_run_calls_it() -> None:
    (start,) = re.findall(r'^CMD \["sh", "-c", "exec (.+)"\]$', DOCKERFILE, re.MULTILINE)

    assert start.startswith("streamlit run dashboard/app.py ")
    assert "--server.port=$PORT" in start
    assert "COPY . ./dashboard" in DOCKERFILE


def test_the_dashboard_is_told_what_it_reads_and_nothing_else() -> None:
    (service,) = hcl.resources("google_cloud_run_v2_service")
    (template,) = service.body["template"]
    (container,) = template["containers"]
    read = re.findall(r"PACELINE_\w+", (FOLDER / "marts.py").read_text())

    assert {each["name"] for each in container["env"]} == set(read) - {"PACELINE_MARTS"}
