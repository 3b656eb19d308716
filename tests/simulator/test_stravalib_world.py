"""stravalib reads a large world and an awkward one, and what it says is compared with the truth.

`SIMULATOR_EVERY_ACTIVITY=1` reads details, laps and streams of all activities, not of a sample.
"""

import os
import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from stravalib import exc

from tests.simulator.harness import ADA
from tests.simulator.process import ENDLESS, running, signed_in, truth_of

LARGE = ("--athletes", "3", "--years", "4", "--max-points", "200")
AWKWARD = ("--awkward", "--years", "0.02", "--max-points", "200")
EVERYBODY = (ADA, ADA + 1, ADA + 2)
SAMPLE = 25
REFUSED = "fractional ints"  # and every page of a list that it is on
CHANGED = "unknown sport"


@pytest.fixture(scope="module")
def world() -> Iterator[httpx.Client]:
    with running(*LARGE, *ENDLESS) as http:
        yield http


@pytest.fixture(scope="module")
def truths(world: httpx.Client) -> dict[int, list[dict[str, Any]]]:
    return {athlete_id: truth_of(world, athlete_id) for athlete_id in EVERYBODY}


@pytest.fixture(scope="module")
def odd() -> Iterator[httpx.Client]:
    with running(*AWKWARD, *ENDLESS) as http:
        yield http


@pytest.mark.parametrize("athlete_id", EVERYBODY)
def test_every_row_of_four_years_is_understood(
    world: httpx.Client, truths: dict[int, list[dict[str, Any]]], athlete_id: int
) -> None:
    truth = {row["id"]: row for row in truths[athlete_id]}
    with signed_in(world, athlete_id) as client:
        listed = list(client.get_activities())
    assert len(listed) == len(truth) > 600
    for row in listed:
        true = truth.pop(row.id)
        assert row.sport_type.root == true["sport_type"]
        assert float(row.distance) == true["distance"]
        assert (row.moving_time, row.elapsed_time) == (true["moving_time"], true["elapsed_time"])
        assert row.start_date.isoformat() == true["start_date"].replace("Z", "+00:00")
        assert row.private == true["private"]
    assert truth == {}


@pytest.mark.parametrize("athlete_id", EVERYBODY)
def test_details_laps_and_streams_of_many_activities(
    world: httpx.Client, truths: dict[int, list[dict[str, Any]]], athlete_id: int
) -> None:
    truth = truths[athlete_id]
    if not os.environ.get("SIMULATOR_EVERY_ACTIVITY"):
        truth = random.Random(athlete_id).sample(truth, SAMPLE)
    with signed_in(world, athlete_id) as client:
        for true in truth:
            detail = client.get_activity(true["id"])
            assert detail.sport_type.root == true["sport_type"]
            assert float(detail.distance) == true["distance"]
            assert detail.moving_time == true["moving_time"]
            if true["has_streams"]:
                laps = list(client.get_activity_laps(true["id"]))
                assert sum(lap.moving_time for lap in laps) == true["moving_time"]
                streams = client.get_activity_streams(true["id"])
                assert {len(s.data) for s in streams.values()} == {true["stream_points"]}
            else:
                with pytest.raises(exc.ObjectNotFound):
                    client.get_activity_streams(true["id"])


def cases(odd: httpx.Client) -> dict[str, dict[str, Any]]:
    return {row["case"]: row for row in truth_of(odd) if "case" in row}


def test_stravalib_understands_all_awkward_activities_but_two(odd: httpx.Client) -> None:
    rows = {name: row for name, row in cases(odd).items() if name not in {REFUSED, CHANGED}}
    assert len(rows) > 30
    with signed_in(odd) as client:
        for row in rows.values():
            detail = client.get_activity(row["id"])
            assert (detail.id, detail.name) == (row["id"], row["name"])
            assert detail.sport_type.root == row["sport_type"]
            assert float(detail.distance) == row["distance"]
            assert (detail.moving_time, detail.utc_offset) == (
                row["moving_time"],
                row["utc_offset"],
            )
            local = detail.start_date_local.replace(tzinfo=None).isoformat() + "Z"
            assert local == row["start_date_local"]
            list(client.get_activity_laps(row["id"]))
            if row["has_streams"]:
                streams = client.get_activity_streams(row["id"])
                assert {len(s.data) for s in streams.values()} == {row["stream_points"]}


def test_stravalib_keeps_the_gaps_in_streams(odd: httpx.Client) -> None:
    with signed_in(odd) as client:
        streams = client.get_activity_streams(cases(odd)["nulls in streams"]["id"])
    assert {name for name, s in streams.items() if None in s.data} == {
        "heartrate", "watts", "cadence",
    }  # fmt: skip


def test_stravalib_turns_an_unknown_sport_into_a_workout(odd: httpx.Client) -> None:
    row = cases(odd)[CHANGED]
    with signed_in(odd) as client:
        assert client.get_activity(row["id"]).sport_type.root == "Workout" != row["sport_type"]


def test_stravalib_refuses_fractions_where_integers_are_promised(odd: httpx.Client) -> None:
    with signed_in(odd) as client:
        with pytest.raises(ValidationError) as refused:
            client.get_activity(cases(odd)[REFUSED]["id"])
        assert {error["loc"][0] for error in refused.value.errors()} == {
            "moving_time", "max_heartrate", "suffer_score", "average_temp", "perceived_exertion",
        }  # fmt: skip
        with pytest.raises(ValidationError):  # one row, and the whole list is lost
            list(client.get_activities())
