"""Two processes share one budget: together they take all reads of a window, and none twice."""

from pathlib import Path

from paceline.adapters.local.manual import ManualClock
from paceline.adapters.local.sqlite import Database
from paceline.adapters.local.state import SqliteState
from paceline.budget import Budget
from tests.builders import NOW
from tests.contract.processes import run_together


def test_two_processes_take_every_read_of_a_window_once(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with Database(path) as database:
        budget = Budget(SqliteState(database), ManualClock(NOW))
        budget.observe({"x-readratelimit-limit": "400,4000"}, NOW)
        taken = [int(lines[-1]) for lines in run_together(*[("reserve_reads", path)] * 2)]

        assert sum(taken) == budget.current().short.used == 400
        assert min(taken) > 0, "they never met"
