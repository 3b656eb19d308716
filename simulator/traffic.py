"""Counts what was asked of the simulator, by method, route and status, and dates its answers."""

from collections import Counter
from email.utils import formatdate

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.clock import Clock

_MOST_ROUTES = 500
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Traffic:
    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.reads = 0

    def count(self, method: str, route: str, status: int) -> None:
        key = (method if method in _METHODS else "(other)", route, status)
        if key not in self.requests and len(self.requests) >= _MOST_ROUTES:
            key = (key[0], "(others)", status)
        self.requests[key] += 1

    def reset(self) -> None:
        self.requests.clear()
        self.reads = 0

    def report(self) -> dict[str, object]:
        rows = [
            {"method": method, "route": route, "status": status, "count": count}
            for (method, route, status), count in sorted(self.requests.items())
        ]
        return {"requests": rows, "read_calls": self.reads}


class TrafficMiddleware:
    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self._app = app
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sim"):
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._traffic.count(scope["method"], _route(scope), message["status"])
            await send(message)

        await self._app(scope, receive, counted)


class DateMiddleware:
    """Strava's own time is on its answers: what it counts, it counts by that clock."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._clock.now_s(), usegmt=True)
                message["headers"] = [*message["headers"], (b"date", date.encode())]
            await send(message)

        await self._app(scope, receive, dated if scope["type"] == "http" else send)


def _route(scope: Scope) -> str:
    """The path without prefix and ids; what no route took is one route, whatever was asked."""
    if "endpoint" not in scope:
        return "(unknown)"
    ids = {str(value) for value in scope["path_params"].values()}
    parts = scope["path"].removeprefix("/api/v3").split("/")
    return "/".join("{id}" if part in ids else part for part in parts)
