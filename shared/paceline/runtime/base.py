"""What every runtime has: settings, parts that are built once, and what it must say for itself."""

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from paceline.runtime.part import Part
from paceline.runtime.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

    from paceline.ports import (
        Blobs,
        Cipher,
        Clock,
        DeadLetters,
        Ids,
        Publisher,
        Reader,
        State,
        Warehouse,
    )


class Ports:
    """Everything but the adapters. A subclass has each of these ports as a part of its own."""

    if TYPE_CHECKING:
        clock: Part[Clock]
        ids: Part[Ids]
        publisher: Part[Publisher]
        state: Part[State]
        bronze: Part[Blobs]
        warehouse: Part[Warehouse]
        cipher: Part[Cipher]
        landing_schemas: Part[Mapping[str, pa.Schema]]
        dead_letters: Part[DeadLetters]

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.built: dict[str, Any] = {}
        self.building = threading.RLock()

    def close(self) -> None:
        """Close what was opened, in the order of use: the last built first."""
        with self.building:
            for part in reversed(self.built.values()):
                if hasattr(part, "close"):
                    part.close()
            self.built.clear()

    def subscription_id(self) -> int | None:
        """The push subscription that we made; None until then, and while it changes."""
        raise NotImplementedError

    def remember_subscription(self, subscription_id: int | None) -> None:
        """From now on only events of this one are taken, or of any."""
        raise NotImplementedError

    def reader(self) -> "AbstractContextManager[Reader]":
        """The marts as they were built last. Raises StoreUnavailable while there are none."""
        raise NotImplementedError

    def waiting(self) -> Mapping[str, int]:
        """Messages that nobody has acknowledged yet, by subscription, where that is known."""
        return {}
