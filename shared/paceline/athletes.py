"""What an athlete's document says without opening their tokens: whether Strava may be asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from paceline.errors import AccessLost, AccessRefused, AthleteLeft
from paceline.ports import Document, Stored

Status = Literal["active", "needs_reauth", "erasing"]

# How long nobody asks for an athlete whose token Strava refuses without saying that it is dead.
REFUSED = timedelta(hours=1)

NO_TROUBLE: Document = {"trouble": None, "refused_until": None}


@dataclass(frozen=True)
class Athlete:
    """What may be known about a connected athlete without opening their tokens."""

    athlete_id: int
    status: Status
    scopes: tuple[str, ...]
    connected_at: datetime
    trouble: str | None = None  # why nobody asks for them now


def athlete_of(data: Document, now: datetime) -> Athlete:
    until = _refused_until(data)
    is_refused = data["status"] == "needs_reauth" or (until and until > now)
    return Athlete(
        athlete_id=data["athlete_id"],
        status=data["status"],
        scopes=tuple(data["scopes"]),
        connected_at=datetime.fromisoformat(data["connected_at"]),
        trouble=data.get("trouble") if is_refused else None,
    )


def check_active(stored: Stored, now: datetime) -> None:
    """Raises what keeps everybody from asking for this athlete."""
    if stored.data["status"] != "active":
        raise lost(stored)
    until = _refused_until(stored.data)
    if until and until > now:
        raise AccessRefused(until, stored.data["trouble"])


def lost(stored: Stored) -> AccessLost | AthleteLeft:
    if stored.data["status"] == "erasing":
        return AthleteLeft(f"Athlete {stored.id} disconnected, or ended the grant at Strava.")
    return AccessLost(f"Strava no longer takes athlete {stored.id}'s token: connect them again.")


def refused(stored: Stored, why: str, now: datetime) -> tuple[Document, AccessRefused]:
    """What to write of a refusal that may pass, and what to say; `first` where it is new."""
    until, before = now + REFUSED, _refused_until(stored.data)
    error = AccessRefused(until, why)
    error.first = before is None or now - before > REFUSED
    return {"trouble": why, "refused_until": until.isoformat()}, error


def _refused_until(data: Document) -> datetime | None:
    text = data.get("refused_until")
    return datetime.fromisoformat(text) if text else None
