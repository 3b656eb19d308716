"""A Strava in memory, for steps: activities can be put, hidden and counted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from paceline.errors import AccessLost, ApplicationRefused, PacelineError
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
    profile: dict[str, Any] = field(default_factory=dict)
    refreshes: int = 0
    revoked: list[str] = field(default_factory=list)
    granted: list[str] = field(default_factory=lambda: ["read", "activity:read_all"])
    codes: list[str] = field(default_factory=list)  # that were to be exchanged
    faults: list[PacelineError] = field(default_factory=list)  # of the token endpoint, once each
    meanwhile: Callable[[], object] = lambda: None  # happens while a refresh is under way
    dead: bool = False  # the refresh token is no longer accepted
    our_secret_is_wrong: bool = False

    def get(self, path: str, params: Mapping[str, str], access_token: str) -> Answer:
        self.asked.append(path)
        if self.instead:
            return self.instead.pop(0)
        if access_token != f"access-{self.refreshes}":
            return self.answer(401, {"message": "Authorization Error"})
        if path == "athlete/activities":
            return self.answer(200, self._listed(params))
        if not path.startswith("activities/"):
            return self.answer(200, self.profile if path == "athlete" else {"id": path})
        activity_id = int(path.split("/")[1])
        found = self.streams if path.endswith("/streams") else self.details
        if activity_id not in found:
            return self.answer(404, {"message": "Resource Not Found"})
        return self.answer(200, found[activity_id])

    def _listed(self, params: Mapping[str, str]) -> list[dict[str, Any]]:
        page, size = int(params["page"]), int(params["per_page"])
        before = float(params.get("before", "inf"))
        rows = sorted(self.details.values(), key=lambda row: str(row["start_date"]), reverse=True)
        shown = [row for row in rows if _starts_s(row) < before]
        return shown[(page - 1) * size : page * size]

    def answer(self, status: int, body: Any, **headers: str) -> Answer:
        now = format_datetime(self.clock.now(), usegmt=True)
        return Answer(status, as_bytes(body), {"date": now} | self.headers | headers, "GET /")

    def exchange(self, code: str) -> Grant:
        self.codes.append(code)
        if self.faults:
            raise self.faults.pop(0)
        return Grant(ATHLETE, self.pair(), self.granted)

    def refresh(self, refresh_token: str) -> TokenPair:
        self.meanwhile()
        if self.faults:
            raise self.faults.pop(0)
        if self.our_secret_is_wrong:
            raise ApplicationRefused("Strava refused the refresh: check the client id and secret.")
        if self.dead:
            raise AccessLost
        assert refresh_token == f"refresh-{self.refreshes}", "a dead refresh token was used"
        self.refreshes += 1
        return self.pair()

    def revoke(self, token: str) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.revoked.append(token)
        self.dead = True

    def pair(self) -> TokenPair:
        expires_at = self.clock.now() + timedelta(hours=6)
        return TokenPair(f"access-{self.refreshes}", f"refresh-{self.refreshes}", expires_at)


def _starts_s(row: dict[str, Any]) -> float:
    return datetime.fromisoformat(row["start_date"]).timestamp()
