"""The engine against Strava's truth: whatever happens, in whatever order, wherever a process dies.

Every step runs in a process of its own, which may die or fail before any of its writes and calls,
and be overtaken by others there. Strava watches (tests/contract/watchful.py) that it is never asked
what nobody should ask. When all has calmed down, what landed must be what Strava says.

`ENGINE_MODEL_EXAMPLES=5000 pytest tests/contract/test_engine_model.py` looks for longer.
"""

import itertools
import os
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from paceline.steps import backfill, reconcile
from paceline.steps.fetch_activity import KEPT
from tests.builders import ATHLETE, event
from tests.contract.engine import STEPS, Engine
from tests.contract.mortal import Life

# Before which of its writes and calls a process dies, or that one fails; or whether neither.
End = tuple[int, bool] | None
ENDS = st.none() | st.tuples(st.integers(0, 11), st.booleans())
NUMBERS = st.integers(0, 2)
CHANGES = st.sampled_from(["upload", "edit", "crop", "strip", "delete", "restore"])
MEANWHILE = st.sampled_from(["nothing", "fetch", "compare", "edit", "crop", "delete"])
LATER_S = st.sampled_from([0, 1, 60, 300, 900, 6 * 3_600])
BAD_DAYS = st.sampled_from([*[""] * 9, "429", "429 for a day", "inactive", "503", "silence"])
MOST_ACTIVITIES, CALM_ROUNDS = 4, 300
EXAMPLES = int(os.environ.get("ENGINE_MODEL_EXAMPLES", "60"))


def a_life(end: End, meanwhile: Callable[[], object] | None = None, before: int = 0) -> Life:
    effects, fails = end or (None, False)
    return Life(effects, fails, meanwhile, before)


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine()
        self.is_untold = False  # something happened that nobody will ever tell us

    def teardown(self) -> None:
        try:
            self.calm_down()
        finally:
            self.engine.close()

    @initialize(
        days_ago=st.lists(st.sampled_from([0, 3, 40]), min_size=1, max_size=3),
        part=st.sampled_from([{}, {}, {"limit": 1}, {"since_days": 10}]),
    )
    def begin(self, days_ago: list[int], part: dict[str, int]) -> None:
        self.engine.begin(days_ago, self._wish(part))

    def _wish(self, part: dict[str, int]) -> dict[str, int | str]:
        if days := part.get("since_days"):
            return {"since": (self.engine.clock.now() - timedelta(days=days)).isoformat()}
        return dict(part)

    @rule(
        part=st.sampled_from(
            [{}, {"limit": 1}, {"limit": 2}, {"since_days": 1}, {"since_days": 10}]
        ),
        bad_day=BAD_DAYS,
        end=ENDS,
        meanwhile=st.sampled_from(["nothing", "release", "fetch", "compare", "edit", "delete"]),
        before=st.integers(0, 10),
        number=NUMBERS,
    )
    def import_by_hand(
        self,
        part: dict[str, int],
        bad_day: str,
        end: End,
        meanwhile: str,
        before: int,
        number: int,
    ) -> None:
        """An operator asks for the history or a part, and something else happens meanwhile."""
        engine = self.engine
        engine.see_what_is_wanted()
        engine.strava.bad_days += [bad_day] if bad_day else []
        others: dict[str, Callable[[], None]] = {
            "nothing": lambda: None,
            "release": engine.release,
            "fetch": lambda: engine.deliver("fetch_activity"),
            "compare": lambda: self.compare(None, full=True),
        }
        happens = others.get(meanwhile, lambda: self.change(meanwhile, number, 0, told=False))
        engine.import_by_hand(self._wish(part), a_life(end, happens, before))

    @rule(
        kind=CHANGES,
        number=NUMBERS,
        later_s=LATER_S,
        bad_day=BAD_DAYS,
        end=ENDS,
        meanwhile=MEANWHILE,
        before=st.integers(0, 10),
    )
    def live(  # noqa: PLR0913, PLR0917 - what happens at once is one step
        self,
        kind: str,
        number: int,
        later_s: float,
        bad_day: str,
        end: End,
        meanwhile: str,
        before: int,
    ) -> None:
        """What happens is told and fetched at once, and something else happens meanwhile."""
        engine = self.engine
        engine.clock.advance(later_s)
        self.change(kind, number, 0, told=True)
        engine.strava.bad_days += [bad_day] if bad_day else []
        others: dict[str, Callable[[], None]] = {
            "nothing": lambda: None,
            "fetch": lambda: engine.deliver("fetch_activity"),
            "compare": lambda: self.compare(None, full=True),
        }
        happens = others.get(meanwhile, lambda: self.change(meanwhile, number, 0, told=False))
        engine.deliver("fetch_activity", a_life(end, happens, before))

    @rule(
        kind=CHANGES,
        number=NUMBERS,
        after_s=st.sampled_from([0, 15, 240, 900]),
        told=st.booleans(),
    )
    def change(self, kind: str, number: int, after_s: int, *, told: bool) -> None:
        strava = self.engine.strava
        if kind == "upload" and len(strava.details) + len(self.engine.deleted) >= MOST_ACTIVITIES:
            kind = "edit"
        self.engine.change(kind, number, after_s, told=told)

    @rule(end=ENDS, number=NUMBERS, later_s=LATER_S)
    def a_busy_minute(self, end: End, number: int, later_s: float) -> None:
        """All that is due, in a process each; one of them may end badly."""
        engine = self.engine
        engine.clock.advance(later_s)
        engine.release(a_life(end) if number == 0 else None)
        while engine.is_due("fetch_activity"):
            number -= 1
            engine.deliver("fetch_activity", a_life(end) if number == 0 else None)

    @precondition(lambda self: self.engine.news)
    @rule(end=ENDS, number=NUMBERS, twice=st.booleans())
    def receive(self, end: End, number: int, *, twice: bool) -> None:
        self.engine.receive(number, a_life(end), twice=twice)

    @rule(end=ENDS, full=st.booleans())
    def compare(self, end: End, *, full: bool) -> None:
        self.engine.run(lambda process: reconcile.run(process.reconciling, full=full), a_life(end))

    @rule(kind=st.sampled_from(["leave", "forge", "lose", "lose", "late"]), number=NUMBERS)
    def trouble(self, kind: str, number: int) -> None:
        engine = self.engine
        if kind == "leave":
            engine.strava.dead = self.is_untold = True
            engine.deauthorise()
        elif kind == "lose":
            self.is_untold |= bool(engine.news)
            engine.news[:1] = []
        elif kind == "late":
            if len(engine.strava.details) + len(engine.deleted) < MOST_ACTIVITIES:
                engine.upload((0, 3, 40)[number])
                self.is_untold = True
        elif number == 0:
            engine.deauthorise()
        else:
            forged = event(object_id=1, aspect_type="delete", owner_id=ATHLETE + number - 1)
            engine.news.append(forged)

    @precondition(lambda self: self.engine.bus.backlog("forget_athlete"))
    @rule(end=ENDS)
    def forget(self, end: End) -> None:
        self.engine.deliver("forget_athlete", a_life(end))

    @precondition(lambda self: self.engine.is_cut_off())
    @rule(end=ENDS)
    def connect_again(self, end: End) -> None:
        self.engine.connect(a_life(end))

    @invariant()
    def the_pair_that_strava_gave_last_is_stored(self) -> None:
        assert self.engine.strava.pair_is_lost or self.engine.holds_the_pair()
        athlete = self.engine.process().vault.athlete(ATHLETE)
        # Work of those who leave is given up, and their events are not heard.
        self.is_untold |= athlete is not None and athlete.status == "erasing"

    def calm_down(self) -> None:
        """Nothing happens any more: all work is done, and then a comparison finds nothing."""
        engine = self.engine
        engine.strava.bad_days.clear()
        while engine.news:
            engine.receive(0)
        self._work_off()
        self.the_pair_that_strava_gave_last_is_stored()
        if not self.is_untold and not engine.bus.dead_letters("fetch_activity"):
            assert engine.has_the_truth()  # deaths and races alone heal without a comparison
        while self._differs():
            self._work_off()
        assert engine.has_the_truth()
        engine.clock.advance(KEPT / timedelta(seconds=1))
        self.compare(None, full=False)
        assert engine.has_forgotten()

    def _work_off(self) -> None:
        engine = self.engine
        for _ in range(CALM_ROUNDS):
            if engine.is_cut_off():
                engine.connect()
            engine.release()
            for step in STEPS:
                while engine.is_due(step):
                    engine.deliver(step)
            if not any(engine.left()):
                return
            engine.clock.advance(600)
        raise AssertionError(f"work is left for ever: {engine.left()}")

    def _differs(self) -> bool:
        self.engine.clock.advance(24 * 3_600)
        process = self.engine.process()
        report = reconcile.reconcile(process.reconciling, full=True, force=True)
        if report.failed:
            assert all("not before" in why for why in report.failed.values()), report.failed
            return True
        return any(any(found.wanted.values()) or found.held_back for found in report.found)


TestEngineAgainstStrava = Machine.TestCase
TestEngineAgainstStrava.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
)


@pytest.mark.parametrize("fails", [False, True], ids=["dies", "fails"])
@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("upload", "strip"),
        ("upload", "delete"),
        ("edit", "crop"),
        ("crop", "strip"),
        ("strip", "crop"),
        ("delete", "restore"),
        ("restore", "delete"),
    ],
)
def test_wherever_a_process_ends_what_comes_next_finds_the_truth(
    first: str, then: str, *, fails: bool
) -> None:
    """Before each of the writes and calls of one fetch, and of the refresh that it begins with."""
    machine = Machine()
    engine = machine.engine
    try:
        engine.begin([0])
        for effects in itertools.count():
            if first == "restore" and not engine.deleted:
                engine.change("delete", -1)
            machine.calm_down()
            engine.clock.advance(6 * 3_600)
            life = Life(effects, fails)
            engine.change(first, -1)
            engine.deliver("fetch_activity", life)
            engine.change(then, -1)
            if life.effects:
                break
    finally:
        machine.teardown()
    assert effects > 6


@pytest.mark.parametrize("fails", [False, True], ids=["dies", "fails"])
def test_wherever_a_backfill_ends_a_narrower_one_takes_nothing_from_it(*, fails: bool) -> None:
    """Before each of its writes and calls; and what is uploaded later is not left out either."""
    for effects in itertools.count():
        machine = Machine()
        engine = machine.engine
        try:
            engine.begin([0, 3, 40], {"limit": 1})
            life = Life(effects, fails)
            engine.import_by_hand({}, life)
            engine.import_by_hand(machine._wish({"since_days": 1}))
            machine.trouble("late", 2)
            is_wanted = engine.wanted_since == datetime.fromisoformat(backfill.EVERYTHING)
        finally:
            machine.teardown()
        if life.effects:
            break
        assert is_wanted or effects == 0  # the first is to remember what is wanted
    assert effects > 6
