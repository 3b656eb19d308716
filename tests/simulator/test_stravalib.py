"""stravalib, which knows nothing of us, against a real simulator process."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from stravalib import exc

from tests.simulator.harness import ADA, CLIENT
from tests.simulator.process import (
    ENDLESS,
    Callback,
    connect,
    running,
    signed_in,
    stravalib_client,
    truth_of,
)

FREE = ADA + 1  # has no paid subscription
WORLD = ("--athletes", "2", "--years", "2", "--max-points", "200", "--now", "2026-11-21T12:00:00Z")
EVERYTHING = ["read", "activity:read", "activity:read_all", "profile:read_all"]
APPLICATION = {"client_id": 12345, "client_secret": "simulated-secret"}
ALL_STREAMS = {
    "time", "distance", "latlng", "altitude", "velocity_smooth", "heartrate", "cadence",
    "watts", "temp", "moving", "grade_smooth",
}  # fmt: skip


@pytest.fixture(scope="module")
def sim() -> Iterator[httpx.Client]:
    with running(*WORLD, *ENDLESS) as http:
        yield http


@pytest.fixture
def strava(sim: httpx.Client) -> Iterator[Any]:
    """Signed in as the first athlete."""
    with signed_in(sim) as client:
        yield client


@contextmanager
def turned(sim: httpx.Client, **knobs: Any) -> Iterator[None]:
    usual = sim.get("/_sim/knobs").json()
    sim.patch("/_sim/knobs", json=knobs).raise_for_status()
    try:
        yield
    finally:
        sim.patch("/_sim/knobs", json={name: usual[name] for name in knobs})


def status_of(error: exc.Fault) -> int:
    status: int = error.response.status_code
    return status


# Who may read.


def test_a_click_on_the_authorization_url_leads_to_tokens_that_work(sim: httpx.Client) -> None:
    with stravalib_client(sim) as client:
        url = client.authorization_url(
            client_id=12345, redirect_uri="http://localhost:9/back", scope=EVERYTHING, state="mine"
        )
        page = client.protocol.rsession.get(url).text
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page))
        clicked = fields | {"athlete_id": str(ADA), "decision": "approve"}
        answer = sim.post("/oauth/decide", data=clicked)
        back = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        assert back["state"] == "mine"
        assert set(back["scope"].split(",")) == set(EVERYTHING)
        tokens, athlete = client.exchange_code_for_token(
            **APPLICATION, code=back["code"], return_athlete=True
        )
        assert athlete.id == ADA
        client.access_token = tokens["access_token"]
        assert client.get_athlete().id == ADA
        with pytest.raises(exc.Fault) as used:
            client.exchange_code_for_token(**APPLICATION, code=back["code"])
        assert status_of(used.value) == 400


def test_a_refresh_hands_out_new_tokens_and_the_old_one_is_dead(sim: httpx.Client) -> None:
    token = connect(sim)
    with stravalib_client(sim) as client, turned(sim, rotation="always"):
        renewed = client.refresh_access_token(**APPLICATION, refresh_token=token["refresh_token"])
        assert renewed["refresh_token"] != token["refresh_token"]
        assert renewed["expires_at"] == token["expires_at"]  # far from its end: the same token
        with pytest.raises(exc.Fault) as dead:
            client.refresh_access_token(**APPLICATION, refresh_token=token["refresh_token"])
        assert status_of(dead.value) == 400


def test_stravalib_takes_over_a_rotated_token_before_a_call(
    sim: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRAVA_CLIENT_ID", "12345")
    monkeypatch.setenv("STRAVA_CLIENT_SECRET", CLIENT["client_secret"])
    token = connect(sim)
    expired = {"access_token": "forgotten", "token_expires": 1}
    with (
        turned(sim, rotation="always"),
        stravalib_client(sim, refresh_token=token["refresh_token"], **expired) as client,
    ):
        assert client.get_athlete().id == ADA
        assert client.access_token == token["access_token"]
        assert client.refresh_token != token["refresh_token"]


def test_after_deauthorize_nothing_can_be_read(sim: httpx.Client) -> None:
    with signed_in(sim) as client:
        client.deauthorize()
        with pytest.raises(exc.AccessUnauthorized):
            client.get_athlete()


# The athlete.


def test_the_athlete_with_zones_totals_and_gear(sim: httpx.Client, strava: Any) -> None:
    athlete = strava.get_athlete()
    assert (athlete.id, athlete.city) == (ADA, "Berlin")
    assert athlete.ftp > 0
    zones = strava.get_athlete_zones()
    assert len(zones.heart_rate.zones.root) == 5
    assert zones.power.zones.root[-1].max == -1
    totals = strava.get_athlete_stats(ADA)
    assert totals.all_ride_totals.count > totals.recent_ride_totals.count > 0
    for owned in (*athlete.bikes, *athlete.shoes):
        worn = sum(r["distance"] for r in truth_of(sim) if r["gear_id"] == owned.id)
        assert strava.get_gear(owned.id).distance == pytest.approx(worn, abs=1)


# Lists.


def test_the_list_is_complete_and_newest_first(sim: httpx.Client, strava: Any) -> None:
    truth = truth_of(sim)
    assert [row.id for row in strava.get_activities()] == [row["id"] for row in truth]
    assert [row.id for row in strava.get_activities(limit=7)] == [row["id"] for row in truth[:7]]


def test_the_list_between_two_dates_is_oldest_first(sim: httpx.Client, strava: Any) -> None:
    begin, end = datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC)
    between = [
        row["id"]
        for row in reversed(truth_of(sim))
        if begin < datetime.fromisoformat(row["start_date"]) < end
    ]
    assert len(between) > 30
    listed = strava.get_activities(after=begin - timedelta(hours=1), before=end)
    assert [row.id for row in listed] == between


def test_stravalib_stops_at_a_page_that_the_scope_made_short(sim: httpx.Client) -> None:
    """Private rows are missing from their page, and it takes a short page for the last one."""
    public = [row["id"] for row in truth_of(sim) if not row["private"]]
    with signed_in(sim, scope="read,activity:read") as client:
        listed = [row.id for row in client.get_activities()]
    assert 0 < len(listed) < 200
    assert listed == public[: len(listed)]


# One activity.


def newest(sim: httpx.Client, sport: str, athlete_id: int = ADA) -> dict[str, Any]:
    return next(row for row in truth_of(sim, athlete_id) if row["sport_type"] == sport)


@pytest.mark.parametrize("all_efforts", [True, False])
def test_a_ride_in_detail(sim: httpx.Client, strava: Any, *, all_efforts: bool) -> None:
    row = newest(sim, "Ride")
    ride = strava.get_activity(row["id"], include_all_efforts=all_efforts)
    assert (float(ride.distance), ride.moving_time) == (row["distance"], row["moving_time"])
    assert ride.device_watts is True
    assert ride.gear.id == row["gear_id"]
    assert ride.map.polyline
    assert ride.start_latlng.lat == pytest.approx(52.5, abs=1)


def test_a_run_has_splits_laps_and_best_efforts(sim: httpx.Client, strava: Any) -> None:
    row = newest(sim, "Run")
    run = strava.get_activity(row["id"])
    assert len(run.splits_metric) >= row["distance"] // 1000
    assert run.best_efforts[0].name == "400m"
    laps = list(strava.get_activity_laps(row["id"]))
    assert [lap.id for lap in laps] == [lap.id for lap in run.laps]
    assert sum(lap.elapsed_time for lap in laps) == row["elapsed_time"]


def test_all_streams_and_some_streams(sim: httpx.Client, strava: Any) -> None:
    row = newest(sim, "Ride")
    streams = strava.get_activity_streams(row["id"])
    assert set(streams) == ALL_STREAMS
    assert {len(stream.data) for stream in streams.values()} == {row["stream_points"]}
    assert {stream.original_size for stream in streams.values()} == {row["stream_points"]}
    assert streams["time"].data[-1] == row["elapsed_time"]
    some = strava.get_activity_streams(row["id"], types=["heartrate", "moving"])
    assert set(some) == {"heartrate", "moving", "distance"}
    assert some["heartrate"].data == streams["heartrate"].data


def test_zones_are_for_subscribers(sim: httpx.Client, strava: Any) -> None:
    row = newest(sim, "Ride")
    zones = strava.get_activity_zones(row["id"])
    assert {zone.type for zone in zones} == {"heartrate", "power"}
    spent_s = sum(bucket.time for bucket in zones[0].distribution_buckets)
    assert spent_s == pytest.approx(row["moving_time"], abs=5)
    with signed_in(sim, FREE) as client, pytest.raises(exc.Fault) as refused:
        client.get_activity_zones(newest(sim, "Ride", FREE)["id"])
    assert status_of(refused.value) == 402


# Events.


@pytest.fixture
def callback(strava: Any) -> Iterator[Callback]:
    with Callback(strava) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_subscription_from_the_handshake_to_its_end(
    sim: httpx.Client, strava: Any, callback: Callback
) -> None:
    made = strava.create_subscription(**APPLICATION, callback_url=callback.url, verify_token="ours")
    (listed,) = strava.list_subscriptions(**APPLICATION)
    assert (listed.id, listed.callback_url) == (made.id, callback.url)
    with pytest.raises(exc.Fault) as second:
        strava.create_subscription(**APPLICATION, callback_url=callback.url, verify_token="ours")
    assert status_of(second.value) == 400

    row = newest(sim, "Run")
    renamed = sim.patch(f"/_sim/activities/{row['id']}", json={"name": "Renamed"})
    renamed.raise_for_status()
    event = strava.handle_subscription_update(callback.posts.get(timeout=5))
    assert (event.object_type, event.aspect_type) == ("activity", "update")
    assert (event.object_id, event.owner_id) == (row["id"], ADA)
    assert event.subscription_id == made.id
    assert event.updates == {"title": "Renamed"}
    assert event.event_time.year == 2026

    strava.deauthorize()
    goodbye = strava.handle_subscription_update(callback.posts.get(timeout=5))
    assert (goodbye.object_type, goodbye.object_id) == ("athlete", ADA)
    assert goodbye.updates == {"authorized": "false"}

    strava.delete_subscription(made.id, **APPLICATION)
    assert list(strava.list_subscriptions(**APPLICATION)) == []


# Refusals.


def test_a_false_token_and_an_unknown_activity(sim: httpx.Client, strava: Any) -> None:
    with pytest.raises(exc.ObjectNotFound):
        strava.get_activity(1)
    with (
        stravalib_client(sim, access_token="false") as client,
        pytest.raises(exc.AccessUnauthorized),
    ):
        client.get_athlete()


def test_an_inactive_application_is_told_so(sim: httpx.Client, strava: Any) -> None:
    with turned(sim, inactive=True), pytest.raises(exc.ApplicationInactive):
        strava.get_athlete()
    assert strava.get_athlete().id == ADA


def test_a_used_up_quota_is_a_429(sim: httpx.Client, strava: Any) -> None:
    usual = sim.get("/_sim/quota").json()["read"]["limits"]
    sim.post("/_sim/quota", json={"read_limits": [0, 0]}).raise_for_status()
    try:
        with pytest.raises(exc.Fault) as refused:
            strava.get_athlete()
        assert status_of(refused.value) == 429
        assert refused.value.response.headers["x-readratelimit-limit"] == "0,0"
    finally:
        sim.post("/_sim/quota", json={"read_limits": usual}).raise_for_status()
    assert strava.get_athlete().id == ADA
