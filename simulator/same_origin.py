"""No page of another site may press the buttons of `/_sim` in its reader's browser."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.faults import FaultError

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class SameOriginMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["path"].startswith("/_sim")
            and scope["method"] not in _READING
            and _is_foreign(Headers(scope=scope))
        ):
            refusal = FaultError(403, "Forbidden", "Application", "origin", "another site")
            await refusal.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_foreign(headers: Headers) -> bool:
    """Browsers say where a request comes from; scripts say nothing and are let in."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")
