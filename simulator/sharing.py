"""What people show of an activity, and the small things that differ from one to the next."""

from simulator.world import Activity

_FOLLOWERS_ONLY_IN = 16
_MUTED_IN = 25


def lot(activity_id: int, salt: int, sides: int) -> int:
    """A number below `sides`, always the same for an activity."""
    return (activity_id * 2_654_435_761 + salt * 40_503) % 104_729 % sides


def visibility(activity: Activity) -> str:
    if activity.private:
        return "only_me"
    if activity.recording is not None:
        return "everyone" if activity.recording.private else activity.recording.visibility
    followers = lot(activity.activity_id, 1, _FOLLOWERS_ONLY_IN) == 0
    return "followers_only" if followers else "everyone"


def hidden_from_home(activity: Activity) -> bool:
    """Muted: not shown in the feed of followers, but no secret."""
    return lot(activity.activity_id, 2, _MUTED_IN) == 0
