"""Strava's read API: every answer, whatever its status, with the bytes as they came."""

from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlencode

from requests import RequestException

from paceline.adapters.strava.client import strava_client
from paceline.adapters.strava.session import StravaSession
from paceline.errors import StravaUnavailable
from paceline.ports import Answer

# What an answer's headers may tell us later; cookies and the like are not kept.
_KEPT = ("content-type", "date", "etag", "x-request-id")


class StravaReadApi:
    def __init__(self, session: StravaSession) -> None:
        self._session = session

    def get(self, path: str, params: Mapping[str, str], access_token: str) -> Answer:
        client = strava_client(self._session, access_token)
        # A body that is not JSON is no error here: the status and the bytes say what it is.
        with suppress(ValueError, RequestException):
            client.protocol.get(path, check_for_errors=False, **params)
        response = self._session.last()
        if response is None:
            raise StravaUnavailable("Strava did not answer; the request is repeated later.")
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(
            status=response.status_code,
            body=response.content,
            headers={
                name: value
                for name, value in headers.items()
                if name in _KEPT or "ratelimit" in name
            },
            request=f"GET /{path}" + (f"?{urlencode(params)}" if params else ""),
        )
