"""The one push subscription an application may have: https://developers.strava.com/docs/webhooks/."""

import asyncio
import datetime as dt
import hashlib
from dataclasses import dataclass

import httpx

from simulator.faults import FaultError, bad_request, not_found
from simulator.knobs import Dials

_MOST_URL = 255
_LAST_PORT = 65_535
_OK = 200


@dataclass(frozen=True, slots=True)
class Subscription:
    subscription_id: int
    application_id: int
    callback_url: str
    created_s: float

    def as_json(self) -> dict[str, object]:
        moment = dt.datetime.fromtimestamp(self.created_s, tz=dt.UTC)
        # Strava tells nanoseconds here, which not every parser of times can read.
        created = f"{moment:%Y-%m-%dT%H:%M:%S.%f}000Z"
        return {
            "id": self.subscription_id,
            "resource_state": 2,
            "application_id": self.application_id,
            "callback_url": self.callback_url,
            "created_at": created,
            "updated_at": created,
        }


class SubscriptionDesk:
    """Creates after a handshake with the callback, and deletes."""

    def __init__(self, application_id: int, seed: int, dials: Dials) -> None:
        self._application_id = application_id
        self._seed = seed
        self._dials = dials
        self._asked = 0
        self._created = 0
        self.current: Subscription | None = None

    async def create(
        self, client: httpx.AsyncClient, callback_url: str, verify_token: str, now_s: float
    ) -> Subscription:
        if self.current is not None:
            raise bad_request("PushSubscription", "", "already exists")
        await self._verify(client, _checked_url(callback_url), verify_token)
        # Two requests may have passed the first look while the callback was asked.
        if self.current is not None:
            raise bad_request("PushSubscription", "", "already exists")
        self._created += 1
        number = 340_000 + self._seed * 100 + self._created
        self.current = Subscription(number, self._application_id, callback_url, now_s)
        return self.current

    def delete(self, subscription_id: int | None) -> None:
        if self.current is None or self.current.subscription_id != subscription_id:
            raise not_found("PushSubscription", "id", "invalid")
        self.current = None

    async def _verify(self, client: httpx.AsyncClient, url: httpx.URL, token: str) -> None:
        self._asked += 1
        number = f"{self._seed}/challenge/{self._asked}"
        challenge = hashlib.sha256(number.encode()).hexdigest()[:16]
        asked = url.copy_merge_params(
            {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": challenge}
        )
        try:
            async with asyncio.timeout(self._dials.knobs.webhook_timeout_s):
                answer = await client.get(asked, timeout=None)
        except (TimeoutError, httpx.HTTPError, OSError):
            raise _not_verifiable() from None
        if answer.status_code != _OK:
            raise bad_request(
                "PushSubscription", "callback url", "GET to callback URL does not return 200"
            )
        if not _echoes(answer, challenge):
            raise _not_verifiable()


def _echoes(answer: httpx.Response, challenge: str) -> bool:
    if not answer.headers.get("content-type", "").lower().startswith("application/json"):
        return False
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and body.get("hub.challenge") == challenge


def _not_verifiable() -> FaultError:
    return bad_request("PushSubscription", "callback url", "not verifiable")


def _checked_url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
        host = url.host
    except (httpx.InvalidURL, ValueError):  # the latter from a host that is no name
        raise _not_verifiable() from None
    good_port = url.port is None or 0 < url.port <= _LAST_PORT
    if len(text) > _MOST_URL or url.scheme not in {"http", "https"} or not host or not good_port:
        raise _not_verifiable()
    return url
