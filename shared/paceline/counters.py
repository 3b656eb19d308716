"""What is counted and otherwise left alone, such as events of athletes whom we do not know."""

from collections.abc import Mapping

from paceline.errors import Conflict
from paceline.ports import State

COLLECTION = "counters"
STRANGERS = "events_of_unknown_athletes"

_TRIES = 3  # under a crowd some are not counted: no work waits for a statistic


class Counters:
    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, name: str) -> None:
        for _ in range(_TRIES):
            stored = self._state.get(COLLECTION, name)
            count = stored.data["count"] + 1 if stored else 1
            try:
                if stored:
                    self._state.replace(COLLECTION, name, {"count": count}, stored.version)
                else:
                    self._state.create(COLLECTION, name, {"count": count})
            except Conflict:
                continue
            return

    def all(self) -> Mapping[str, int]:
        return {each.id: each.data["count"] for each in self._state.query(COLLECTION)}
