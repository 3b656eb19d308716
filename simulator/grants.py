"""Who allowed what: codes, access tokens and refresh tokens, as Strava hands them out.

https://developers.strava.com/docs/authentication/
"""

import hashlib
from dataclasses import dataclass, field

from simulator.faults import bad_request, too_many_athletes, unauthorized
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
_MOST_CODES = 1_000


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


@dataclass(slots=True)
class Grant:
    """The newest pair of an athlete; older access tokens live until they expire."""

    athlete_id: int
    scopes: tuple[str, ...]
    refresh_token: str = ""
    access_token: str = ""
    expires_s: int = 0
    access_tokens: list[str] = field(default_factory=list)


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
        self._by_refresh_token: dict[str, Grant] = {}
        self._by_athlete: dict[int, Grant] = {}

    def authorize(self, athlete_id: int, scopes: tuple[str, ...], now_s: float) -> str:
        """What a click on Authorize gives: a code for one use."""
        self._check_cap(athlete_id)
        self._drop_old_codes(now_s)
        code = self._secret("code")
        self._codes[code] = Code(athlete_id, scopes, now_s)
        return code

    def exchange(self, code: str, now_s: float) -> Grant:
        """A pair for the code; a pair that the athlete had before is dead from now on."""
        issued = self._codes.get(code)
        if issued is None or now_s - issued.issued_s < self._dials.knobs.code_lag_s:
            raise bad_request("AuthorizationCode", "code")
        if now_s - issued.issued_s > _CODE_LIFE_S:
            del self._codes[code]
            raise bad_request("AuthorizationCode", "", "expired")
        self._check_cap(issued.athlete_id)
        del self._codes[code]
        self.end(issued.athlete_id)
        grant = Grant(issued.athlete_id, issued.scopes)
        self._by_athlete[issued.athlete_id] = grant
        self._rotate(grant)
        self._mint(grant, now_s)
        return grant

    def refresh(self, refresh_token: str, now_s: float) -> Grant:
        """A new access token in the last hour of the old one, else the old one again."""
        grant = self._by_refresh_token.get(refresh_token)
        if grant is None:
            raise bad_request("RefreshToken", "refresh_token")
        due = grant.expires_s - now_s <= _RENEWABLE_S
        if due:
            self._mint(grant, now_s)
        rotation = self._dials.knobs.rotation
        if rotation == "always" or (due and rotation == "sometimes" and self._coin()):
            self._rotate(grant)
        return grant

    def authenticate(self, access_token: str | None, now_s: float) -> Session:
        session = self._session(access_token or "", now_s)
        if session is None:
            raise unauthorized("Athlete", "access_token", "invalid")
        return session

    def revoke(self, token: str, now_s: float) -> int | None:
        """The athlete whose grant ended with this access or refresh token, if it was alive."""
        owner = self._session(token, now_s) or self._by_refresh_token.get(token)
        if owner is None:
            return None
        self.end(owner.athlete_id)
        return owner.athlete_id

    def scopes_of(self, athlete_id: int) -> tuple[str, ...]:
        """Empty when the athlete has not connected."""
        grant = self._by_athlete.get(athlete_id)
        return grant.scopes if grant else ()

    def _session(self, access_token: str, now_s: float) -> Session | None:
        session = self._sessions.get(access_token)
        return session if session and session.expires_s > now_s else None

    def _mint(self, grant: Grant, now_s: float) -> None:
        for token in grant.access_tokens[:]:
            if self._session(token, now_s) is None:
                grant.access_tokens.remove(token)
                del self._sessions[token]
        grant.access_token = self._secret("access")
        grant.expires_s = int(now_s) + _TOKEN_LIFE_S
        grant.access_tokens.append(grant.access_token)
        self._sessions[grant.access_token] = Session(
            grant.athlete_id, grant.scopes, grant.expires_s
        )

    def _rotate(self, grant: Grant) -> None:
        self._by_refresh_token.pop(grant.refresh_token, None)
        grant.refresh_token = self._secret("refresh")
        self._by_refresh_token[grant.refresh_token] = grant

    def end(self, athlete_id: int) -> bool:
        """False for an athlete who was not connected."""
        grant = self._by_athlete.pop(athlete_id, None)
        if grant is None:
            return False
        del self._by_refresh_token[grant.refresh_token]
        for token in grant.access_tokens:
            del self._sessions[token]
        return True

    def _check_cap(self, athlete_id: int) -> None:
        """Who is connected already may connect again."""
        cap = self._dials.knobs.athlete_cap
        if cap and athlete_id not in self._by_athlete and len(self._by_athlete) >= cap:
            raise too_many_athletes()

    def _drop_old_codes(self, now_s: float) -> None:
        """An expired code is kept for one more life, to be called expired when it comes."""
        while self._codes:
            oldest = next(iter(self._codes))
            is_old = now_s - self._codes[oldest].issued_s > 2 * _CODE_LIFE_S
            if not is_old and len(self._codes) < _MOST_CODES:
                return
            del self._codes[oldest]

    def _coin(self) -> bool:
        return int(self._secret("coin"), 16) % 2 == 1

    def _secret(self, kind: str) -> str:
        """Forty hexadecimal digits, new each time and the same for the same seed."""
        self._issued += 1
        return hashlib.sha256(f"{self._seed}/{kind}/{self._issued}".encode()).hexdigest()[:40]
