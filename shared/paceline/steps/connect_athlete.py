"""An athlete's consent becomes stored tokens, and ends when the athlete says so.

The `state` that travels to Strava and back is a ticket over a number that only the athlete's own
browser has in a cookie: nobody can make them connect somebody else's account.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

from paceline.errors import CodeExpired, CodeRefused, PacelineError, Permanent, TicketInvalid
from paceline.ports import Grant, Ids, StravaOAuth
from paceline.tickets import Tickets
from paceline.vault import Vault

STATE, VISIT = "state", "visit"
STATE_LASTS = timedelta(minutes=30)  # for reading Strava's page, and logging in there first
VISIT_LASTS = timedelta(hours=1)

# Strava has been seen to refuse a fresh code, and to take it two seconds later.
CODE_AGAIN_S = 2.5

READS_ACTIVITIES = frozenset({"activity:read", "activity:read_all"})
MISSED = {
    "activity:read_all": (
        "Private activities are not visible: activity:read_all was not granted. Nor are the parts "
        "of a route inside a privacy zone."
    ),
    "profile:read_all": (
        "Weight, FTP and zones are not readable: profile:read_all was not granted."
    ),
}


class ConnectRefused(Permanent):
    """The athlete is not connected; `code` says why, the same in the page, the log and a test."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Consent:
    """The page at Strava where an athlete says yes, and where it sends them afterwards."""

    page: str
    client_id: int
    scopes: str
    redirect_uri: str

    def url(self, state: str) -> str:
        query = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "approval_prompt": "auto",
            "scope": self.scopes,
            "state": state,
        }
        return f"{self.page}?{urlencode(query)}"


@dataclass(frozen=True)
class Connecting:
    """What connecting needs."""

    oauth: StravaOAuth
    vault: Vault
    ids: Ids
    tickets: Tickets
    consent: Consent
    pause: Callable[[float], object]
    connected: Callable[[int], object] = lambda _athlete_id: None  # plans the first backfill
    stop_work: Callable[[int], object] = lambda _athlete_id: None


@dataclass(frozen=True)
class Connected:
    athlete_id: int
    scopes: Sequence[str]
    warnings: Sequence[str]


def start(use: Connecting) -> tuple[str, str]:
    """Where to send the athlete, and the number that their browser keeps meanwhile."""
    nonce = use.ids.new()
    return use.consent.url(use.tickets.issue(STATE, nonce, STATE_LASTS)), nonce


def finish(query: Mapping[str, str], nonce: str, use: Connecting) -> Connected:
    """What Strava's redirect brings back to the browser that holds `nonce`."""
    _check_state(query.get("state", ""), nonce, use)
    if error := query.get("error"):
        raise ConnectRefused(
            "access_denied" if error == "access_denied" else "refused_by_strava",
            "Strava was not allowed to share anything, so there is nothing to connect.",
        )
    if not query.get("code"):
        raise ConnectRefused("code_missing", "Strava sent no code. Start connecting again.")
    return connect(query["code"], use, redirected=query.get("scope", ""))


def connect(code: str, use: Connecting, *, redirected: str = "") -> Connected:
    """Exchange the code of the redirect; the tokens are stored before they are used.

    `redirected` are the scopes that the redirect names: a grant that is of no use is refused
    before its code is spent, and leaves an older connection as it is.
    """
    if redirected:
        _check_scopes(_split(redirected))
    grant = _exchange(code, use)
    if not grant.scopes:  # Strava's answer names them since 2026
        grant = replace(grant, scopes=_split(redirected))
    _check_scopes(grant.scopes)
    use.vault.connect(grant)
    warnings = [text for scope, text in MISSED.items() if scope not in grant.scopes]
    try:
        use.connected(grant.athlete_id)
    except PacelineError as error:  # they are connected all the same
        warnings.append(f"The import of the history is not planned yet: {error}")
    return Connected(grant.athlete_id, grant.scopes, warnings)


def disconnect(athlete_id: int, use: Connecting) -> None:
    """The grant ends at Strava; the athlete is erasing, and no work of theirs goes on."""
    use.vault.disconnect(athlete_id)
    use.stop_work(athlete_id)


def visit_of(connected: Connected, use: Connecting) -> str:
    """Lets the browser that just connected an athlete disconnect them, for an hour."""
    return use.tickets.issue(VISIT, str(connected.athlete_id), VISIT_LASTS)


def visitor(visit: str, use: Connecting) -> int:
    try:
        return int(use.tickets.subject(VISIT, visit))
    except TicketInvalid as error:
        raise ConnectRefused(
            "not_this_browser",
            "Only the browser that connected an athlete within the last hour can disconnect them. "
            "Connect once more, and disconnect then; or remove this application in Strava's "
            "settings, which has the same effect.",
        ) from error


def _check_state(state: str, nonce: str, use: Connecting) -> None:
    try:
        subject = use.tickets.subject(STATE, state)
    except TicketInvalid as error:
        code = "state_expired" if error.expired else "state_invalid"
        raise ConnectRefused(
            code, "This answer belongs to no request of ours. Start connecting again."
        ) from error
    if not hmac.compare_digest(subject.encode(), nonce.encode()):
        raise ConnectRefused(
            "state_foreign",
            "Another browser started this, or this one keeps no cookies. Start connecting again, "
            "from the address that Strava sends you back to.",
        )


def _exchange(code: str, use: Connecting) -> Grant:
    try:
        return use.oauth.exchange(code)
    except CodeExpired:
        raise
    except CodeRefused:
        use.pause(CODE_AGAIN_S)
        return use.oauth.exchange(code)


def _check_scopes(scopes: Sequence[str]) -> None:
    if not READS_ACTIVITIES.intersection(scopes):
        raise ConnectRefused(
            "scope_missing",
            "Activities may not be read: neither activity:read nor activity:read_all was granted. "
            "Start connecting again and leave the box about activities ticked.",
        )


def _split(scopes: str) -> list[str]:
    return scopes.replace(",", " ").split()
