"""Processes that die, fail or are overtaken before any of their writes and calls."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any


class KillNow(BaseException):
    """This process is no more."""


@dataclass
class Life:
    """What becomes of a process; an effect is a write, or a call to Strava."""

    effects: int | None = None  # that it has before it ends; None for as many as it likes
    fails: bool = False  # the next one fails and it lives on; otherwise it dies
    meanwhile: Callable[[], object] | None = None  # happens elsewhere before one of them
    before: int = 0  # which one
    since: int = 99  # how many it has had since
    has_failed: bool = False
    told_to_wait: datetime | None = None  # what it heard from Strava

    def spend(self, error: type[Exception]) -> None:
        self._see_to_others()
        if self.effects == 0 and self.fails:
            self.effects, self.has_failed = None, True
            raise error
        if self.effects == 0:
            raise KillNow
        if self.effects is not None:
            self.effects -= 1

    def _see_to_others(self) -> None:
        self.since += 1
        act = self.meanwhile if self.before == 0 else None
        self.before -= 1
        if act:
            self.meanwhile, self.since = None, 0
            act()


class Mortal:
    """A port as such a process has it.

    To die after an effect is to die before the next; what only reads makes no difference.
    """

    def __init__(
        self, port: Any, life: Life, error: type[Exception], methods: Collection[str]
    ) -> None:
        self._port = port
        self._life = life
        self._error = error
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name not in self._methods:
            return found

        def effect(*arguments: Any, **named: Any) -> Any:
            self._life.spend(self._error)
            if name == "get":  # it is Strava who is asked
                self._port.asking = self._life
            return found(*arguments, **named)

        return effect
