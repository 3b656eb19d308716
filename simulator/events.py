"""What an application is told of a change: https://developers.strava.com/docs/webhooks/."""

from dataclasses import dataclass

from simulator.world import Activity


@dataclass(frozen=True, slots=True)
class Event:
    object_type: str
    object_id: int
    aspect_type: str
    owner_id: int
    event_time: int
    updates: dict[str, str]


def activity_events(
    before: Activity | None, after: Activity | None, scopes: tuple[str, ...], now_s: float
) -> list[Event]:
    """What an application with these scopes is told of a change (the documents' privacy table)."""
    sees_all = "activity:read_all" in scopes
    subject = after or before
    if subject is None or not (sees_all or "activity:read" in scopes):
        return []
    was_seen = before is not None and (sees_all or not before.private)
    is_seen = after is not None and (sees_all or not after.private)
    if not was_seen and not is_seen:
        return []
    updates: dict[str, str] = {}
    if was_seen and is_seen and before is not None and after is not None:
        aspect, updates = "update", _updates(before, after)
        if not updates:
            return []
    else:
        aspect = "create" if is_seen else "delete"
    return [Event("activity", subject.activity_id, aspect, subject.athlete_id, int(now_s), updates)]


def deauthorization(athlete_id: int, now_s: float) -> Event:
    return Event("athlete", athlete_id, "update", athlete_id, int(now_s), {"authorized": "false"})


def _updates(before: Activity, after: Activity) -> dict[str, str]:
    """Only title, type and privacy are told, and all as text."""
    updates: dict[str, str] = {}
    if before.name != after.name:
        updates["title"] = after.name
    if before.sport_type != after.sport_type:
        updates["type"] = after.sport_type
    if before.private != after.private:
        updates["private"] = "true" if after.private else "false"
    return updates
