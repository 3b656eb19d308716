"""A steady trickle of things that happen: mostly new activities, at times an edit or a delete."""

import asyncio

import numpy as np

from simulator.state import Simulator
from simulator.world import Activity, Edit

_NEW_SHARE = 0.75
_EDIT_SHARE = 0.90
_RECENT = 10
_TITLES = ("Renamed on the sofa", "With the club", "Better than expected", "Legs of lead")


class LiveFeed:
    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self._rng = np.random.default_rng([sim.config.seed, 77])
        self._made: list[int] = []
        self._task: asyncio.Task[None] | None = None
        self.every_s = 0.0

    async def set_pace(self, every_s: float) -> None:
        """Nought stops it."""
        await self.close()
        self.every_s = every_s
        if every_s > 0:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def step(self) -> None:
        """One thing happens; only to athletes who have connected, if there are any."""
        draw = self._rng.random()
        recent = self._recent() if draw > _NEW_SHARE else None
        if recent is None:
            self._create()
        elif draw < _EDIT_SHARE:
            self._sim.edit(recent, self._draw_edit(recent))
        else:
            self._sim.delete(recent)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self.every_s)
            self.step()

    def _create(self) -> None:
        everyone = self._sim.world.athlete_ids
        connected = [i for i in everyone if self._sim.grants.scopes_of(i)]
        chosen = connected or everyone
        athlete_id = chosen[int(self._rng.integers(0, len(chosen)))]
        duration_s = int(self._rng.integers(240, 3600))
        self._made.append(self._sim.create(athlete_id, duration_s).activity_id)
        del self._made[:-_RECENT]

    def _recent(self) -> Activity | None:
        if not self._made:
            return None
        return self._sim.world.activity(self._made[int(self._rng.integers(0, len(self._made)))])

    def _draw_edit(self, activity: Activity) -> Edit:
        """An edit that Strava announces: a crop alone sends no event, so it comes with a title."""
        kind = self._rng.choice(["title", "privacy", "crop"], p=[0.70, 0.15, 0.15])
        if kind == "privacy":
            return Edit(private=not activity.private)
        others = [title for title in _TITLES if title != activity.name]
        title = others[int(self._rng.integers(0, len(others)))]
        if kind == "title":
            return Edit(name=title)
        return Edit(name=title, crop_s=activity.figures.elapsed_s // 10)
