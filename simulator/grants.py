"""Who allowed what: codes, access tokens and refresh tokens, as Strava hands them out.

https://developers.strava.com/docs/authentication/
"""

import hashlib
from dataclasses import dataclass

from simulator.faults import bad_request, unauthorized
from simulator.knobs import Dials

SCOPES = frozenset(
    {
        "read",
        "read_all",
        "profile:read_all",
        "profile:write",
        "activity:read",
        "activity:read_all",
        "activity:write",
    }
)
_TOKEN_LIFE_S = 21_600
_RENEWABLE_S = 3_600
_CODE_LIFE_S = 600


@dataclass(frozen=True, slots=True)
class Session:
    """What an access token stands for."""

    athlete_id: int
    scopes: tuple[str, ...]
    expires_s: int

    def require(self, *any_of: str) -> None:
        if not set(any_of) & set(self.scopes):
            raise unauthorized("AccessToken", f"{any_of[0]}_permission", "missing")

    @property
    def sees_private(self) -> bool:
        return "activity:read_all" in self.scopes


@dataclass(slots=True)
class Code:
    athlete_id: int
    scopes: tuple[str, ...]
    issued_s: float
    used: bool = False


@dataclass(slots=True)
class Grant:
    athlete_id: int
    scopes: tuple[str, ...]
    access_token: str
    refresh_token: str
    expires_s: int


def parse_scopes(text: str) -> tuple[str, ...]:
    """Comma or space separated; an unknown one is refused."""
    scopes = tuple(dict.fromkeys(text.replace(",", " ").split())) or ("read",)
    if not set(scopes) <= SCOPES:
        raise bad_request("Authorize", "scope")
    return scopes


class Grants:
    def __init__(self, seed: int, dials: Dials) -> None:
        self._seed = seed
        self._dials = dials
        self._issued = 0
        self._codes: dict[str, Code] = {}
        self._sessions: dict[str, Session] = {}
        self._by_athlete: dict[int, Grant] = {}

    def authorize(self, athlete_id: int, scopes: tuple[str, ...], now_s: float) -> str:
        """What a click on Authorize gives: a code for one use."""
        code = self._secret("code")
        self._codes[code] = Code(athlete_id, scopes, now_s)
        return code

    def exchange(self, code: str, now_s: float) -> Grant:
        issued = self._codes.get(code)
        if issued is None or issued.used:
            raise bad_request("AuthorizationCode", "code")
        if now_s - issued.issued_s > _CODE_LIFE_S:
            raise bad_request("AuthorizationCode", "", "expired")
        issued.used = True
        grant = Grant(issued.athlete_id, issued.scopes, "", self._secret("refresh"), 0)
        self._by_athlete[issued.athlete_id] = grant
        self._mint(grant, now_s)
        return grant

    def refresh(self, refresh_token: str, now_s: float) -> Grant:
        """A new access token in the last hour of the old one, else the old one again."""
        grant = self._by_refresh_token(refresh_token)
        if grant is None:
            raise bad_request("RefreshToken", "refresh_token")
        due = grant.expires_s - now_s <= _RENEWABLE_S
        if due:
            self._mint(grant, now_s)
        rotation = self._dials.knobs.rotation
        if rotation == "always" or (due and rotation == "sometimes" and self._coin()):
            grant.refresh_token = self._secret("refresh")
        return grant

    def authenticate(self, access_token: str | None, now_s: float) -> Session:
        session = self._sessions.get(access_token or "")
        if session is None or session.expires_s <= now_s:
            raise unauthorized("Athlete", "access_token", "invalid")
        return session

    def revoke(self, token: str) -> int | None:
        """The athlete whose grant ended with this access or refresh token, if it was alive."""
        session = self._sessions.get(token)
        grant = self._by_refresh_token(token)
        athlete_id = session.athlete_id if session else grant.athlete_id if grant else None
        if athlete_id is None:
            return None
        self._by_athlete.pop(athlete_id, None)
        self._sessions = {t: s for t, s in self._sessions.items() if s.athlete_id != athlete_id}
        return athlete_id

    def scopes_of(self, athlete_id: int) -> tuple[str, ...]:
        """Empty when the athlete has not connected."""
        grant = self._by_athlete.get(athlete_id)
        return grant.scopes if grant else ()

    def _mint(self, grant: Grant, now_s: float) -> None:
        grant.access_token = self._secret("access")
        grant.expires_s = int(now_s) + _TOKEN_LIFE_S
        alive = {t: s for t, s in self._sessions.items() if s.expires_s > now_s}
        self._sessions = alive
        alive[grant.access_token] = Session(grant.athlete_id, grant.scopes, grant.expires_s)

    def _by_refresh_token(self, token: str) -> Grant | None:
        return next((g for g in self._by_athlete.values() if g.refresh_token == token), None)

    def _coin(self) -> bool:
        return int(self._secret("coin"), 16) % 2 == 1

    def _secret(self, kind: str) -> str:
        """Forty hexadecimal digits, new each time and the same for the same seed."""
        self._issued += 1
        return hashlib.sha256(f"{self._seed}/{kind}/{self._issued}".encode()).hexdigest()[:40]
