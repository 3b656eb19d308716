"""The page on which a person allows or refuses, and the way back."""

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.simulator.harness import ADA, CLIENT, SMALL, Strava, first_error, strava, turned

pytestmark = pytest.mark.anyio


def bearer(token: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {token['access_token']}"}


class Form(HTMLParser):
    """What a browser knows of the form on a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.boxes: dict[str, dict[str, str]] = {}
        self.options: list[str] = []
        self.buttons: list[str] = []
        self.labels: set[str] = set()
        self.controls: set[str] = set()
        self.action = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        value = given.get("value", "")
        if tag == "form":
            self.action = given["action"]
        elif tag == "label":
            self.labels.add(given["for"])
        elif tag == "option":
            self.options.append(value)
        elif tag == "button":
            self.buttons.append(value)
        elif tag == "input" and given["type"] == "hidden":
            self.fields[given["name"]] = value
        elif tag == "input":
            self.boxes[given["id"]] = given
        if tag in {"input", "select"} and given.get("type") != "hidden":
            self.controls.add(given["id"])


def asking(**changed: str) -> dict[str, str]:
    return {"client_id": "12345", "redirect_uri": "http://localhost:9/back?x=1"} | changed


async def page_of(sim: Strava, **changed: str) -> Form:
    page = await sim.http.get("/oauth/authorize", params=asking(**changed))
    assert page.status_code == 200, page.text
    return Form(page.text)


async def click(
    sim: Strava, form: Form, button: str = "approve", unticked: str = "", athlete_id: int = ADA
) -> httpx.Response:
    ticked = {
        box["name"]: box["value"]
        for scope, box in form.boxes.items()
        if "disabled" not in box and scope not in unticked.split()
    }
    sent = form.fields | ticked | {"athlete_id": str(athlete_id), "decision": button}
    return await sim.http.post(form.action, data=sent)


def query_of(back: httpx.Response) -> dict[str, str]:
    assert back.status_code == 302, back.text
    return dict(parse_qsl(urlsplit(back.headers["location"]).query, keep_blank_values=True))


async def test_a_click_on_the_page_ends_in_a_token_that_reads_the_athlete() -> None:
    sim = strava()
    form = await page_of(sim, response_type="code", scope="read,activity:read_all", state="a&b é")
    back = await click(sim, form)
    query = query_of(back)
    assert back.headers["location"].startswith("http://localhost:9/back?x=1&")
    assert back.headers["location"].endswith("&scope=read,activity:read_all")
    assert (query["x"], query["state"]) == ("1", "a&b é")
    token = await sim.token(grant_type="authorization_code", code=query["code"])
    assert token["scope"] == "read activity:read_all"
    assert token["expires_in"] == 21_600
    assert token["athlete"]["id"] == ADA
    me = await sim.http.get("/athlete", headers=bearer(token))
    assert me.json()["id"] == ADA


async def test_every_control_of_the_page_has_a_label_and_text_from_outside_stays_text() -> None:
    sim = strava(replace(SMALL, athletes=3))
    form = await page_of(sim, scope="activity:read,profile:read_all", state='"><script>')
    assert form.labels == form.controls
    assert form.options == [str(ADA), str(ADA + 1), str(ADA + 2)]
    assert form.buttons == ["approve", "deny"]
    assert form.fields["state"] == '"><script>'


async def test_scopes_that_were_unticked_are_not_granted_and_read_cannot_be_unticked() -> None:
    sim = strava()
    form = await page_of(sim, scope="activity:read,activity:read_all")
    assert "disabled" in form.boxes["read"]
    some = query_of(await click(sim, form, unticked="activity:read_all"))
    assert some["scope"] == "read,activity:read"
    none = query_of(await click(sim, form, unticked="activity:read activity:read_all"))
    assert none["scope"] == "read"
    token = await sim.token(grant_type="authorization_code", code=none["code"])
    assert token["scope"] == "read"
    refused = await sim.http.get("/athlete/activities", headers=bearer(token))
    assert refused.status_code == 401


async def test_a_form_cannot_grant_what_was_not_asked() -> None:
    sim = strava()
    form = await page_of(sim, scope="read")
    form.boxes["x"] = {"name": "allow activity:read_all", "value": "yes"}
    assert query_of(await click(sim, form))["scope"] == "read"


async def test_a_refusal_comes_back_as_access_denied() -> None:
    sim = strava()
    back = await click(sim, await page_of(sim, state="s"), "deny")
    assert query_of(back) == {"x": "1", "state": "s", "error": "access_denied"}
    assert (await sim.json("/_sim/athletes"))[0]["scopes"] == []


async def test_who_allowed_it_before_is_sent_back_at_once_unless_the_prompt_is_forced() -> None:
    sim = strava()
    await page_of(sim, scope="read")
    await sim.connect("read,activity:read")
    again = await sim.http.get("/oauth/mobile/authorize", params=asking(scope="read"))
    assert query_of(again)["scope"] == "read,activity:read"
    await sim.token(grant_type="authorization_code", code=query_of(again)["code"])
    await page_of(sim, scope="read", approval_prompt="force")
    await page_of(sim, scope="read,activity:read_all")
    two = strava(replace(SMALL, athletes=2))
    await two.connect("read")
    await page_of(two, scope="read")


async def test_a_full_application_refuses_newcomers_at_the_page_and_at_the_exchange() -> None:
    sim = strava(replace(turned(athlete_cap=1), athletes=2))
    late = (await sim.http.post("/_sim/authorize", json={"athlete_id": ADA + 1})).json()["code"]
    await sim.connect()
    form = await page_of(sim, scope="read")
    exchange = CLIENT | {"grant_type": "authorization_code", "code": late}
    too_late = (
        await click(sim, form, athlete_id=ADA + 1),
        await sim.http.post("/oauth/token", data=exchange),
    )
    for answer in too_late:
        assert first_error(answer) == (403, "Application", "athletes", "exceeded")
        assert answer.json()["message"] == "Limit of connected athletes exceeded"
    token = await sim.connect()
    await sim.http.post("/oauth/deauthorize", headers=bearer(token))
    await sim.connect(athlete_id=ADA + 1)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_id": "1"}, ("Application", "client_id", "invalid")),
        ({"redirect_uri": "http://evil.example/b"}, ("Application", "redirect_uri", "invalid")),
        ({"redirect_uri": "http://[bad"}, ("Application", "redirect_uri", "invalid")),
        ({"scope": "read,everything"}, ("Authorize", "scope", "invalid")),
        ({"response_type": "token"}, ("Authorize", "response_type", "invalid")),
        ({"approval_prompt": "never"}, ("Authorize", "approval_prompt", "invalid")),
    ],
)
async def test_a_wrong_authorize_request_is_refused(
    changed: dict[str, str], error: tuple[str, str, str]
) -> None:
    sim = strava()
    answer = await sim.http.get("/oauth/authorize", params=asking(**changed))
    assert first_error(answer) == (400, *error)
    clicked = asking(**changed) | {"decision": "approve", "athlete_id": str(ADA)}
    assert first_error(await sim.http.post("/oauth/decide", data=clicked)) == (400, *error)
