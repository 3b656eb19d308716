"""The deployed functions in one process, each under functions-framework's own app."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import functions_framework
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client, EnvironBuilder

from paceline.errors import SettingsInvalid

WsgiApp = Callable[..., Iterable[bytes]]


# functions-framework ships no types.
create_app: Callable[[str, str], Any] = functions_framework.create_app


class Functions:
    """Every `functions/<step>/main.py` below `root`, by the name of its step."""

    def __init__(self, root: Path) -> None:
        mains = sorted((root / "functions").glob("*/main.py"))
        if not mains:
            raise SettingsInvalid(
                f"There are no functions below {root.resolve()}. Start in the folder of the"
                " repository, or set PACELINE_ROOT to it."
            )
        self._apps: dict[str, Any] = {
            main.parent.name: create_app(main.parent.name, str(main)) for main in mains
        }
        for app in self._apps.values():
            app.log_exception = partial(_log_without_path, app)

    def names(self) -> frozenset[str]:
        return frozenset(self._apps)

    def app(self, step: str) -> Any:
        return self._apps[step]

    def post(self, step: str, body: bytes) -> tuple[int, str]:
        """Deliver a body to a function as Pub/Sub or the scheduler would."""
        request = EnvironBuilder(method="POST", data=body, content_type="application/json")
        response = Client(self._apps[step]).open(request)
        return response.status_code, response.get_data(as_text=True)

    def served(self, steps: Iterable[str]) -> WsgiApp:
        """One app that serves these functions, each below its own name."""
        return DispatcherMiddleware(NotFound(), {f"/{step}": self._apps[step] for step in steps})


def _log_without_path(app: Any, raised: Any) -> None:
    """Flask would log the path, and the webhook's path is its secret."""
    app.logger.error("%s raised what nobody expected", app.name, exc_info=raised)
