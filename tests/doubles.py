"""A Strava in memory, for steps: activities can be put, hidden and counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from paceline.errors import AccessLost, StravaRefused
from paceline.ports import Answer, Clock, Grant, TokenPair
from tests.builders import ATHLETE, as_bytes


@dataclass
class MemoryStrava:
    """The ports StravaApi and StravaOAuth over two dictionaries."""

    clock: Clock
    details: dict[int, dict[str, Any]] = field(default_factory=dict)
    streams: dict[int, dict[str, Any]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    instead: list[Answer] = field(default_factory=list)  # answered first, once each
    asked: list[str] = field(default_factory=list)
    refreshes: int = 0
    dead: bool = False  # the refresh token is no longer accepted
    our_secret_is_wrong: bool = False

    def get(self, path: str, params: Mapping[str, str], access_token: str) -> Answer:
        self.asked.append(path)
        if self.instead:
            return self.instead.pop(0)
        if access_token != f"access-{self.refreshes}":
            return self.answer(401, {"message": "Authorization Error"})
        if path == "athlete/activities":
            page, size = int(params["page"]), int(params["per_page"])
            ids = sorted(self.details, reverse=True)[(page - 1) * size : page * size]
            return self.answer(200, [{"id": each} for each in ids])
        activity_id = int(path.split("/")[1])
        found = self.streams if path.endswith("/streams") else self.details
        if activity_id not in found:
            return self.answer(404, {"message": "Resource Not Found"})
        return self.answer(200, found[activity_id])

    def answer(self, status: int, body: Any, **headers: str) -> Answer:
        return Answer(status, as_bytes(body), self.headers | headers, "GET /")

    def exchange(self, code: str) -> Grant:
        return Grant(ATHLETE, self.pair(), ["read", "activity:read_all"])

    def refresh(self, refresh_token: str) -> TokenPair:
        if self.our_secret_is_wrong:
            raise StravaRefused("Strava refused the refresh: check the client id and secret.")
        if self.dead:
            raise AccessLost
        assert refresh_token == f"refresh-{self.refreshes}", "a dead refresh token was used"
        self.refreshes += 1
        return self.pair()

    def pair(self) -> TokenPair:
        expires_at = self.clock.now() + timedelta(hours=6)
        return TokenPair(f"access-{self.refreshes}", f"refresh-{self.refreshes}", expires_at)
