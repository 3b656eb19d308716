"""Strava's token endpoint. See developers.strava.com/docs/authentication."""

from datetime import UTC, datetime
from typing import Any

import requests

from paceline.adapters.strava.session import OAUTH_HOME, StravaSession
from paceline.errors import AccessLost, StravaRefused, StravaUnavailable
from paceline.ports import Grant, TokenPair


class StravaTokenEndpoint:
    """Asked directly: stravalib's exchange drops the granted scopes, which we must keep."""

    def __init__(self, session: StravaSession, client_id: int, client_secret: str) -> None:
        self._session = session
        self._credentials = {"client_id": str(client_id), "client_secret": client_secret}

    def exchange(self, code: str) -> Grant:
        status, answer = self._post(grant_type="authorization_code", code=code)
        if status >= requests.codes.bad_request:
            raise StravaRefused(
                f"Strava refused the code ({_fault(answer)}). A code works once and for a short "
                "time: start connecting again."
            )
        try:
            scopes = str(answer.get("scope", "")).split()
            return Grant(int(answer["athlete"]["id"]), _pair(answer), scopes)
        except (KeyError, TypeError, ValueError) as error:
            raise StravaUnavailable("Strava's token answer had no athlete or no tokens.") from error

    def refresh(self, refresh_token: str) -> TokenPair:
        status, answer = self._post(grant_type="refresh_token", refresh_token=refresh_token)
        if status in {requests.codes.bad_request, requests.codes.unauthorized}:
            if "RefreshToken" in _fault(answer):
                raise AccessLost("Strava no longer accepts this athlete's refresh token.")
            raise StravaRefused(
                f"Strava refused the refresh ({_fault(answer)}): check the client id and secret."
            )
        if status >= requests.codes.bad_request:
            raise StravaUnavailable(f"Strava's token endpoint answered {status}.")
        try:
            return _pair(answer)
        except (KeyError, TypeError, ValueError) as error:
            raise StravaUnavailable("Strava's token answer had no tokens.") from error

    def _post(self, **fields: str) -> tuple[int, dict[str, Any]]:
        response = self._session.post(f"{OAUTH_HOME}/token", data=self._credentials | fields)
        if response.status_code >= requests.codes.server_error:
            raise StravaUnavailable(f"Strava's token endpoint answered {response.status_code}.")
        try:
            answer = response.json()
        except ValueError as error:
            raise StravaUnavailable("Strava's token endpoint did not answer JSON.") from error
        return response.status_code, answer if isinstance(answer, dict) else {}


def _pair(answer: dict[str, Any]) -> TokenPair:
    return TokenPair(
        access_token=str(answer["access_token"]),
        refresh_token=str(answer["refresh_token"]),
        expires_at=datetime.fromtimestamp(int(answer["expires_at"]), UTC),
    )


def _fault(answer: dict[str, Any]) -> str:
    """The names in Strava's fault, which never hold a secret."""
    errors = answer.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    if not isinstance(first, dict):
        return str(answer.get("message", "no reason given"))[:100]
    return "/".join(str(first.get(name, "")) for name in ("resource", "field", "code"))[:100]
