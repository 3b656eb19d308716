"""How long one waits before asking again what failed: twice as long each time."""

from datetime import timedelta

FIRST, LONGEST = timedelta(minutes=2), timedelta(hours=6)
_MOST_DOUBLINGS = 16


def pause_after(attempts: int) -> timedelta:
    """After so many failures before this one."""
    return min(FIRST * (1 << min(attempts, _MOST_DOUBLINGS)), LONGEST)
