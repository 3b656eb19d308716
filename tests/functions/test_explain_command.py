"""`paceline explain` where no service runs: the warehouse itself is asked."""

import json

import pytest

from paceline.cli import main
from paceline.runtime.local import LocalRuntime
from tests.sql.landed import activity, metric, tables


def explain(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["explain", *words])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_without_a_service_silver_is_asked_as_well(
    runtime: LocalRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {"activities": [activity(7, bronze_uri="bronze/7")], "metrics": [metric(7)]}
    runtime.warehouse.append(tables(rows))
    runtime.warehouse.refresh()
    runtime.close()

    status, out, _ = explain(capsys, "activity_summary", "7", "--json")
    assert status == 0
    (report,) = json.loads(out)
    assert {"silver.activities", "silver.metrics"} <= {each["table"] for each in report["inputs"]}
    assert report["unread"] == []
    assert report["payloads"][0]["bronze_uri"] == "bronze/7"

    _, page, _ = explain(capsys, "daily", "2024-01-30")
    assert "from silver.activities: 1 rows, read by marts.daily_summary" in page
    assert "activity 7 version 1: bronze/7" in page
    assert "running over" not in page
    _, page, _ = explain(capsys, "fitness", "2024-01-30")
    assert "running over 1 days, 2024-01-30 to 2024-01-30: 1 activities, load 0" in page


def test_before_anything_is_built_there_is_nothing_to_explain(
    runtime: LocalRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = explain(capsys, "daily", "2024-01-30")

    assert status == 1
    assert "There are no marts yet" in err
