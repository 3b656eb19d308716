"""From Strava's event to the marts, through real processes and real HTTP."""

import json
from typing import Any

import duckdb

from paceline.cli.rehearsal import Rehearsal
from tests.waiting import wait_for


def athlete(world: Rehearsal) -> int:
    return int(world.admin("GET", "athletes")[0]["id"])


def create(world: Rehearsal, **order: Any) -> int:
    body = {"athlete_id": athlete(world), "duration_s": 240} | order
    return int(world.admin("POST", "activities", body)["id"])


def row(world: Rehearsal, activity_id: int) -> dict[str, Any] | None:
    """The activity in the marts, as a dashboard would read it."""
    with duckdb.connect(str(world.runtime.marts_path), read_only=True) as connection:
        query = "SELECT * FROM activity_summary WHERE activity_id = ?"
        cursor = connection.execute(
            query.replace("*", "name, sport_type, distance_m"), [activity_id]
        )
        names = [column[0] for column in cursor.description or []]
        found = cursor.fetchone()
    return dict(zip(names, found, strict=True)) if found else None


def arrives(world: Rehearsal) -> bool:
    return wait_for(lambda: not world.differences(), within_s=60)


def test_the_imported_history_equals_what_strava_holds(world: Rehearsal) -> None:
    assert len(world.admin("GET", "truth")) > 20
    assert world.differences() == []


def test_an_activity_that_just_ended_is_in_the_marts(world: Rehearsal) -> None:
    activity_id = create(world, sport_type="Ride", name="Evening spin")

    assert wait_for(lambda: row(world, activity_id) is not None, within_s=60)
    assert arrives(world)
    found = row(world, activity_id)
    assert found is not None
    assert (found["name"], found["sport_type"]) == ("Evening spin", "Ride")


def test_a_new_title_sport_and_crop_arrive(world: Rehearsal) -> None:
    activity_id = create(world, sport_type="Run")
    assert arrives(world)
    before = row(world, activity_id)
    edit = {"name": "On the trail", "sport_type": "TrailRun", "crop_s": 60}
    world.admin("PATCH", f"activities/{activity_id}", edit)

    assert arrives(world)
    after = row(world, activity_id)
    assert before is not None
    assert after is not None
    assert (after["name"], after["sport_type"]) == ("On the trail", "TrailRun")
    assert after["distance_m"] < before["distance_m"]


def test_a_deleted_activity_leaves_silver_and_marts(world: Rehearsal) -> None:
    activity_id = create(world)
    assert arrives(world)
    world.admin("DELETE", f"activities/{activity_id}")

    assert wait_for(lambda: row(world, activity_id) is None, within_s=60)
    assert arrives(world)


def test_one_trace_leads_from_the_webhook_to_the_loaded_rows(world: Rehearsal) -> None:
    create(world)
    assert arrives(world)
    lines = (world.home / "logs/paceline.log").read_text().splitlines()
    logged = [json.loads(line) for line in lines if line.startswith("{")]
    accepted = [line for line in logged if line["step"] == "receive_webhook" and line.get("trace")]
    trace = accepted[-1]["trace"]

    steps = [line["step"] for line in logged if line.get("trace") == trace]
    assert sorted(steps) == ["fetch_activity", "load_silver", "load_silver", "receive_webhook"]


def test_no_secret_is_in_logs_or_state(world: Rehearsal) -> None:
    token = world.runtime.vault.access_token(athlete(world))
    secrets = [
        token,
        *(
            str(world.settings()[f"PACELINE_{name}"])
            for name in ("WEBHOOK_SECRET", "VERIFY_TOKEN", "STRAVA_CLIENT_SECRET")
        ),
    ]
    stored = b"".join(
        file.read_bytes()
        for file in [*world.home.glob("*.sqlite*"), world.home / "logs/paceline.log"]
    )

    assert [secret for secret in secrets if secret.encode() in stored] == []


def test_nothing_was_given_up_on(world: Rehearsal) -> None:
    assert world.dead_letters() == []
    assert world.events()["lost"] == 0
