"""Settings by hand and explained numbers, beside the service that holds the warehouse."""

import json
from typing import Any

import duckdb
import pytest

from paceline.cli.demo import give_heart_rates
from paceline.cli.rehearsal import Rehearsal
from tests.e2e.commands import paceline
from tests.waiting import wait_for


def listed(world: Rehearsal) -> dict[str, Any]:
    done = paceline(world, "settings", "list", "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def values(world: Rehearsal, name: str) -> list[tuple[float, str, str]]:
    rows = listed(world)["settings"]
    return [(r["value"], r["valid_from"], r["source"]) for r in rows if r["name"] == name]


def test_a_setting_arrives_in_the_marts_of_the_running_service(world: Rehearsal) -> None:
    for day, watts in (("2020-01-01", 241), ("2021-03-01", 262)):
        done = paceline(world, "settings", "set", f"ftp={watts}", "from", day)
        assert done.returncode == 0, done.stderr
        assert f"ftp_w = {watts} from {day} on" in done.stdout

    expected = [(241.0, "1900-01-01", "athlete"), (262.0, "2021-03-01", "athlete")]
    wait_for(lambda: values(world, "ftp_w") == expected, within_s=30)
    assert listed(world)["waiting"] == 0
    told = paceline(world, "settings", "list").stdout
    assert "241  from the beginning until 2021-03-01, by athlete" in told

    assert paceline(world, "settings", "unset", "ftp", "from", "2021-03-01").returncode == 0
    wait_for(lambda: values(world, "ftp_w") == expected[:1], within_s=30)
    history = paceline(world, "settings", "history").stdout.splitlines()
    assert [line.partition("  ")[2] for line in history] == [
        "ftp_w from 2020-01-01: 241",
        "ftp_w from 2021-03-01: 262",
        "ftp_w from 2021-03-01: taken back",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["set", "ftp=265", "from", "tomorrow"], "tomorrow is not a day, such as 2026-03-01"),
        (["set", "ftp=265", "from"], "from which day"),
        (["set", "ftp=265", "ftp=266"], "ftp_w is set twice"),
        (["set", "rest_hr=110", "max_hr=105"], r"rest_hr_bpm (110) must be below max_hr_bpm"),
        (["set", "vt1=170", "vt2=160"], r"vt1_hr_bpm (170) must be below vt2_hr_bpm (160)"),
        (["set", "speed=9"], "There is no setting 'speed'"),
        (["unset", "css"], "css is set by hand from no day"),
        (["set", "ftp=265", "--athlete", "1"], "Nobody of that kind is connected"),
    ],
)
def test_what_cannot_be_set_is_named(world: Rehearsal, words: list[str], said: str) -> None:
    done = paceline(world, "settings", *words)

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_number_is_explained_beside_the_running_service(world: Rehearsal) -> None:
    with duckdb.connect(str(world.runtime.marts_path), read_only=True) as connection:
        query = "SELECT activity_id, local_date FROM activity_summary WHERE has_streams LIMIT 1"
        ((activity_id, day),) = connection.execute(query).fetchall()
    done = paceline(world, "explain", "daily", str(day), "--json")

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert {each["key"]["local_date"] for each in report} == {str(day)}
    payloads = [payload for each in report for payload in each["payloads"]]
    (mine,) = (payload for payload in payloads if payload["activity_id"] == activity_id)
    assert world.runtime.bronze.get(mine["bronze_uri"]) is not None
    page = paceline(world, "explain", "daily", str(day)).stdout
    assert "distance_km = " in page
    assert "distance_m / 1000" in page
    assert "the running service has it: silver.activities" in page


def test_w_prime_balance_is_told_beside_the_running_service(world: Rehearsal) -> None:
    query = (
        "SELECT activity_id FROM activity_summary"
        " WHERE power_is_measured AND normalized_power_w > 0 ORDER BY started_at LIMIT 1"
    )
    with duckdb.connect(str(world.runtime.marts_path), read_only=True) as connection:
        ((activity_id,),) = connection.execute(query).fetchall()
    done = paceline(world, "balance", str(activity_id), "--cp-w", "250", "--w-prime-j", "20000")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{activity_id} ")
    assert "CP 250 W and W' 20000 J: given by hand" in done.stdout


def test_a_row_that_there_is_not_is_said(world: Rehearsal) -> None:
    done = paceline(world, "explain", "daily", "1999-01-01")

    assert done.returncode == 1
    assert "marts.daily_summary has no row with local_date 1999-01-01" in done.stderr


def test_the_heart_rates_that_the_demo_gives_make_loads_zones_and_fitness(
    world: Rehearsal,
) -> None:
    def counts() -> tuple[int, ...]:
        with duckdb.connect(str(world.runtime.marts_path), read_only=True) as connection:
            return tuple(
                connection.execute(query).fetchall()[0][0]
                for query in (
                    "SELECT COUNT(hrtss) FROM activity_load",
                    "SELECT COUNT(*) FROM activity_load WHERE load_source = 'hrtss'",
                    "SELECT COUNT(*) FROM zones_weekly WHERE kind = 'heart_rate' AND seconds > 0",
                    "SELECT COUNT(*) FROM fitness_daily WHERE ctl > 0",
                )
            )

    assert counts()[:2] == (0, 0)
    give_heart_rates(world)
    wait_for(lambda: all(counts()), within_s=60)
