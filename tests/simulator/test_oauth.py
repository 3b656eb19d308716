"""Codes, tokens and their ends."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.simulator.harness import ADA, CLIENT, first_error, strava, turned

pytestmark = pytest.mark.anyio
HOUR_S = 3600.0


async def test_a_click_on_the_page_ends_in_a_token_that_reads_the_athlete() -> None:
    sim = strava()
    page = await sim.http.get(
        "/oauth/authorize",
        params={
            "client_id": "12345",
            "redirect_uri": "http://localhost:9/back?x=1",
            "response_type": "code",
            "scope": "read,activity:read_all",
            "state": "a&b",
        },
    )
    assert page.status_code == 200
    link = page.text.split('class="yes" href="')[1].split('"')[0].replace("&amp;", "&")
    back = await sim.http.get(link)
    query = parse_qs(urlsplit(back.headers["location"]).query)
    assert back.status_code == 302
    assert query["x"] == ["1"]
    assert query["state"] == ["a&b"]
    assert query["scope"] == ["read,activity:read_all"]
    token = await sim.token(grant_type="authorization_code", code=query["code"][0])
    assert token["scope"] == "read activity:read_all"
    assert token["expires_in"] == 21_600
    assert token["athlete"]["id"] == ADA
    me = await sim.http.get(
        "/athlete", headers={"Authorization": f"Bearer {token['access_token']}"}
    )
    assert me.json()["id"] == ADA


async def test_a_refusal_comes_back_as_access_denied() -> None:
    sim = strava()
    back = await sim.http.get(
        "/oauth/decide",
        params={"client_id": "12345", "redirect_uri": "http://localhost/b", "decision": "deny"},
    )
    assert parse_qs(urlsplit(back.headers["location"]).query)["error"] == ["access_denied"]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_id": "1"}, ("Application", "client_id", "invalid")),
        ({"redirect_uri": "http://evil.example/b"}, ("Application", "redirect_uri", "invalid")),
        ({"redirect_uri": "http://[bad"}, ("Application", "redirect_uri", "invalid")),
        ({"scope": "read,everything"}, ("Authorize", "scope", "invalid")),
    ],
)
async def test_a_wrong_authorize_request_is_refused(
    changed: dict[str, str], error: tuple[str, str, str]
) -> None:
    asked = {"client_id": "12345", "redirect_uri": "http://localhost/b", "scope": "read"}
    answer = await strava().http.get("/oauth/authorize", params=asked | changed)
    assert first_error(answer) == (400, *error)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"client_id": "9"}, ("Application", "client_id", "invalid")),
        ({"client_secret": "wrong"}, ("Application", "client_secret", "invalid")),
        (
            {"grant_type": "authorization_code", "code": "nonsense"},
            ("AuthorizationCode", "code", "invalid"),
        ),
        (
            {"grant_type": "refresh_token", "refresh_token": "nonsense"},
            ("RefreshToken", "refresh_token", "invalid"),
        ),
        ({"grant_type": "password"}, ("Application", "grant_type", "invalid")),
    ],
)
async def test_a_wrong_token_request_names_what_is_wrong(
    fields: dict[str, str], error: tuple[str, str, str]
) -> None:
    answer = await strava().http.post("/api/v3/oauth/token", data=CLIENT | fields)
    assert first_error(answer) == (400, *error)


async def test_a_code_works_once_and_for_ten_minutes() -> None:
    sim = strava()
    codes = [
        (await sim.http.post("/_sim/authorize", json={"athlete_id": ADA})).json()["code"]
        for _ in range(2)
    ]

    async def exchange(code: str) -> httpx.Response:
        form = CLIENT | {"grant_type": "authorization_code", "code": code}
        return await sim.http.post("/oauth/token", data=form)

    assert (await exchange(codes[0])).status_code == 200
    assert first_error(await exchange(codes[0])) == (400, "AuthorizationCode", "code", "invalid")
    sim.clock.advance(601)
    assert first_error(await exchange(codes[1])) == (400, "AuthorizationCode", "", "expired")


async def test_an_early_refresh_gives_the_same_access_token_and_a_late_one_a_new_one() -> None:
    sim = strava(turned(rotation="never"))
    first = await sim.connect()
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    sim.clock.advance(4 * HOUR_S)
    early = await sim.token(**refresh)
    assert early["access_token"] == first["access_token"]
    assert early["expires_in"] == 2 * HOUR_S
    assert "athlete" not in early
    sim.clock.advance(1.5 * HOUR_S)
    late = await sim.token(**refresh)
    assert late["access_token"] != first["access_token"]
    assert late["refresh_token"] == first["refresh_token"]
    assert late["expires_in"] == 6 * HOUR_S


async def test_a_rotated_refresh_token_is_dead_at_once() -> None:
    sim = strava(turned(rotation="always"))
    old = (await sim.connect())["refresh_token"]
    new = (await sim.token(grant_type="refresh_token", refresh_token=old))["refresh_token"]
    assert new != old
    again = await sim.http.post(
        "/oauth/token", data=CLIENT | {"grant_type": "refresh_token", "refresh_token": old}
    )
    assert first_error(again) == (400, "RefreshToken", "refresh_token", "invalid")
    await sim.token(grant_type="refresh_token", refresh_token=new)


async def test_revoking_kills_the_pair_and_tells_the_subscriber() -> None:
    sim = strava()
    await sim.subscribe()
    token = await sim.connect()
    basic = httpx.BasicAuth(CLIENT["client_id"], CLIENT["client_secret"])
    for expected_events in (1, 1):
        gone = await sim.http.post(
            "/oauth/revoke", data={"token": token["refresh_token"]}, auth=basic
        )
        assert gone.status_code == 200
        assert (await sim.settled())["delivered"] == expected_events
    event = sim.callback.posts[0]
    assert (event["object_type"], event["object_id"], event["owner_id"]) == ("athlete", ADA, ADA)
    assert (event["aspect_type"], event["updates"]) == ("update", {"authorized": "false"})
    refused = await sim.http.get(
        "/athlete", headers={"Authorization": f"Bearer {token['access_token']}"}
    )
    assert first_error(refused) == (401, "Athlete", "access_token", "invalid")


async def test_revoking_needs_the_applications_password() -> None:
    answer = await strava().http.post("/oauth/revoke", data={"token": "x"}, auth=("12345", "no"))
    assert answer.status_code == 401


async def test_deauthorizing_answers_with_the_token_and_tells_the_subscriber() -> None:
    sim = strava()
    await sim.subscribe()
    token = (await sim.connect())["access_token"]
    answer = await sim.http.post("/oauth/deauthorize", data={"access_token": token})
    assert answer.json() == {"access_token": token}
    assert (await sim.settled())["delivered"] == 1
    again = await sim.http.post("/oauth/deauthorize", data={"access_token": token})
    assert again.status_code == 401
