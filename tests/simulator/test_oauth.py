"""Codes, tokens and their ends."""

from typing import Any

import httpx
import pytest

from simulator.grants import Grants
from simulator.knobs import Dials, Knobs
from tests.simulator.harness import ADA, CLIENT, NOW_S, first_error, strava, turned

pytestmark = pytest.mark.anyio
HOUR_S = 3600.0
BASIC = httpx.BasicAuth(CLIENT["client_id"], CLIENT["client_secret"])
EXCHANGE = CLIENT | {"grant_type": "authorization_code"}
REFRESH = CLIENT | {"grant_type": "refresh_token"}


def bearer(token: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {token['access_token']}"}


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
        return await sim.http.post("/oauth/token", data=EXCHANGE | {"code": code})

    assert (await exchange(codes[0])).status_code == 200
    assert first_error(await exchange(codes[0])) == (400, "AuthorizationCode", "code", "invalid")
    sim.clock.advance(601)
    assert first_error(await exchange(codes[1])) == (400, "AuthorizationCode", "", "expired")
    assert first_error(await exchange(codes[1])) == (400, "AuthorizationCode", "code", "invalid")


async def test_a_fresh_code_is_refused_for_a_moment_and_then_taken() -> None:
    sim = strava(turned(code_lag_s=2))
    code = (await sim.http.post("/_sim/authorize", json={"athlete_id": ADA})).json()["code"]
    early = await sim.http.post("/oauth/token", data=EXCHANGE | {"code": code})
    assert first_error(early) == (400, "AuthorizationCode", "code", "invalid")
    sim.clock.advance(2)
    await sim.token(grant_type="authorization_code", code=code)


async def test_codes_that_nobody_fetches_do_not_pile_up() -> None:
    grants = Grants(7, Dials(Knobs()))
    codes = [grants.authorize(ADA, ("read",), NOW_S + n) for n in range(5_000)]
    assert len(grants._codes) <= 1_201
    assert grants.exchange(codes[-1], NOW_S + 5_000).athlete_id == ADA


async def test_tokens_of_the_past_are_forgotten() -> None:
    grants = Grants(7, Dials(Knobs(rotation="always")))
    grant = grants.exchange(grants.authorize(ADA, ("read",), NOW_S), NOW_S)
    for n in range(50):
        grants.refresh(grant.refresh_token, NOW_S + 6 * HOUR_S * n)
    assert len(grants._sessions) <= 2
    assert len(grants._by_refresh_token) == 1


async def test_connecting_again_ends_the_older_pair() -> None:
    sim = strava()
    await sim.subscribe()
    old = await sim.connect("read,activity:read_all")
    new = await sim.connect("read")
    assert (await sim.http.get("/athlete", headers=bearer(old))).status_code == 401
    form = REFRESH | {"refresh_token": old["refresh_token"]}
    assert (await sim.http.post("/oauth/token", data=form)).status_code == 400
    await sim.http.post("/oauth/revoke", data={"token": old["refresh_token"]}, auth=BASIC)
    assert (await sim.http.get("/athlete", headers=bearer(new))).status_code == 200
    assert (await sim.events())["queued"] == 0


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
    for token in (first, late):
        assert (await sim.http.get("/athlete", headers=bearer(token))).status_code == 200


async def test_at_one_hour_before_the_end_a_refresh_mints() -> None:
    for left_s, is_same in ((HOUR_S + 1, True), (HOUR_S, False)):
        sim = strava()
        first = await sim.connect()
        sim.clock.advance(6 * HOUR_S - left_s)
        later = await sim.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
        assert (later["access_token"] == first["access_token"]) is is_same


async def test_sometimes_rotates_about_every_other_mint_and_never_between() -> None:
    sim = strava(turned(rotation="sometimes"))
    token = await sim.connect()
    turns = 0
    for _ in range(40):
        early = await sim.token(grant_type="refresh_token", refresh_token=token["refresh_token"])
        assert early["refresh_token"] == token["refresh_token"]
        sim.clock.advance(5.5 * HOUR_S)
        fields = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
        late = await sim.token(**fields)
        turns += late["refresh_token"] != token["refresh_token"]
        token = late
    assert 10 < turns < 30


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
    for expected_events in (1, 1):
        gone = await sim.http.post(
            "/oauth/revoke", data={"token": token["refresh_token"]}, auth=BASIC
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


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_either_token_revokes_the_pair_and_an_unknown_one_is_no_error(kind: str) -> None:
    sim = strava()
    token = await sim.connect()
    unknown = await sim.http.post("/oauth/revoke", data={"token": "unknown"}, auth=BASIC)
    assert unknown.status_code == 200
    assert (await sim.http.get("/athlete", headers=bearer(token))).status_code == 200
    form = {"token": token[kind], "token_type_hint": kind}
    gone = await sim.http.post("/api/v3/oauth/revoke", data=form, auth=BASIC)
    assert (gone.status_code, gone.content) == (200, b"")
    assert (await sim.http.get("/athlete", headers=bearer(token))).status_code == 401
    form = REFRESH | {"refresh_token": token["refresh_token"]}
    dead = await sim.http.post("/oauth/token", data=form)
    assert first_error(dead) == (400, "RefreshToken", "refresh_token", "invalid")


async def test_an_access_token_that_has_expired_revokes_nothing() -> None:
    sim = strava()
    token = await sim.connect()
    sim.clock.advance(6 * HOUR_S)
    form = {"token": token["access_token"]}
    assert (await sim.http.post("/oauth/revoke", data=form, auth=BASIC)).status_code == 200
    await sim.token(grant_type="refresh_token", refresh_token=token["refresh_token"])


async def test_after_the_switch_a_token_counts_only_in_the_header() -> None:
    sim = strava()
    token = await sim.connect()
    params = {"access_token": token["access_token"]}
    assert (await sim.http.get("/api/v3/athlete", params=params)).status_code == 200
    await sim.http.patch("/_sim/knobs", json={"tokens_in_query": False})
    refused = await sim.http.get("/api/v3/athlete", params=params)
    assert first_error(refused) == (401, "Athlete", "access_token", "invalid")
    assert (await sim.http.get("/athlete", headers=bearer(token))).status_code == 200
    assert (await sim.http.post("/oauth/deauthorize", data=params)).status_code == 401
    gone = await sim.http.post("/oauth/deauthorize", headers=bearer(token))
    assert gone.json() == {"access_token": token["access_token"]}
