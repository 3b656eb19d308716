"""Tokens: encrypted at rest, refreshed by one process at a time, stored before they are used."""

import json
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from paceline.errors import (
    AccessLost,
    AthleteUnknown,
    Conflict,
    PacelineError,
    StoreUnavailable,
)
from paceline.ports import (
    Cipher,
    Clock,
    Document,
    Grant,
    Ids,
    State,
    Stored,
    StravaOAuth,
    TokenPair,
)

COLLECTION = "tokens"

Status = Literal["active", "needs_reauth", "erasing"]

# Refresh this long before the end, so that a token does not die during a call.
MARGIN = timedelta(minutes=10)
LEASE = timedelta(seconds=30)


@dataclass(frozen=True)
class Athlete:
    """What may be known about a connected athlete without opening their tokens."""

    athlete_id: int
    status: Status
    scopes: tuple[str, ...]
    connected_at: datetime


class Vault:
    def __init__(
        self, state: State, cipher: Cipher, oauth: StravaOAuth, clock: Clock, ids: Ids
    ) -> None:
        self._state = state
        self._cipher = cipher
        self._oauth = oauth
        self._clock = clock
        self._ids = ids
        # Threads of one process queue here; other processes meet at the lease in the document.
        self._one_refresher = threading.Lock()

    def connect(self, grant: Grant) -> None:
        """Store what an athlete granted, over whatever was stored before."""
        while True:
            stored = self._state.get(COLLECTION, str(grant.athlete_id))
            now = self._clock.now().isoformat()
            data: Document = {
                "athlete_id": grant.athlete_id,
                "status": "active",
                "scopes": list(grant.scopes),
                "connected_at": stored.data["connected_at"] if stored else now,
                **self._sealed(grant.athlete_id, grant.tokens),
                **_NO_LEASE,
            }
            try:
                if stored:
                    self._state.replace(COLLECTION, stored.id, data, stored.version)
                else:
                    self._state.create(COLLECTION, str(grant.athlete_id), data)
            except Conflict:
                continue
            return

    def athletes(self) -> list[Athlete]:
        return [_athlete(stored.data) for stored in self._state.query(COLLECTION)]

    def access_token(self, athlete_id: int, *, refused: str | None = None) -> str:
        """A token that works now, and is not the one that Strava just refused."""
        if token := self._usable(athlete_id, refused):
            return token
        with self._one_refresher:
            return self._usable(athlete_id, refused) or self._refresh(athlete_id)

    def _usable(self, athlete_id: int, refused: str | None) -> str | None:
        pair = self._open(self._read(athlete_id))
        fresh = pair.expires_at - MARGIN > self._clock.now()
        return pair.access_token if fresh and pair.access_token != refused else None

    def _refresh(self, athlete_id: int) -> str:
        leased = self._lease(self._read(athlete_id))
        try:
            pair = self._oauth.refresh(self._open(leased).refresh_token)
        except AccessLost:
            self._write(leased, {"status": "needs_reauth", **_NO_LEASE})
            raise
        except PacelineError:
            self._write(leased, _NO_LEASE)
            raise
        self._write(leased, {**self._sealed(athlete_id, pair), **_NO_LEASE})
        return pair.access_token

    def _lease(self, stored: Stored) -> Stored:
        now = self._clock.now()
        held_until = stored.data["lease_until"]
        if held_until and datetime.fromisoformat(held_until) > now:
            raise StoreUnavailable("Another process is refreshing this token; try again shortly.")
        lease = {"lease_owner": self._ids.new(), "lease_until": (now + LEASE).isoformat()}
        return self._write(stored, lease)

    def _write(self, stored: Stored, changes: Document) -> Stored:
        data = {**stored.data, **changes}
        try:
            version = self._state.replace(COLLECTION, stored.id, data, stored.version)
        except Conflict as error:
            raise StoreUnavailable("Another process changed this token; try again.") from error
        return Stored(stored.id, data, version)

    def _read(self, athlete_id: int) -> Stored:
        stored = self._state.get(COLLECTION, str(athlete_id))
        if stored is None:
            raise AthleteUnknown(f"Athlete {athlete_id} never connected.")
        if stored.data["status"] != "active":
            raise AccessLost(f"Athlete {athlete_id} must connect again ({stored.data['status']}).")
        return stored

    def _sealed(self, athlete_id: int, pair: TokenPair) -> Document:
        plain = json.dumps({"access": pair.access_token, "refresh": pair.refresh_token})
        return {
            "sealed": self._cipher.seal(plain.encode(), _bound_to(athlete_id)),
            "expires_at": pair.expires_at.isoformat(),
        }

    def _open(self, stored: Stored) -> TokenPair:
        bound_to = _bound_to(int(stored.id))
        plain = json.loads(self._cipher.open(stored.data["sealed"], bound_to))
        expires_at = datetime.fromisoformat(stored.data["expires_at"])
        return TokenPair(plain["access"], plain["refresh"], expires_at)


_NO_LEASE: Document = {"lease_owner": None, "lease_until": None}


def _bound_to(athlete_id: int) -> bytes:
    """An athlete's ciphertext does not open under another athlete's id."""
    return f"token:{athlete_id}".encode()


def _athlete(data: Document) -> Athlete:
    return Athlete(
        athlete_id=data["athlete_id"],
        status=data["status"],
        scopes=tuple(data["scopes"]),
        connected_at=datetime.fromisoformat(data["connected_at"]),
    )
