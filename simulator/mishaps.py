"""What goes wrong although nobody asked wrongly: by chance, or as a test planned it."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import get_args

from starlette.requests import Request
from starlette.responses import Response

from simulator.faults import Body, bad_request, broken, rate_limited
from simulator.knobs import Dials

_ERROR_STATUSES = (500, 502, 503, 504)
_ERROR_BODIES = tuple(body for body in get_args(Body) if body != "html")
_MOST_PLANNED = 100


@dataclass(slots=True)
class PlannedFault:
    """The next `times` calls whose path contains `path` get this answer."""

    path: str
    status: int
    body: Body
    times: int


class Mishaps:
    """Each kind draws from a generator of its own, so that one share does not shift another."""

    def __init__(self, seed: int, dials: Dials) -> None:
        self._dials = dials
        self._draws = {
            kind: Random(f"{seed}/{kind}") for kind in ("error", "html", "refuse", "hang")
        }
        self.planned: list[PlannedFault] = []
        self.closing = asyncio.Event()

    def plan(self, fault: PlannedFault) -> None:
        if len(self.planned) >= _MOST_PLANNED:
            raise bad_request("Faults", "times", f"more than {_MOST_PLANNED} are planned")
        self.planned.append(fault)

    def planned_for(self, path: str) -> Response | None:
        fault = next((fault for fault in self.planned if fault.path in path), None)
        if fault is None:
            return None
        fault.times -= 1
        if fault.times == 0:
            self.planned.remove(fault)
        return broken(fault.status, fault.body)

    def drawn(self) -> Response | None:
        knobs = self._dials.knobs
        if self._happens("html", knobs.html_share):
            return broken(503, "html")
        if self._happens("error", knobs.error_share):
            draw = self._draws["error"]
            return broken(draw.choice(_ERROR_STATUSES), draw.choice(_ERROR_BODIES))
        if self._happens("refuse", knobs.refuse_share):
            return rate_limited("read rate limit").response()
        return None

    async def hang(self, request: Request) -> None:
        """At times a long wait, for as long as anybody waits for the answer."""
        knobs = self._dials.knobs
        if not self._happens("hang", knobs.hang_share):
            return
        gone = asyncio.create_task(_disconnected(request))
        closing = asyncio.create_task(self.closing.wait())
        try:
            await asyncio.wait(
                {gone, closing}, timeout=knobs.hang_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            gone.cancel()
            closing.cancel()

    def _happens(self, kind: str, share: float) -> bool:
        return share > 0 and self._draws[kind].random() < share


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
