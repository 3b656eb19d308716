"""Tokens: encrypted at rest, refreshed by one process at a time, stored before they are used.

Strava is asked between two writes of the document: the lease before, the new tokens after. Both are
compare-and-set, so whoever was too slow finds out instead of writing over somebody's work.
"""

import json
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from paceline.athletes import (
    NO_TROUBLE,
    Athlete,
    Status,
    athlete_of,
    check_active,
    lost,
    refused,
)
from paceline.errors import (
    AccessLost,
    AccessRefused,
    ApplicationRefused,
    AthleteLeft,
    AthleteUnknown,
    Conflict,
    PacelineError,
    StoreUnavailable,
    StravaRefused,
)
from paceline.leases import NO_LEASE, Leases
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

# Refresh this long before the end, so that a token does not die during a call.
MARGIN = timedelta(minutes=10)

# A rotated token that cannot be stored is lost, and the athlete with it: a busy store is asked
# again after these pauses.
STORE_AGAIN_S = (0.5, 2.0)


class Vault:
    def __init__(
        self,
        state: State,
        cipher: Cipher,
        oauth: StravaOAuth,
        clock: Clock,
        ids: Ids,
        *,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._state = state
        self._cipher = cipher
        self._oauth = oauth
        self._clock = clock
        self._pause = pause
        self._leases = Leases(state, COLLECTION, clock, ids, pause)
        # Threads of one process queue here; other processes meet at the lease in the document.
        self._queues: dict[int, threading.Lock] = {}

    def connect(self, grant: Grant) -> None:
        """Store what an athlete granted, over whatever was stored before."""
        while True:
            stored = self._state.get(COLLECTION, str(grant.athlete_id))
            known = stored is not None and stored.data["status"] != "erasing"
            now = self._clock.now().isoformat()
            data: Document = {
                "athlete_id": grant.athlete_id,
                "status": "active",
                "scopes": list(grant.scopes),
                "connected_at": stored.data["connected_at"] if stored and known else now,
                **NO_TROUBLE,
                **self._sealed(grant.athlete_id, grant.tokens),
                **NO_LEASE,
            }
            try:
                if stored:
                    self._leases.replace(stored, data)
                else:
                    self._state.create(COLLECTION, str(grant.athlete_id), data)
            except Conflict:
                continue
            return

    def athletes(self) -> list[Athlete]:
        now = self._clock.now()
        return [athlete_of(stored.data, now) for stored in self._state.query(COLLECTION)]

    def athlete(self, athlete_id: int) -> Athlete | None:
        stored = self._state.get(COLLECTION, str(athlete_id))
        return athlete_of(stored.data, self._clock.now()) if stored else None

    def access_token(self, athlete_id: int, *, refused: str | None = None) -> str:
        """A token that works now, and is not the one that Strava just refused."""
        if token := self._usable(self._active(athlete_id), refused):
            return token
        with self._queue(athlete_id):
            for _ in self._leases.looks():
                stored = self._active(athlete_id)
                if token := self._usable(stored, refused):
                    return token
                if leased := self._leases.take(stored):
                    return self._refresh(leased, when_refused="needs_reauth")
        raise _still_leased()

    def refused(self, athlete_id: int, token: str, why: str, *, for_good: bool) -> AccessLost:
        """Strava did not take this token: nobody asks for a while, or until they connect again."""
        stored = self._active(athlete_id)
        if self._open(stored).access_token != token:
            raise _changed()
        if not for_good:
            return self._put_off(stored, why)
        try:
            self._leases.replace(stored, {"status": "needs_reauth", "trouble": why})
        except Conflict as conflict:
            raise _changed() from conflict
        error = AccessLost(f"{why} Athlete {athlete_id} must connect again.")
        error.first = True
        return error

    def erase_if_refused(self, athlete_id: int) -> bool:
        """Try the stored refresh token. When Strava refuses it, the athlete is erasing at once."""
        with self._queue(athlete_id):
            try:
                self._refresh(self._leased(athlete_id), when_refused="erasing")
            except AthleteLeft:
                return True
        return False

    def disconnect(self, athlete_id: int) -> None:
        """End the grant at Strava; from then on the athlete is erasing."""
        with self._queue(athlete_id):
            # Under the lease: a token that somebody rotates meanwhile would outlive this.
            leased = self._leased(athlete_id)
            try:
                self._oauth.revoke(self._open(leased).refresh_token)
            except PacelineError:
                self._leases.give_back(leased)
                raise
            try:
                self._leases.replace(leased, {"status": "erasing", **NO_LEASE})
            except Conflict as error:
                raise _changed() from error

    def mark_erasing(self, athlete_id: int) -> None:
        """No token of this athlete is given to anybody any more, whoever is at work."""
        while True:
            try:
                self._leases.replace(self._read(athlete_id), {"status": "erasing", **NO_LEASE})
            except Conflict:
                continue
            return

    # One refresh.

    def _usable(self, stored: Stored, refused: str | None) -> str | None:
        pair = self._open(stored)
        fresh = pair.expires_at - MARGIN > self._clock.now()
        return pair.access_token if fresh and pair.access_token != refused else None

    def _refresh(self, leased: Stored, *, when_refused: Status) -> str:
        try:
            pair = self._oauth.refresh(self._open(leased).refresh_token)
        except AccessLost:
            return self._refused(leased, when_refused)
        except PacelineError as error:
            if isinstance(error, StravaRefused) and not isinstance(error, ApplicationRefused):
                raise self._put_off(leased, str(error)) from error
            self._leases.give_back(leased)
            raise
        return self._keep(leased, pair)

    def _put_off(self, stored: Stored, why: str) -> AccessRefused:
        trouble, error = refused(stored, why, self._clock.now())
        try:
            self._leases.replace(stored, {**trouble, **NO_LEASE})
        except Conflict as conflict:
            raise _changed() from conflict
        return error

    def _refused(self, leased: Stored, status: Status) -> str:
        """Believe it only when nobody replaced the token that was refused."""
        try:
            marked = self._leases.replace(leased, {"status": status, **NO_LEASE})
        except Conflict:
            return self._others(leased)
        error = lost(marked)
        if isinstance(error, AccessLost):
            error.first = True
        raise error

    def _keep(self, leased: Stored, pair: TokenPair) -> str:
        """Store the new tokens: until then they exist nowhere but here."""
        pauses_s = iter(STORE_AGAIN_S)
        while True:
            try:
                current = self._read(int(leased.id))
                if current.data["sealed"] != leased.data["sealed"]:
                    return self._others(leased)
                status = "erasing" if current.data["status"] == "erasing" else "active"
                sealed = self._sealed(int(leased.id), pair)
                self._leases.replace(current, {"status": status, **sealed, **NO_LEASE})
            except Conflict:
                continue
            except StoreUnavailable:
                if (pause_s := next(pauses_s, None)) is None:
                    raise
                self._pause(pause_s)
                continue
            if status == "erasing":
                raise lost(current)
            return pair.access_token

    def _others(self, leased: Stored) -> str:
        """What somebody stored meanwhile: a new grant, or a refresh after our lease ran out."""
        current = self._read(int(leased.id))
        if current.data["status"] == "erasing":
            raise lost(current)
        replaced = current.data["sealed"] != leased.data["sealed"]
        if replaced and (token := self._usable(current, None)):
            return token
        raise _changed()

    # The lease.

    def _queue(self, athlete_id: int) -> threading.Lock:
        return self._queues.setdefault(athlete_id, threading.Lock())

    def _leased(self, athlete_id: int) -> Stored:
        for _ in self._leases.looks():
            if leased := self._leases.take(self._read(athlete_id)):
                return leased
        raise _still_leased()

    # The document.

    def _active(self, athlete_id: int) -> Stored:
        stored = self._read(athlete_id)
        check_active(stored, self._clock.now())
        return stored

    def _read(self, athlete_id: int) -> Stored:
        stored = self._state.get(COLLECTION, str(athlete_id))
        if stored is None:
            raise AthleteUnknown(f"Athlete {athlete_id} never connected.")
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


def _still_leased() -> StoreUnavailable:
    return StoreUnavailable("Another process is refreshing this token; try again shortly.")


def _changed() -> StoreUnavailable:
    return StoreUnavailable("Another process changed this token; try again.")


def _bound_to(athlete_id: int) -> bytes:
    """An athlete's ciphertext does not open under another athlete's id."""
    return f"token:{athlete_id}".encode()
