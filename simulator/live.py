"""A steady trickle of things that happen: mostly new activities, at times an edit or a delete."""

import asyncio
from collections.abc import Collection

import numpy as np

from simulator.state import Simulator
from simulator.world import Activity, Edit, NewActivity

# What may happen, and how often when nothing is left out.
SHARES = {"create": 0.75, "rename": 0.105, "hide": 0.0225, "crop": 0.0225, "delete": 0.10}
_RECENT = 10
_TITLES = ("Renamed on the sofa", "With the club", "Better than expected", "Legs of lead")


class LiveFeed:
    """`silent_edits` takes the new title from a crop: Strava announces no crop by itself."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self._rng = np.random.default_rng([sim.config.seed, 77])
        self._made: list[int] = []
        self._task: asyncio.Task[None] | None = None
        self.every_s = 0.0
        self.kinds: tuple[str, ...] = tuple(SHARES)
        self.silent_edits = False

    async def set_pace(
        self, every_s: float, kinds: Collection[str] = tuple(SHARES), *, silent_edits: bool = False
    ) -> None:
        """Nought stops it."""
        await self.close()
        self.every_s = every_s
        self.kinds = tuple(kind for kind in SHARES if kind in kinds)
        self.silent_edits = silent_edits
        if every_s > 0:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def report(self) -> dict[str, object]:
        return {
            "every_s": self.every_s,
            "kinds": list(self.kinds),
            "silent_edits": self.silent_edits,
        }

    def step(self) -> None:
        """One thing happens; only to athletes who have connected, if there are any."""
        weights = np.array([SHARES[kind] for kind in self.kinds])
        kind = str(self._rng.choice(self.kinds, p=weights / weights.sum()))
        subject = None if kind == "create" else self._recent()
        if subject is None:
            if "create" in self.kinds:
                self._create()
        elif kind == "delete":
            self._sim.delete(subject)
        else:
            self._sim.edit(subject, self._draw_edit(kind, subject))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self.every_s)
            self.step()

    def _create(self) -> None:
        duration_s = int(self._rng.integers(240, 3600))
        made = self._sim.create(NewActivity(self._somebody(), duration_s))
        self._made.append(made.activity_id)
        del self._made[:-_RECENT]

    def _recent(self) -> Activity | None:
        """Of the feed's own activities; of the whole history when it is to make none."""
        if "create" in self.kinds:
            known = [self._sim.world.activity(number) for number in self._made]
        else:
            known = list(self._sim.world.activities(self._somebody())[:_RECENT])
        return known[int(self._rng.integers(0, len(known)))] if known else None

    def _somebody(self) -> int:
        everyone = self._sim.world.athlete_ids
        connected = [i for i in everyone if self._sim.grants.scopes_of(i)]
        chosen = connected or everyone
        return chosen[int(self._rng.integers(0, len(chosen)))]

    def _draw_edit(self, kind: str, activity: Activity) -> Edit:
        """A crop comes with a title, so that it is announced, unless edits are to be silent."""
        if kind == "hide":
            return Edit(private=not activity.private)
        others = [title for title in _TITLES if title != activity.name]
        title = others[int(self._rng.integers(0, len(others)))]
        if kind == "rename":
            return Edit(name=title)
        cut_s = activity.figures.elapsed_s // 10
        return Edit(name=None if self.silent_edits else title, crop_s=cut_s)
