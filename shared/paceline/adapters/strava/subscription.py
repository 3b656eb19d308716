"""The application's one push subscription. See developers.strava.com/docs/webhooks."""

import secrets
import time
from collections.abc import Callable
from typing import Any

import requests

from paceline.adapters.strava.faults import fault_of
from paceline.adapters.strava.session import API_HOME, StravaSession
from paceline.errors import StravaRefused, StravaUnavailable

_URL = f"{API_HOME}/push_subscriptions"

# How long Strava waits for the answer to its handshake.
HANDSHAKE_S = 2.0

_IN_WORDS = {
    "not verifiable": (
        "Strava could not verify the callback: it asked, and did not get its challenge back as "
        "JSON within two seconds. Is the address reachable from the internet?"
    ),
    "does not return 200": (
        "the callback did not answer Strava with 200. Does the address end with /receive_webhook, "
        "and does the service run with the same settings?"
    ),
    "already exists": (
        "there is a subscription already, and Strava allows one. See it with "
        "`paceline subscribe list`."
    ),
    "Application/client": (
        "the client id or its secret is wrong: check PACELINE_STRAVA_CLIENT_ID and "
        "PACELINE_STRAVA_CLIENT_SECRET."
    ),
}


class PushSubscription:
    def __init__(self, session: StravaSession, client_id: int, client_secret: str) -> None:
        self._session = session
        self._credentials = {"client_id": str(client_id), "client_secret": client_secret}

    def current(self) -> tuple[int, str] | None:
        """Id and callback address of the subscription, or None."""
        answer = self._checked(self._session.get(_URL, params=self._credentials))
        return (int(answer[0]["id"]), str(answer[0]["callback_url"])) if answer else None

    def ensure(
        self,
        callback_url: str,
        verify_token: str,
        *,
        replace: bool = False,
        changing: Callable[[], object] = lambda: None,
    ) -> int:
        """Leave exactly one subscription, to this address; return its id.

        One to another address is replaced only on request: it may be somebody's live system.
        `changing` is called before anything changes: events of the new one come before its id does.
        """
        if existing := self.current():
            if existing[1] == callback_url:
                return existing[0]
            if not replace:
                raise StravaRefused(
                    f"Subscription {existing[0]} sends events to another address "
                    f"({existing[1].rpartition('/')[0]}/...), and Strava allows one. Add --replace "
                    "to delete it and create this one."
                )
        changing()
        if existing:
            self.delete(existing[0])
        fields = {"callback_url": callback_url, "verify_token": verify_token}
        answer = self._checked(self._session.post(_URL, data=self._credentials | fields))
        return int(answer["id"])

    def delete(self, subscription_id: int) -> None:
        self._checked(self._session.delete(f"{_URL}/{subscription_id}", params=self._credentials))

    def _checked(self, response: requests.Response) -> Any:
        status = response.status_code
        if status >= requests.codes.server_error or status == requests.codes.too_many_requests:
            raise StravaUnavailable(f"Strava answered {status}; try again in a minute.")
        if status >= requests.codes.bad_request:
            raise StravaRefused(f"Strava refused: {_in_words(fault_of(response))}")
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError as error:
            raise StravaUnavailable("Strava did not answer JSON; try again in a minute.") from error


def check_callback(callback_url: str, verify_token: str) -> None:
    """Ask the callback what Strava will ask. Raises StravaRefused with what is wrong with it."""
    challenge = secrets.token_hex(8)
    query = {"hub.mode": "subscribe", "hub.verify_token": verify_token, "hub.challenge": challenge}
    began = time.monotonic()
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(
                callback_url, params=query, timeout=HANDSHAKE_S, allow_redirects=False
            )
    except requests.RequestException as error:
        # The class alone: the message holds the secret end of the address.
        raise _not_ready(f"it does not answer ({type(error).__name__})") from None
    if time.monotonic() - began > HANDSHAKE_S:
        raise _not_ready("it takes longer than the two seconds that Strava waits")
    if answer.status_code == requests.codes.forbidden:
        raise _not_ready("it refuses our verify token or path: it runs with other settings")
    if answer.status_code != requests.codes.ok:
        raise _not_ready(f"it answers {answer.status_code}; give the address of receive_webhook")
    if not _echoes(answer, challenge):
        raise _not_ready("it answers 200 without the challenge: that is not receive_webhook")


def _echoes(answer: requests.Response, challenge: str) -> bool:
    try:
        echoed = answer.json()
    except ValueError:
        return False
    return isinstance(echoed, dict) and echoed.get("hub.challenge") == challenge


def _not_ready(why: str) -> StravaRefused:
    return StravaRefused(f"The callback is not ready: {why}. Strava was not asked.")


def _in_words(fault: str) -> str:
    return next((words for name, words in _IN_WORDS.items() if name in fault), f"{fault}.")
