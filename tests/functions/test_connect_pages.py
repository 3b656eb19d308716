"""The pages of connect_athlete, and a pushed deauthorisation, under functions-framework's app."""

import json
import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from paceline.adapters.local.system import SystemClock
from paceline.errors import (
    AthleteLimit,
    CodeExpired,
    CodeRefused,
    PacelineError,
    StoreUnavailable,
    StravaRefused,
    StravaUnavailable,
)
from paceline.runtime.functions import Functions
from paceline.runtime.local import LocalRuntime
from paceline.runtime.push import encode_push
from tests.builders import ATHLETE, message
from tests.doubles import MemoryStrava
from tests.functions.conftest import ROOT

SCOPES = ["read", "activity:read", "activity:read_all", "profile:read_all"]


@pytest.fixture(scope="module")
def functions() -> Functions:
    return Functions(ROOT)


@pytest.fixture
def strava(runtime: LocalRuntime, monkeypatch: pytest.MonkeyPatch) -> MemoryStrava:
    strava = MemoryStrava(SystemClock(), granted=SCOPES)
    runtime.built["oauth"] = strava
    monkeypatch.setattr("paceline.steps.connect_athlete.CODE_AGAIN_S", 0.0)
    return strava


@pytest.fixture
def browser(functions: Functions, runtime: LocalRuntime, strava: MemoryStrava) -> Any:
    return functions.app("connect_athlete").test_client()


def start(browser: Any) -> str:
    """The state that Strava sends back."""
    address = str(browser.get("/start").headers["Location"])
    return parse_qs(urlsplit(address).query)["state"][0]


def finish(browser: Any, state: str, **changes: str) -> Any:
    query = {"state": state, "code": "c0de-of-strava", "scope": ",".join(SCOPES)} | changes
    return browser.get("/callback", query_string=query)


def test_connecting_and_disconnecting_in_a_browser(
    browser: Any, runtime: LocalRuntime, strava: MemoryStrava
) -> None:
    page = finish(browser, start(browser))

    assert page.status_code == 200
    assert f"Athlete {ATHLETE} is connected" in page.text
    assert "activity:read_all" in page.text
    assert "not visible" not in page.text
    assert runtime.vault.access_token(ATHLETE) == "access-0"

    page = browser.post("/disconnect")
    assert page.status_code == 200
    assert f"Athlete {ATHLETE} is disconnected" in page.text
    assert strava.revoked == ["refresh-0"]
    athlete = runtime.vault.athlete(ATHLETE)
    assert athlete is not None
    assert athlete.status == "erasing"


def test_the_start_leads_to_strava_and_back_to_us(browser: Any, runtime: LocalRuntime) -> None:
    answer = browser.get("/start")
    query = parse_qs(urlsplit(answer.headers["Location"]).query)

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("http://127.0.0.1:9/authorize?")
    assert query["scope"] == [runtime.settings.strava_scopes]
    port = runtime.settings.port
    assert query["redirect_uri"] == [f"http://127.0.0.1:{port}/connect_athlete/callback"]
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_what_was_not_granted_is_on_the_page(browser: Any, strava: MemoryStrava) -> None:
    strava.granted = ["activity:read"]
    page = finish(browser, start(browser), scope="activity:read")

    assert "Private activities are not visible" in page.text
    assert "Weight, FTP" in page.text


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"state": "x"}, 400, "state_invalid"),
        ({"error": "access_denied"}, 403, "access_denied"),
        ({"code": ""}, 400, "code_missing"),
        ({"scope": "read"}, 403, "scope_missing"),
    ],
)
def test_each_bad_redirect_has_its_own_page(
    browser: Any, changes: dict[str, str], status: int, code: str
) -> None:
    page = finish(browser, **({"state": start(browser)} | changes))

    assert page.status_code == status
    assert f"<code>{code}</code>" in page.text


@pytest.mark.parametrize(
    ("faults", "status", "code"),
    [
        ([CodeRefused("used"), CodeRefused("used")], 400, "code_invalid"),
        ([CodeExpired("old")], 400, "code_expired"),
        ([AthleteLimit("full")], 403, "athlete_limit"),
        ([StravaRefused("our secret")], 502, "application_refused"),
        ([StravaUnavailable("down")], 503, "strava_unavailable"),
        ([StoreUnavailable("disk full")], 503, "store_unavailable"),
    ],
)
def test_each_refusal_of_strava_has_its_own_page(
    browser: Any, strava: MemoryStrava, faults: list[PacelineError], status: int, code: str
) -> None:
    strava.faults.extend(faults)
    page = finish(browser, start(browser))

    assert page.status_code == status
    assert f"<code>{code}</code>" in page.text


def test_a_state_works_in_the_browser_that_began_and_no_other(
    browser: Any, functions: Functions, strava: MemoryStrava
) -> None:
    state = start(browser)
    other = functions.app("connect_athlete").test_client()
    start(other)

    page = finish(other, state)
    assert (page.status_code, "state_foreign" in page.text) == (403, True)
    assert strava.codes == []
    assert finish(browser, state).status_code == 200


def test_nobody_disconnects_an_athlete_from_another_browser(
    browser: Any, functions: Functions, runtime: LocalRuntime, strava: MemoryStrava
) -> None:
    finish(browser, start(browser))
    page = functions.app("connect_athlete").test_client().post("/disconnect")

    assert page.status_code == 403
    assert "not_this_browser" in page.text
    assert strava.revoked == []
    assert runtime.vault.access_token(ATHLETE) == "access-0"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/start", 405),
        ("HEAD", "/callback", 405),
        ("GET", "/disconnect", 405),
        ("GET", "/", 404),
        ("GET", "/elsewhere", 404),
    ],
)
def test_other_addresses_and_methods_do_nothing(
    browser: Any, strava: MemoryStrava, method: str, path: str, status: int
) -> None:
    assert browser.open(path, method=method).status_code == status
    assert strava.codes == []


def test_no_page_can_be_kept_framed_or_made_to_run_a_script(
    browser: Any, strava: MemoryStrava
) -> None:
    strava.faults.append(StravaUnavailable("<script>alert(1)</script>"))
    for page in (
        finish(browser, start(browser)),
        finish(browser, start(browser), error="<script>"),
        finish(browser, start(browser)),
        browser.get("/start"),
    ):
        assert "<script" not in page.text
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_no_code_state_or_token_is_logged(
    browser: Any, strava: MemoryStrava, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    state = start(browser)
    finish(browser, state)
    strava.faults.append(CodeExpired("old"))
    finish(browser, state)
    lines = [json.loads(r.message) for r in caplog.records if r.name == "paceline"]

    assert [line["outcome"] for line in lines] == ["started", "connected", "state_foreign"]
    assert lines[1]["athlete"] == ATHLETE
    for secret in (state, "c0de-of-strava", "access-0", "refresh-0"):
        assert secret not in caplog.text


def test_a_pushed_deauthorisation_is_verified(
    browser: Any, functions: Functions, runtime: LocalRuntime, strava: MemoryStrava
) -> None:
    finish(browser, start(browser))
    said = message(
        object_type="athlete",
        object_id=ATHLETE,
        aspect_type="update",
        updates={"authorized": "false"},
    )

    def push() -> str:
        runtime.bus.publish("events", said.encode(), said.attributes())
        (delivery,) = runtime.bus.pull("forget_athlete", 1)
        assert functions.post("forget_athlete", encode_push(delivery))[0] == 204
        runtime.bus.ack(delivery)
        athlete = runtime.vault.athlete(ATHLETE)
        assert athlete is not None
        return athlete.status

    assert push() == "active"
    strava.dead = True
    assert push() == "erasing"
