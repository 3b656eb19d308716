"""Strava's token endpoint. See developers.strava.com/docs/authentication."""

from datetime import UTC, datetime
from typing import Any

import requests

from paceline.adapters.strava.faults import fault_in, fault_of
from paceline.adapters.strava.session import OAUTH_HOME, StravaSession
from paceline.errors import (
    AccessLost,
    ApplicationRefused,
    AthleteLimit,
    CodeExpired,
    CodeRefused,
    StravaRefused,
    StravaUnavailable,
)
from paceline.ports import Grant, TokenPair

_BAD, _UNAUTHORIZED, _FORBIDDEN, _TOO_MANY = 400, 401, 403, 429
_START_AGAIN = "A code works once and for a short time: start connecting again."
_CHECK_SETTINGS = "check PACELINE_STRAVA_CLIENT_ID and PACELINE_STRAVA_CLIENT_SECRET"


class StravaTokenEndpoint:
    """Asked directly: stravalib's exchange drops the granted scopes, which we must keep."""

    def __init__(self, session: StravaSession, client_id: int, client_secret: str) -> None:
        self._session = session
        self._credentials = {"client_id": str(client_id), "client_secret": client_secret}
        self._basic = (str(client_id), client_secret)

    def exchange(self, code: str) -> Grant:
        status, answer = self._post(grant_type="authorization_code", code=code)
        if status >= _BAD:
            raise _refused_exchange(status, fault_in(answer), str(answer.get("message", "")))
        try:
            scopes = str(answer.get("scope") or "").replace(",", " ").split()
            return Grant(int(answer["athlete"]["id"]), _pair(answer), scopes)
        except (KeyError, TypeError, ValueError) as error:
            raise StravaUnavailable("Strava's token answer had no athlete or no tokens.") from error

    def refresh(self, refresh_token: str) -> TokenPair:
        status, answer = self._post(grant_type="refresh_token", refresh_token=refresh_token)
        if status >= _BAD:
            raise _refused_refresh(status, fault_in(answer))
        try:
            return _pair(answer)
        except (KeyError, TypeError, ValueError) as error:
            raise StravaUnavailable("Strava's token answer had no tokens.") from error

    def revoke(self, token: str) -> None:
        response = self._session.post(
            f"{OAUTH_HOME}/revoke", data={"token": token}, auth=self._basic
        )
        status = response.status_code
        if status >= requests.codes.server_error or status == _TOO_MANY:
            raise StravaUnavailable(f"Strava did not end the grant: it answered {status}.")
        if status >= _BAD:
            raise StravaRefused(
                f"Strava refused to end the grant ({fault_of(response)}): {_CHECK_SETTINGS}."
            )

    def _post(self, **fields: str) -> tuple[int, dict[str, Any]]:
        response = self._session.post(f"{OAUTH_HOME}/token", data=self._credentials | fields)
        if response.status_code >= requests.codes.server_error:
            raise StravaUnavailable(f"Strava's token endpoint answered {response.status_code}.")
        try:
            answer = response.json()
        except ValueError as error:
            raise StravaUnavailable("Strava's token endpoint did not answer JSON.") from error
        return response.status_code, answer if isinstance(answer, dict) else {}


def _refused_refresh(
    status: int, fault: str
) -> AccessLost | ApplicationRefused | StravaRefused | StravaUnavailable:
    """Only what names the application stops everybody, and only a dead token ends a grant."""
    if status == _FORBIDDEN and fault.endswith("/Inactive"):
        return ApplicationRefused(
            "Strava says that this application is inactive: its owner must renew it."
        )
    if status in {_BAD, _UNAUTHORIZED}:
        if fault.startswith("RefreshToken/"):
            return AccessLost("Strava no longer accepts this athlete's refresh token.")
        if fault.startswith("Application/"):
            return ApplicationRefused(f"Strava refused the refresh ({fault}): {_CHECK_SETTINGS}.")
        return StravaRefused(f"Strava refused to refresh the token with {status} ({fault}).")
    return StravaUnavailable(f"Strava's token endpoint answered {status}.")


def _refused_exchange(status: int, fault: str, message: str) -> StravaRefused | StravaUnavailable:
    if status == _TOO_MANY:
        return StravaUnavailable("Strava's token endpoint is asked too often; try again later.")
    if status == _FORBIDDEN and "connected athletes" in message:
        return AthleteLimit(
            "Strava lets no further athlete connect to this application: its limit is reached. "
            "Disconnect an athlete, or ask Strava for a higher limit."
        )
    if fault.startswith(("AuthorizationCode", "RequestToken")):
        kind = CodeExpired if fault.endswith("/expired") else CodeRefused
        return kind(f"Strava refused the code ({fault}). {_START_AGAIN}")
    return StravaRefused(f"Strava refused this application ({fault}): {_CHECK_SETTINGS}.")


def _pair(answer: dict[str, Any]) -> TokenPair:
    return TokenPair(
        access_token=str(answer["access_token"]),
        refresh_token=str(answer["refresh_token"]),
        expires_at=datetime.fromtimestamp(int(answer["expires_at"]), UTC),
    )
