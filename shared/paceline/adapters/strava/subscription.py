"""The application's one push subscription. See developers.strava.com/docs/webhooks."""

from typing import Any

import requests

from paceline.adapters.strava.session import API_HOME, StravaSession
from paceline.errors import StravaRefused

_URL = f"{API_HOME}/push_subscriptions"


class PushSubscription:
    def __init__(self, session: StravaSession, client_id: int, client_secret: str) -> None:
        self._session = session
        self._credentials = {"client_id": str(client_id), "client_secret": client_secret}

    def current(self) -> tuple[int, str] | None:
        """Id and callback address of the subscription, or None."""
        answer = self._checked(self._session.get(_URL, params=self._credentials))
        return (int(answer[0]["id"]), str(answer[0]["callback_url"])) if answer else None

    def ensure(self, callback_url: str, verify_token: str) -> int:
        """Leave exactly one subscription, to this address; return its id."""
        if existing := self.current():
            if existing[1] == callback_url:
                return existing[0]
            self.delete(existing[0])
        fields = {"callback_url": callback_url, "verify_token": verify_token}
        answer = self._checked(self._session.post(_URL, data=self._credentials | fields))
        return int(answer["id"])

    def delete(self, subscription_id: int) -> None:
        self._checked(self._session.delete(f"{_URL}/{subscription_id}", params=self._credentials))

    def _checked(self, response: requests.Response) -> Any:
        if response.status_code >= requests.codes.bad_request:
            raise StravaRefused(
                f"Strava refused the subscription call with {response.status_code}: "
                f"{response.text[:300]}. Is the callback reachable, and does it answer the "
                "handshake within two seconds?"
            )
        return response.json() if response.content else None
