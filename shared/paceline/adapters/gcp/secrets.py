"""Secrets in the cloud are read as mounted files; here a version is added, over the REST API.

One call, made by an operator's command: a client library of its own would weigh more than it does.
"""

import base64

import google.auth
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from requests import RequestException, Session

from paceline.errors import StoreUnavailable

ENDPOINT = "https://secretmanager.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TRY_S = 10.0


class SecretVersions:
    """Adds versions; nothing here ever reads one."""

    def __init__(
        self, project: str, prefix: str, *, endpoint: str = ENDPOINT, session: Session | None = None
    ) -> None:
        self._folder = f"{endpoint}/v1/projects/{project}/secrets/{prefix}"
        self._session = session

    def add(self, name: str, value: str) -> None:
        """The newest version from now on. Raises StoreUnavailable when it was not taken."""
        secret = f"{self._folder}-{name.replace('_', '-')}"
        body = {"payload": {"data": base64.b64encode(value.encode()).decode()}}
        try:
            answer = self._authorized().post(f"{secret}:addVersion", json=body, timeout=_TRY_S)
            answer.raise_for_status()
        except (RequestException, GoogleAuthError) as error:
            raise StoreUnavailable(
                f"Secret Manager did not take a new version of {name} ({type(error).__name__}):"
                f" check that you may add versions to {secret.partition('/v1/')[2]}, and try again."
            ) from None  # the request holds the value

    def _authorized(self) -> Session:
        if self._session is None:
            credentials, _ = google.auth.default(scopes=[_SCOPE])
            self._session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
        return self._session
