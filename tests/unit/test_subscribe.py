"""`paceline subscribe`: no event is refused while the subscription changes, nor after a crash."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from paceline.adapters.strava.subscription import PushSubscription
from paceline.cli import subscribe
from paceline.runtime.local import LocalRuntime
from paceline.runtime.settings import Settings

OLD, NEW = 77, 78


@dataclass
class Desk:
    """Strava's end: one subscription; what happens while a new one is made can be watched."""

    subscriptions: list[dict[str, Any]] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def get(self, _url: str, **_: Any) -> requests.Response:
        return _answer(200, self.subscriptions)

    def delete(self, _url: str, **_: Any) -> requests.Response:
        self.subscriptions.clear()
        return _answer(204, None)

    def post(self, _url: str, *, data: dict[str, str]) -> requests.Response:
        self.meanwhile()
        self.subscriptions.append({"id": NEW, "callback_url": data["callback_url"]})
        return _answer(201, {"id": NEW})


def _answer(status: int, body: Any) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = b"" if body is None else json.dumps(body).encode()
    return response


@pytest.fixture
def desk() -> Desk:
    return Desk([{"id": OLD, "callback_url": "https://elsewhere/receive_webhook/x"}])


@pytest.fixture
def runtime(tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalRuntime]:
    settings = {
        "PACELINE_HOME": str(tmp_path),
        "PACELINE_STRAVA_CLIENT_ID": "12345",
        "PACELINE_STRAVA_CLIENT_SECRET": "a-made-up-secret",
        "PACELINE_VERIFY_TOKEN": "verify-token",
        "PACELINE_WEBHOOK_SECRET": "webhook-secret-of-this-test",
    }
    runtime = LocalRuntime(Settings.from_env(settings))
    session: Any = desk
    runtime.built["subscription"] = PushSubscription(session, 12_345, "a-made-up-secret")
    runtime.remember_subscription(OLD)
    monkeypatch.setattr(subscribe, "current", lambda: runtime)
    monkeypatch.setattr(subscribe, "check_callback", lambda *_: None)  # nobody listens here
    yield runtime
    runtime.close()


def create(*, replace: bool = True) -> None:
    subscribe.subscribe("create", "https://here/receive_webhook", replace=replace)


def test_events_of_any_number_are_taken_while_one_subscription_replaces_another(
    runtime: LocalRuntime, desk: Desk
) -> None:
    taken: list[int | None] = []
    desk.meanwhile = lambda: taken.append(runtime.subscription_id())
    create()

    assert taken == [None]
    assert runtime.subscription_id() == NEW


def test_a_crash_while_it_changes_leaves_the_door_open(runtime: LocalRuntime, desk: Desk) -> None:
    desk.meanwhile = lambda: exec("raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        create()

    assert runtime.subscription_id() is None
    desk.meanwhile = lambda: None
    create()
    assert runtime.subscription_id() == NEW


def test_a_refused_replacement_changes_nothing(runtime: LocalRuntime) -> None:
    with pytest.raises(Exception, match="--replace"):
        create(replace=False)

    assert runtime.subscription_id() == OLD
