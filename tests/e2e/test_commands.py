"""The commands an operator types, as processes against the running world."""

import json
import socket
from pathlib import Path

import pytest

from paceline.cli.rehearsal import Rehearsal
from tests.e2e.commands import paceline


def consent(world: Rehearsal, scope: str) -> str:
    (athlete,) = world.admin("GET", "athletes")
    order = {"athlete_id": athlete["id"], "scope": scope}
    return str(world.admin("POST", "authorize", order)["code"])


def test_connect_takes_a_bare_code(world: Rehearsal) -> None:
    done = paceline(world, "connect", consent(world, "read,activity:read,activity:read_all"))

    assert done.returncode == 0, done.stderr
    assert "is connected" in done.stdout


def test_connect_takes_the_pasted_address_and_says_what_was_not_granted(world: Rehearsal) -> None:
    code = consent(world, "read,activity:read")
    pasted = f"http://localhost/connected?state=&code={code}&scope=read,activity:read"
    done = paceline(world, "connect", pasted)
    paceline(world, "connect", consent(world, "read,activity:read,activity:read_all"))

    assert done.returncode == 0, done.stderr
    assert "Private activities are not visible" in done.stdout


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("used-or-invented", "start connecting again"),
        ("http://localhost/connected?state=&error=access_denied", "did not agree"),
    ],
)
def test_a_code_that_is_no_good_is_refused_with_what_to_do(
    world: Rehearsal, pasted: str, said: str
) -> None:
    done = paceline(world, "connect", pasted)

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_status_says_what_there_is_to_know(world: Rehearsal) -> None:
    page, data = paceline(world, "status"), paceline(world, "status", "--json")

    assert page.returncode == 0, page.stderr
    for word in ("athletes", "reads", "waiting", "dead letters", "marts"):
        assert word in page.stdout
    report = json.loads(data.stdout)
    assert report["activities"]["fetched"] > 20
    assert report["marts"]["activities"] > 20


def test_subscribe_create_is_idempotent_and_list_shows_it(world: Rehearsal) -> None:
    url = f"{world.url('paceline')}/receive_webhook"
    first = paceline(world, "subscribe", "create", "--url", url)
    again = paceline(world, "subscribe", "create", "--url", url)
    listed = paceline(world, "subscribe", "list")

    assert first.returncode == 0, first.stderr
    assert first.stdout == again.stdout == listed.stdout
    assert url in listed.stdout
    assert world.runtime.settings.webhook_secret not in listed.stdout


def test_replay_sends_dead_letters_again(world: Rehearsal) -> None:
    done = paceline(world, "replay")

    assert done.returncode == 0, done.stderr
    assert "fetch_activity: 0 sent again" in done.stdout


def test_a_start_outside_the_repository_says_what_to_set(world: Rehearsal, tmp_path: Path) -> None:
    done = paceline(world, "up", PACELINE_ROOT=str(tmp_path))

    assert done.returncode == 1
    assert "PACELINE_ROOT" in done.stderr


def test_a_second_writer_is_told_who_holds_the_warehouse(world: Rehearsal) -> None:
    done = paceline(world, "refresh")

    assert done.returncode == 1
    assert "warehouse.duckdb" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_named(world: Rehearsal) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = paceline(world, "up", PACELINE_PORT=port)

    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr


def test_a_wrong_setting_stops_the_start_and_is_named(world: Rehearsal) -> None:
    done = paceline(world, "up", PACELINE_WEBHOOK_SECRET="short", PACELINE_TICK_S="soon")

    assert done.returncode == 1
    assert "PACELINE_WEBHOOK_SECRET" in done.stderr
    assert "PACELINE_TICK_S" in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_asks_everything_and_shows_no_secret(world: Rehearsal) -> None:
    done = paceline(world, "doctor", "--json")
    report = json.loads(done.stdout)

    assert done.returncode == 0, done.stdout
    checked = {each["check"] for each in report["findings"]}
    assert checked >= {"state", "keyring", "bus", "subscription", "webhook"}
    assert report["settings"]["webhook_secret"] == "is set"
    assert world.settings()["PACELINE_WEBHOOK_SECRET"] not in done.stdout


def test_doctor_names_what_is_amiss(world: Rehearsal) -> None:
    done = paceline(world, "doctor", PACELINE_STRAVA_API_BASE="http://127.0.0.1:9")

    assert done.returncode == 1
    assert "AMISS  subscription" in done.stdout
    assert "Traceback" not in done.stderr


def test_doctor_asks_the_webhook_what_strava_would_ask(world: Rehearsal) -> None:
    done = paceline(world, "doctor", PACELINE_VERIFY_TOKEN="another")
    elsewhere = paceline(world, "doctor", PACELINE_WEBHOOK_SECRET="anothersecretpath")

    assert done.returncode == elsewhere.returncode == 1
    assert "AMISS  webhook        StravaRefused: " in done.stdout
    assert "refuses our verify token" in done.stdout
    assert "AMISS  webhook        Amiss: Strava sends events to " in elsewhere.stdout
    assert world.settings()["PACELINE_WEBHOOK_SECRET"] not in elsewhere.stdout
