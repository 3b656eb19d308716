"""Who goes first when reads are scarce."""

from enum import IntEnum


class Priority(IntEnum):
    """The order of parked work, and the class of the budget that its reads come from."""

    LIVE = 0
    EDIT = 1
    BACKFILL = 2
