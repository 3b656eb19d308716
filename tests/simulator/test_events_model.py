"""Whatever people do under whatever knobs: what arrives is what Strava's documents allow.

The model below is written from the documents' table, not from the simulator.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from simulator.clock import Clock
from tests.simulator.harness import ADA, CLIENT, SMALL, Callback, Strava, strava

Message = dict[str, Any]
Step = tuple[str, Any]

PATH = "/api/v3/push_subscriptions"
TINY = replace(SMALL, years=0.02, max_points=50)
SCOPES = ("read,activity:read_all", "read,activity:read", "read", "activity:read,activity:read_all")
TITLES = st.sampled_from(["Abend", "Matin", 'Été "1" & co'])
SPORTS = st.sampled_from(["Run", "Walk", "Hike"])
# A number chooses one of the activities that are there.
WHICH = st.integers(0, 5)
STEPS = st.one_of(
    st.tuples(st.just("create"), st.booleans()),
    st.tuples(st.just("create"), st.just(value=False)),
    st.tuples(st.just("edit"), st.tuples(WHICH, st.fixed_dictionaries({"name": TITLES}))),
    st.tuples(
        st.just("edit"),
        st.tuples(
            WHICH,
            st.fixed_dictionaries(
                {}, optional={"private": st.booleans(), "name": TITLES, "sport_type": SPORTS}
            ),
        ),
    ),
    st.tuples(
        st.just("edit"), st.tuples(WHICH, st.sampled_from([{"crop_s": 60}, {"gear_id": "g1"}]))
    ),
    st.tuples(st.just("delete"), WHICH),
    st.tuples(st.sampled_from(["revoke", "disconnect"]), st.none()),
    st.tuples(st.just("connect"), st.sampled_from(SCOPES)),
    st.tuples(st.just("resubscribe"), st.sampled_from([True, True, False])),
    st.tuples(st.just("pass"), st.sampled_from([0, 1, 45, 90])),
)
SHARE = st.sampled_from([0.0, 0.0, 0.4, 1.0])
KNOBS = st.fixed_dictionaries(
    {
        "webhook_attempts": st.sampled_from([3, 3, 1, 0]),
        "webhook_gap_s": st.sampled_from([0.0, 60.0]),
        "delay_s": st.sampled_from([0.0, 0.0, 100.0]),
        "duplicate_share": SHARE,
        "reorder_share": SHARE,
        "loss_share": st.sampled_from([0.0, 0.0, 0.4]),
        "forge_share": SHARE,
        "signing_secret": st.sampled_from(["", "hush"]),
    }
)
CALM = {"webhook_attempts": 3, "webhook_gap_s": 60.0}


@dataclass
class Timed(Callback):
    """Also keeps when each post came."""

    clock: Clock = field(default_factory=lambda: Clock(0.0, speed=0.0))
    came_s: list[float] = field(default_factory=list)

    async def _answer(self, request: Any) -> Any:
        if request.method == "POST":
            self.came_s.append(self.clock.now_s())
        return await super()._answer(request)


@dataclass
class Model:
    """What the documents say is told, in the order in which it happens."""

    now_s: int
    subscription_id: int | None = None
    scopes: tuple[str, ...] = ()
    activities: dict[int, Message] = field(default_factory=dict)
    told: list[Message] = field(default_factory=list)

    def tell(self, kind: str, number: int, aspect: str, updates: dict[str, str]) -> None:
        if self.subscription_id is not None:
            self.told.append(
                {
                    "object_type": kind,
                    "object_id": number,
                    "aspect_type": aspect,
                    "updates": updates,
                    "owner_id": ADA,
                    "subscription_id": self.subscription_id,
                    "event_time": self.now_s,
                }
            )

    def created(self, row: Message) -> None:
        self.activities[row["id"]] = row
        if self._reads_all or (self._reads_some and not row["private"]):
            self.tell("activity", row["id"], "create", {})

    def deleted(self, number: int) -> None:
        gone = self.activities.pop(number)
        if self._reads_all or (self._reads_some and not gone["private"]):
            self.tell("activity", number, "delete", {})

    def edited(self, row: Message) -> None:
        number = row["id"]
        old, self.activities[number] = self.activities[number], row
        words = {"name": "title", "sport_type": "type"}
        updates = {word: row[name] for name, word in words.items() if row[name] != old[name]}
        hidden = row["private"] and not old["private"]
        shown = old["private"] and not row["private"]
        if self._reads_all:
            if hidden or shown:
                updates["private"] = "true" if hidden else "false"
            if updates:
                self.tell("activity", number, "update", updates)
        elif self._reads_some and hidden:
            self.tell("activity", number, "delete", {})
        elif self._reads_some and shown:
            self.tell("activity", number, "create", {})
        elif self._reads_some and not row["private"] and updates:
            self.tell("activity", number, "update", updates)

    def ended(self) -> None:
        if self.scopes:
            self.tell("athlete", ADA, "update", {"authorized": "false"})
        self.scopes = ()

    @property
    def _reads_all(self) -> bool:
        return "activity:read_all" in self.scopes

    @property
    def _reads_some(self) -> bool:
        return "activity:read" in self.scopes


@dataclass
class Stage:
    """Does each step to the simulator and to the model."""

    sim: Strava
    callback: Timed
    model: Model
    token: str = ""

    async def play(self, step: Step) -> None:
        what, value = step
        await getattr(self, what.replace("pass", "let_pass"))(value)

    async def create(self, private: bool) -> None:  # noqa: FBT001 - the value of a step
        order = {"athlete_id": ADA, "sport_type": "Run", "duration_s": 300, "private": private}
        made = await self.sim.http.post("/_sim/activities", json=order)
        assert made.json()["private"] is private
        self.model.created(made.json())

    async def edit(self, value: tuple[int, Message]) -> None:
        which, changes = value
        if (number := self._choose(which)) is not None:
            answer = await self.sim.http.patch(f"/_sim/activities/{number}", json=changes)
            assert answer.status_code == 200, answer.text
            expected = {k: v for k, v in changes.items() if k != "crop_s"}
            assert answer.json().items() >= expected.items()
            self.model.edited(answer.json())

    async def delete(self, which: int) -> None:
        if (number := self._choose(which)) is not None:
            await self.sim.http.delete(f"/_sim/activities/{number}")
            self.model.deleted(number)

    async def connect(self, scope: str) -> None:
        self.token = (await self.sim.connect(scope))["access_token"]
        self.model.scopes = tuple(scope.split(","))

    async def revoke(self, _: None) -> None:
        answer = await self.sim.http.post("/oauth/deauthorize", data={"access_token": self.token})
        assert answer.status_code == (200 if self.model.scopes else 401)
        self.model.ended()

    async def disconnect(self, _: None) -> None:
        answer = await self.sim.http.post(f"/_sim/athletes/{ADA}/disconnect")
        assert answer.status_code == (204 if self.model.scopes else 404)
        self.model.ended()

    async def resubscribe(self, again: bool) -> None:  # noqa: FBT001 - the value of a step
        if self.model.subscription_id is not None:
            path = f"{PATH}/{self.model.subscription_id}"
            assert (await self.sim.http.delete(path, params=CLIENT)).status_code == 204
            self.model.subscription_id = None
        if again:
            self.model.subscription_id = (await self.sim.subscribe()).json()["id"]

    async def let_pass(self, seconds: int) -> None:
        await self.sim.http.post("/_sim/clock", json={"seconds": seconds})
        self.model.now_s += seconds
        await self.quiet()

    async def settle(self, attempts: int) -> dict[str, int]:
        """Nothing may wait for longer than its attempts, and those of a copy, take."""
        for _ in range(6 + 2 * attempts):
            await self.quiet()
            counters = await self.sim.events()
            if counters["pending"] == 0:
                return counters
            await self.sim.http.post("/_sim/clock", json={"seconds": 60})
        raise AssertionError(f"still waiting: {counters}")

    async def quiet(self) -> None:
        """Until nothing has been posted for a while of turns of the loop."""
        seen = -1
        while seen != len(self.callback.posts):
            seen = len(self.callback.posts)
            for _ in range(60):
                await asyncio.sleep(0)

    def _choose(self, which: int) -> int | None:
        alive = list(self.model.activities)
        return alive[which % len(alive)] if alive else None


def key(message: Message) -> tuple[Any, ...]:
    return tuple(sorted((k, str(v)) for k, v in message.items()))


async def stage_with(knobs: dict[str, Any], failures: int) -> Stage:
    callback = Timed(failures_first=failures)
    config = replace(TINY, knobs=replace(TINY.knobs, **knobs))
    sim = strava(config, callback)
    callback.clock = sim.clock
    stage = Stage(sim, callback, Model(int(sim.clock.now_s())))
    await stage.resubscribe(again=True)
    await stage.connect(SCOPES[0])
    return stage


async def play_calmly(steps: list[Step]) -> None:
    stage = await stage_with(CALM, failures=0)
    for step in steps:
        await stage.play(step)
    counters = await stage.settle(attempts=1)
    assert stage.callback.posts == stage.model.told
    assert counters["delivered"] == counters["queued"] == counters["attempts"]


async def play_wildly(steps: list[Step], knobs: dict[str, Any], failures: int) -> None:
    stage = await stage_with(knobs, failures)
    for step in steps:
        await stage.play(step)
    attempts = knobs["webhook_attempts"]
    counters = await stage.settle(attempts)
    report = await stage.sim.json("/_sim/events", limit=1000)
    posts = Counter(key(post) for post in stage.callback.posts)
    forged = Counter(key(e["event"]) for e in report["events"] if e["kind"] == "forged")
    real = posts - forged
    told = Counter(key(message) for message in stage.model.told)
    doubled = 2 if knobs["duplicate_share"] else 1

    assert forged <= posts
    assert forged.total() == counters["forged"] <= len(stage.model.told)
    assert knobs["forge_share"] or not forged
    assert counters["queued"] == len(stage.model.told)
    assert counters["queued"] == sum(counters[n] for n in ("delivered", "lost", "dropped"))
    assert counters["attempts"] == len(stage.callback.posts)
    for message, times in real.items():
        assert times <= told[message] * attempts * doubled
    for post, came_s in zip(stage.callback.posts, stage.callback.came_s, strict=True):
        assert post["event_time"] <= came_s
    if not knobs["loss_share"] and attempts:
        assert set(told) <= set(posts)
    if not failures and attempts and not knobs["loss_share"] and knobs["duplicate_share"] in {0, 1}:
        assert real == Counter({message: times * doubled for message, times in told.items()})
    event(f"{min(len(stage.model.told), 5)} events")


@given(st.lists(STEPS, min_size=8, max_size=16))
@settings(max_examples=50)
def test_without_mischief_the_documents_say_exactly_what_comes(steps: list[Step]) -> None:
    asyncio.run(play_calmly(steps))


@given(st.lists(STEPS, min_size=8, max_size=16), KNOBS, st.integers(0, 5))
@settings(max_examples=70)
def test_with_mischief_nothing_comes_that_did_not_happen_or_was_not_forged(
    steps: list[Step], knobs: dict[str, Any], failures: int
) -> None:
    asyncio.run(play_wildly(steps, knobs, failures))
