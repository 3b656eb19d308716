"""Our efforts against those that the simulator answers, which shares no code with ours."""

import asyncio
from dataclasses import replace
from typing import Any

from paceline.adapters.strava.wire import StravaWire
from paceline.metrics.summary import summarise
from tests.simulator.harness import SMALL, strava


async def _answers() -> list[tuple[dict[str, Any], bytes]]:
    simulated = strava(replace(SMALL, years=0.05, max_points=20_000))
    await simulated.signed_in()
    found = []
    for row in await simulated.truth():
        detail = await simulated.json(f"/api/v3/activities/{row['id']}", include_all_efforts="true")
        streams = await simulated.http.get(
            f"/api/v3/activities/{row['id']}/streams",
            params={"keys": "time,distance,moving,altitude", "key_by_type": "true"},
        )
        if streams.status_code == 200:
            found.append((detail, streams.content))
    return found


def test_efforts_are_those_that_are_answered_with_time_and_place() -> None:
    compared = 0
    for detail, body in asyncio.run(_answers()):
        row = summarise(StravaWire().streams(body))
        ours = {effort["distance_m"]: effort for effort in row["efforts_on_foot"]}

        assert row["distance_m"] == detail["distance"]
        assert row["moving_s"] == detail["moving_time"]
        for answered in detail.get("best_efforts", []):
            compared += 1
            assert ours[round(answered["distance"])] == {
                "distance_m": round(answered["distance"]),
                "elapsed_time_s": answered["elapsed_time"],
                "start_index": answered["start_index"],
                "end_index": answered["end_index"],
            }
    assert compared > 20
