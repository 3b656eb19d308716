"""When somebody hears of something."""

import re

import pytest

from tests.deploy import hcl, terraforming
from tests.deploy.terraforming import ROOT

ALERTS = hcl.local_values("alerts.tf")
RULE = re.search(
    r'regex\("(\^every \([^"]+)", var\.marts_schedule',
    (hcl.TERRAFORM / "variables.tf").read_text(),
)


def test_one_answer_in_a_thousand_is_one_error_too_many() -> None:
    assert ALERTS["alerts_above"]["webhook-errors"]["above"] == 0.001
    assert "more than one in a thousand" in (ROOT / "docs/operations.md").read_text().lower()


@pytest.mark.parametrize(
    ("schedule", "within_s"),
    [
        ("every 5 minutes", 3_600),
        ("every 15 minutes", 3_600),
        ("every 30 minutes", 7_200),
        ("every 1 hours", 14_400),
        ("every 5 hours", 72_000),
    ],
)
def test_marts_are_awaited_for_four_runs_and_at_least_an_hour(schedule: str, within_s: int) -> None:
    if not terraforming.is_installed():
        pytest.skip(terraforming.ABSENT)
    assert ALERTS["alerts_absent"]["freshness"]["for_s"] == ALERTS["_freshness_s"]
    every = f"({ALERTS['_every'].strip('${}')})"
    asked = ALERTS["_freshness_s"].removeprefix("${").removesuffix("}")
    for name, value in (("local._every", every), ("var.marts_schedule", f'"{schedule}"')):
        asked = asked.replace(name, value)

    found = terraforming.evaluate(asked)
    assert found == within_s
    assert found <= 23.5 * 3_600, "which is the longest that an alert waits"


@pytest.mark.parametrize(
    ("schedule", "is_taken"),
    [
        ("every 5 minutes", True),
        ("every 15 minutes", True),
        ("every 300 minutes", True),
        ("every 5 hours", True),
        ("every 4 minutes", False),
        ("every 301 minutes", False),
        ("every 6 hours", False),
        ("every day 04:00", False),
        ("", False),
    ],
)
def test_a_schedule_that_the_alert_cannot_follow_is_refused(
    schedule: str, *, is_taken: bool
) -> None:
    assert RULE
    assert bool(re.search(RULE[1], schedule)) is is_taken


@pytest.mark.parametrize(
    "name", ["spooled", "parked", "forged", "access_lost", "rate_day_exhausted"]
)
def test_what_is_worth_a_number_is_counted(name: str) -> None:
    assert name in ALERTS["_outcomes"]
