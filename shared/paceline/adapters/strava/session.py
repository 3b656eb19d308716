"""The one HTTP session that talks to Strava: base addresses, timeouts, errors.

stravalib fixes the scheme and host of its addresses and sets no timeout. A session of our own puts
both right without touching it.
"""

from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from paceline.errors import StravaUnavailable

API_HOME = "https://www.strava.com/api/v3"
OAUTH_HOME = "https://www.strava.com/oauth"

# A long detail has been seen to take two seconds; five times that and more is a hang.
TIMEOUT_S = (5.0, 20.0)


class ToBase(HTTPAdapter):
    """Sends what is addressed to Strava's homes to the configured bases, with a timeout."""

    def __init__(self, api_base: str, oauth_base: str) -> None:
        self._bases = {API_HOME: api_base.rstrip("/"), OAUTH_HOME: oauth_base.rstrip("/")}
        super().__init__(pool_connections=4, pool_maxsize=16)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - the signature is requests' own
        timeout: Any = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        for home, base in self._bases.items():
            if request.url and request.url.startswith(home):
                request.url = base + request.url.removeprefix(home)
        return super().send(request, stream, timeout or TIMEOUT_S, verify, cert, proxies)


class StravaSession(requests.Session):
    """Knows the bases; says in our words that nobody answered."""

    def __init__(self, api_base: str, oauth_base: str) -> None:
        super().__init__()
        self.trust_env = False  # no netrc: it would replace our Authorization header
        self.mount("https://www.strava.com", ToBase(api_base, oauth_base))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        try:
            return super().send(request, **kwargs)
        except requests.RequestException as error:
            # The class alone: a message could carry a URL with a credential in it.
            raise StravaUnavailable(
                f"Strava did not answer ({type(error).__name__}); the request is repeated later."
            ) from error
