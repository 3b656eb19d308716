"""Recorded worlds: the files are what the API answers, until somebody edits them."""

import gzip
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulator.__main__ import main
from simulator.recorded_folder import load_folder
from simulator.saving import SavingError, save_world
from simulator.wire_streams import KEYS
from tests.simulator.harness import ADA, SMALL, Callback, Strava, strava
from tests.simulator.recordings import ATHLETE, DETAIL, HAND, MINE, RIDE, SAMPLES, of, write_folder

pytestmark = pytest.mark.anyio

ALL_KEYS = ",".join(KEYS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path)


async def rosas(folder: Path, scope: str = "", callback: Callback | None = None) -> Strava:
    """A simulator of the folder, asked with Rosa's token."""
    sim = strava(of(folder), callback)
    token = (await sim.connect(scope, athlete_id=MINE))["access_token"]
    sim.http.headers["Authorization"] = f"Bearer {token}"
    return sim


async def edited(sim: Strava, activity_id: int, **changes: Any) -> dict[str, Any]:
    answer = await sim.http.patch(f"/_sim/activities/{activity_id}", json=changes)
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()
    return row


async def body_of(sim: Strava, path: str) -> bytes:
    answer = await sim.http.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.content


async def test_a_saved_world_answers_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.saving._PER_PAGE", 7)
    drawn = replace(SMALL, years=0.08, max_points=60, awkward=True)
    assert await save_world(drawn, tmp_path) > 10
    made_up, recorded = strava(drawn), strava(replace(drawn, athletes=0, recorded=str(tmp_path)))
    for sim in (made_up, recorded):
        await sim.signed_in()
    me = await made_up.json("/athlete")
    rows = await made_up.json("/athlete/activities", per_page=200)
    paths = ["/athlete", "/athlete/zones", "/athlete/activities?per_page=7&page=2"]
    paths += [f"/gear/{gear['id']}" for gear in me["bikes"] + me["shoes"]]
    for row in rows:
        path = f"/activities/{row['id']}"
        paths += [path, f"{path}/laps", f"{path}/zones"]
        paths += [
            f"{path}/streams?keys={ALL_KEYS}&key_by_type=true",
            f"{path}/streams?keys=time,watts,latlng&key_by_type=true",
            f"{path}/streams?keys=heartrate",
        ]
    statuses: Counter[int] = Counter()
    for path in paths:
        answers = [await sim.http.get(path) for sim in (made_up, recorded)]
        assert answers[1].status_code == answers[0].status_code, path
        assert answers[1].content == answers[0].content, path
        statuses[answers[0].status_code] += 1
    assert statuses[200] > 100
    assert statuses[404] > 3  # streams of what was typed in by hand
    # Only the generator knows which of its activities are meant to be odd.
    truth = [{k: v for k, v in row.items() if k != "case"} for row in await made_up.truth()]
    assert await recorded.truth() == truth


async def test_files_are_answered_byte_for_byte_and_rows_drop_what_is_only_in_a_detail(
    folder: Path,
) -> None:
    sim = await rosas(folder)
    ride = f"/activities/{RIDE}"
    assert await body_of(sim, "/athlete") == (folder / f"athletes/{MINE}.json").read_bytes()
    assert await body_of(sim, ride) == (folder / f"activities/{RIDE}.json").read_bytes()
    streams = await body_of(sim, f"{ride}/streams?keys={ALL_KEYS}&key_by_type=true")
    assert streams == (folder / f"streams/{RIDE}.json").read_bytes()
    rows = await sim.json("/athlete/activities")
    assert [row["id"] for row in rows] == [HAND, RIDE]
    assert rows[1]["from_the_future"] == {"kept": [1.5]}
    assert rows[1]["map"] == {"id": "a1", "summary_polyline": "ab", "resource_state": 3}
    assert rows[1]["resource_state"] == 2
    assert not {"description", "laps", "splits_metric"} & rows[1].keys()
    assert await sim.json(f"{ride}/laps") == DETAIL["laps"]
    assert await sim.json("/gear/b1") == ATHLETE["bikes"][0]


async def test_optional_files_are_answered_and_without_them_there_is_nothing(folder: Path) -> None:
    sim = await rosas(folder)
    for path, status in (
        ("/athlete/zones", 404), (f"/activities/{RIDE}/zones", 402), ("/gear/g5", 404),
        (f"/activities/{HAND}/streams?keys=time&key_by_type=true", 404),
    ):  # fmt: skip
        assert (await sim.http.get(path)).status_code == status, path
    (folder / "gear").mkdir()
    for name, path in (
        (f"athletes/{MINE}.zones.json", "/athlete/zones"),
        (f"activities/{RIDE}.zones.json", f"/activities/{RIDE}/zones"),
        ("gear/b1.json", "/gear/b1"),
    ):
        (folder / name).write_text(json.dumps({"id": "b1", "at": path}, indent=1))
        assert await body_of(await rosas(folder), path) == (folder / name).read_bytes()


@pytest.mark.parametrize("ending", [".json", ".json.gz"])
async def test_streams_recorded_as_a_list_are_served_in_both_forms(
    folder: Path, ending: str
) -> None:
    listed = json.dumps([{"type": name} | column for name, column in SAMPLES.items()]).encode()
    (folder / f"streams/{RIDE}.json").unlink()
    packed = gzip.compress(listed) if ending.endswith(".gz") else listed
    (folder / f"streams/{RIDE}{ending}").write_bytes(packed)
    sim = await rosas(folder)
    path = f"/activities/{RIDE}/streams"
    assert await body_of(sim, f"{path}?keys={ALL_KEYS}") == listed
    assert await sim.json(path, keys=ALL_KEYS, key_by_type="true") == SAMPLES
    assert list(await sim.json(path, keys="time", key_by_type="true")) == ["time", "distance"]


async def test_an_edit_patches_the_body_and_leaves_every_other_field(folder: Path) -> None:
    sim = await rosas(folder)
    row = await edited(sim, RIDE, name="Vespa", sport_type="GravelRide", private=True, gear_id="")
    assert (row["name"], row["private"], row["gear_id"]) == ("Vespa", True, None)
    changed = DETAIL | {
        "name": "Vespa", "sport_type": "GravelRide", "type": "Ride", "private": True,
        "visibility": "only_me", "gear_id": None,
    }  # fmt: skip
    assert await sim.json(f"/activities/{RIDE}") == changed
    assert (await sim.json("/athlete/activities"))[1]["name"] == "Vespa"
    await edited(sim, RIDE, name="Superga", sport_type="Ride", private=False, gear_id="b1")
    stored = (folder / f"activities/{RIDE}.json").read_bytes()
    assert await body_of(sim, f"/activities/{RIDE}") == stored


async def test_a_crop_cuts_all_streams_and_the_totals_are_those_of_what_is_left(
    folder: Path,
) -> None:
    sim = await rosas(folder)
    row = await edited(sim, RIDE, crop_s=40)
    assert (row["elapsed_time"], row["moving_time"], row["distance"]) == (180, 120, 600.0)
    row = await edited(sim, RIDE, crop_s=60)
    assert (row["elapsed_time"], row["moving_time"], row["distance"]) == (120, 120, 600.0)
    assert row["stream_points"] == 3
    streams = await sim.json(f"/activities/{RIDE}/streams", keys=ALL_KEYS, key_by_type="true")
    assert {name: column["data"] for name, column in streams.items()} == {
        name: column["data"][:3] for name, column in SAMPLES.items()
    }
    assert streams["time"]["original_size"] == 3
    detail = await sim.json(f"/activities/{RIDE}")
    assert (detail["end_latlng"], detail["average_speed"]) == ([45.02, 7.0], 5.0)
    assert [lap["id"] for lap in detail["laps"]] == [1]
    assert [split["split"] for split in detail["splits_metric"]] == [1]
    assert detail["map"]["polyline"] == detail["map"]["summary_polyline"] != "ab"
    assert detail["from_the_future"] == DETAIL["from_the_future"]


async def test_a_distance_correction_scales_the_distance_stream_alone(folder: Path) -> None:
    sim = await rosas(folder)
    assert (await edited(sim, RIDE, distance_scale=1.1))["distance"] == 990.0
    streams = await sim.json(f"/activities/{RIDE}/streams", keys=ALL_KEYS, key_by_type="true")
    assert streams["distance"]["data"] == [0.0, 330.0, 660.0, 660.0, 990.0]
    assert streams["watts"] == SAMPLES["watts"]


async def test_changes_to_recorded_activities_cause_events_by_scope(folder: Path) -> None:
    sim = await rosas(folder, scope="activity:read")
    await sim.subscribe()
    assert (await sim.http.get(f"/activities/{HAND}")).status_code == 404
    assert [row["id"] for row in await sim.json("/athlete/activities")] == [RIDE]
    await edited(sim, RIDE, name="Vespa")
    await edited(sim, RIDE, private=True)
    await edited(sim, HAND, private=False)
    await sim.http.delete(f"/_sim/activities/{HAND}")
    made = (await sim.http.post("/_sim/activities", json={"athlete_id": MINE})).json()
    await sim.settled()
    told = [(post["object_id"], post["aspect_type"]) for post in sim.callback.posts]
    assert sorted(told) == sorted(
        [
            (RIDE, "update"), (RIDE, "delete"), (HAND, "create"), (HAND, "delete"),
            (made["id"], "create"),
        ]
    )  # fmt: skip
    assert {post["owner_id"] for post in sim.callback.posts} == {MINE}
    assert made["timezone"].endswith("Europe/Rome")
    assert (await sim.json(f"/activities/{made['id']}"))["athlete"]["id"] == MINE
    assert (await sim.http.get(f"/activities/{HAND}")).status_code == 404


async def test_recorded_and_made_up_athletes_live_side_by_side(folder: Path) -> None:
    sim = strava(of(folder, athletes=2))
    people = await sim.json("/_sim/athletes")
    assert [person["id"] for person in people] == [ADA, ADA + 1, MINE]
    assert people[2] == people[2] | {
        "firstname": "Rosa", "city": "Turin", "timezone": "Europe/Rome", "activities": 2,
        "ftp_w": 250,
    }  # fmt: skip
    assert (await sim.connect(athlete_id=MINE))["athlete"] == {
        name: ATHLETE[name] for name in ("id", "firstname", "lastname", "city", "premium")
    } | {"resource_state": 2}
    owners = {row["athlete_id"] for row in await sim.json("/_sim/truth")}
    assert owners == {ADA, ADA + 1, MINE}


@pytest.mark.parametrize(("visibility", "status"), [("everyone", 200), ("followers_only", 404)])
async def test_a_stranger_sees_a_recorded_activity_as_its_visibility_says(
    folder: Path, visibility: str, status: int
) -> None:
    body = json.dumps(DETAIL | {"visibility": visibility})
    (folder / f"activities/{RIDE}.json").write_text(body)
    sim = strava(of(folder, athletes=1))
    await sim.signed_in()
    answer = await sim.http.get(f"/activities/{RIDE}")
    assert answer.status_code == status
    assert "description" not in answer.json()
    assert (await sim.http.get(f"/activities/{HAND}")).status_code == 404
    await edited(sim, HAND, private=False)
    assert (await sim.http.get(f"/activities/{HAND}")).status_code == 200


async def test_a_world_is_not_saved_into_a_folder_in_use(folder: Path) -> None:
    with pytest.raises(SavingError, match="not empty"):
        await save_world(SMALL, folder)


@pytest.mark.parametrize("stored", [b"{", b'{"time": 5}', b'[{"type": "time"}]'])
async def test_a_bad_stream_file_is_named_when_it_is_asked_for(folder: Path, stored: bytes) -> None:
    (folder / f"streams/{RIDE}.json").write_bytes(stored)
    sim = await rosas(folder)
    for path in (f"/activities/{RIDE}/streams?keys=time&key_by_type=true", "/_sim/truth"):
        answer = await sim.http.get(path)
        assert answer.status_code == 500
        assert f"{RIDE}.json cannot be read" in answer.json()["message"]
    assert (await sim.http.get(f"/activities/{RIDE}")).status_code == 200


def test_the_program_saves_the_world_that_its_flags_describe_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["--save", str(tmp_path / "new"), "--years", "0.04", "--max-points", "50"]
    for ends_with in (0, 2):  # the second time there are files
        monkeypatch.setattr("sys.argv", ["simulator", *arguments])
        assert main() == ends_with
    saved = load_folder(of(tmp_path / "new"))
    assert list(saved.athletes) == [ADA]
    assert len(list((tmp_path / "new/streams").iterdir())) == sum(
        recording.streams_path is not None for recording in saved.recordings.values()
    )
