"""Strava's read API: every answer, whatever its status, with the bytes as they came."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import requests

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
        kept = _KeptResponse(self._session)
        client = strava_client(kept, access_token)
        client.protocol.get(path, check_for_errors=False, **params)
        if kept.response is None:
            raise StravaUnavailable("Strava was not asked; the request is repeated later.")
        headers = {name.lower(): value for name, value in kept.response.headers.items()}
        return Answer(
            status=kept.response.status_code,
            body=kept.response.content,
            headers={
                name: value
                for name, value in headers.items()
                if name in _KEPT or "ratelimit" in name
            },
            request=f"GET /{path}" + (f"?{urlencode(params)}" if params else ""),
        )


class _KeptResponse:
    """The session of one call. It keeps the response, and spares stravalib the parsing."""

    def __init__(self, session: StravaSession) -> None:
        self._session = session
        self.response: requests.Response | None = None

    def get(self, url: str, **arguments: Any) -> "_Unparsed":
        self.response = self._session.get(url, **arguments)
        return _Unparsed(self.response)

    # stravalib looks these up on every call; reading never uses them.
    post = put = delete = get


class _Unparsed:
    """What stravalib looks at after a GET: not the body, which may be anything."""

    def __init__(self, response: requests.Response) -> None:
        self.headers = response.headers
        self.status_code = response.status_code

    def json(self) -> None:
        return None
