"""`paceline backfill`, `sync`, `reconcile` and `replay`, over a Strava in memory."""

from types import SimpleNamespace
from typing import Any

import pytest

from paceline import cli
from paceline.cli import work
from paceline.lock import alone
from paceline.model.priority import Priority
from paceline.steps import backfill, listing, reconcile
from paceline.steps.backfill import Backfill
from tests.builders import ATHLETE, NOW
from tests.unit.conftest import House
from tests.unit.histories import put

OTHER = ATHLETE + 1


@pytest.fixture
def desk(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house whose athlete has twenty activities at Strava, and whose commands are ours to run."""
    monkeypatch.setattr(listing, "PAGE", 10)
    house.connect()
    house.budget.observe({"x-readratelimit-limit": "100,1000"}, NOW)
    for each in range(1, 21):
        put(house, each, days_ago=each)
    parts = {name: getattr(house, name) for name in ("state", "clock", "ids", "ledger", "vault")}
    parts |= {"budget": house.budget, "settings": SimpleNamespace(runtime="local")}
    parts |= {"backfilling": house.backfilling, "reconciling": house.reconciling}
    monkeypatch.setattr(work, "current", lambda: SimpleNamespace(**parts))
    return house


def another_athlete(house: House) -> None:
    grant = house.strava.exchange("code")
    house.vault.connect(type(grant)(OTHER, grant.tokens, grant.scopes))


def run(*arguments: str) -> int:
    return cli.main([*arguments])


def promised(runtime_house: House, reads: int) -> str:
    return runtime_house.budget.done_at(reads).astimezone().strftime("%Y-%m-%d %H:%M")


def test_a_dry_run_says_what_it_would_import_and_changes_nothing(
    desk: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("backfill", "--dry-run", "--limit", "15") == 0

    assert "would import 15 of 20 listed activities" in capsys.readouterr().out
    assert not any(desk.ledger.counts().values())
    assert desk.landed() == []
    assert backfill.stored(ATHLETE, desk.backfilling) is None


def test_a_dry_run_of_some_ids_changes_nothing_either(
    desk: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("backfill", "--ids", "3", "4", "4", "--dry-run") == 0

    assert "would import 2 of 2 activities" in capsys.readouterr().out
    assert not any(desk.ledger.counts().values())


def test_ids_are_imported_once_each_and_anew_when_they_are_here(
    desk: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("backfill", "--ids", "3", "4", "4") == 0
    assert "2 of 2 activities to import" in capsys.readouterr().out
    assert run("backfill", "--ids", "3", "4", "5") == 0
    assert "3 of 3 activities to import" in capsys.readouterr().out

    assert set(desk.ledger.of_athlete(ATHLETE)) == {3, 4, 5}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--ids", "3", "--since", "2026-01-01"], "--since has no meaning"),
        (["--ids", "3", "--until", "2026-01-01"], "--until has no meaning"),
        (["--ids", "3", "--limit", "2"], "--limit has no meaning"),
        (["--dry-run", "--wait"], "nothing to --wait for"),
        (["--since", "2026-02-01", "--until", "2026-02-01"], "Give --since a day that is before"),
    ],
)
def test_what_makes_no_sense_together_is_refused(
    desk: House, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert run("backfill", *arguments) == 1

    assert said in capsys.readouterr().err
    assert not any(desk.ledger.counts().values())


def test_ids_are_of_one_athlete(desk: House, capsys: pytest.CaptureFixture[str]) -> None:
    another_athlete(desk)
    assert run("backfill", "--ids", "3") == 1
    assert f"one of {ATHLETE}, {OTHER}" in capsys.readouterr().err

    assert run("backfill", str(ATHLETE), "--ids", "3") == 0
    assert desk.ledger.of_athlete(OTHER) == {}


@pytest.mark.parametrize(("streams", "reads"), [("none", 1), ("all", 2), ("heartrate", 2)])
def test_the_promised_end_counts_the_reads_that_the_streams_take(
    desk: House, capsys: pytest.CaptureFixture[str], streams: str, reads: int
) -> None:
    for each in range(21, 201):
        put(desk, each, days_ago=each)
    assert run("backfill", "--streams", streams) == 0

    said = capsys.readouterr().out
    assert f"done about {promised(desk, reads * 200)}" in said
    assert promised(desk, 200) != promised(desk, 400)


def test_a_dry_run_promises_an_end_after_what_is_parked_already(
    desk: House, capsys: pytest.CaptureFixture[str]
) -> None:
    backfill.want_ids(ATHLETE, range(1_000, 1_200), Backfill(ATHLETE), desk.backfilling)
    assert run("backfill", "--dry-run") == 0

    assert f"done about {promised(desk, 2 * (200 + 20))}" in capsys.readouterr().out


def test_a_batch_is_summed_up_and_no_error_of_one_athlete_ends_it(
    desk: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    another_athlete(desk)
    real = backfill.plan

    def plan(wish: Backfill, use: Any) -> Backfill:
        if wish.athlete_id == ATHLETE:
            raise KeyError("who wrote this?")
        return real(wish, use)

    monkeypatch.setattr(backfill, "plan", plan)
    assert run("backfill") == 1

    said = capsys.readouterr()
    assert f"Athlete {ATHLETE}: unexpected KeyError: 'who wrote this?'" in said.err
    assert f"Athlete {OTHER}: 22 activities listed, 20 to import" in said.out
    assert "2 athletes: 1 done, 1 failed; 22 activities listed, 20 to import." in said.out


def test_a_batch_of_comparisons_is_summed_up(
    desk: House, capsys: pytest.CaptureFixture[str]
) -> None:
    another_athlete(desk)
    desk.strava.instead = [desk.strava.answer(403, {"message": "Forbidden"})]
    assert run("reconcile") == 1

    said = capsys.readouterr()
    assert f"Athlete {ATHLETE}: StravaRefused" in said.err
    assert "2 athletes: 1 compared, 1 failed, 0 left for later; 20 activities differ" in said.out


@pytest.mark.parametrize(
    "command", [["backfill"], ["sync", "3", "--athlete", str(ATHLETE)], ["reconcile"], ["replay"]]
)
def test_a_command_that_is_running_already_is_not_run_beside_it(
    desk: House, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    with alone(command[0], desk.state, desk.clock, desk.ids, most=reconcile.LONGEST):
        assert run(*command) == 1

    assert f"Another {command[0]} is running" in capsys.readouterr().err
    assert not any(desk.ledger.counts().values())


def test_a_backfill_that_has_no_reads_left_says_when_it_goes_on(
    desk: House, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.budget.reserve(desk.budget.free(Priority.BACKFILL), Priority.LIVE)
    assert run("backfill") == 1

    assert "WaitUntil" in capsys.readouterr().err
    assert [each.athlete_id for each in backfill.unfinished(desk.backfilling)] == [ATHLETE]
