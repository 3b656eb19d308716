"""The page at `/_sim` without scripts: every form does what its button says."""

import re
from dataclasses import asdict, fields
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.routing import Route

from simulator.knobs import Knobs
from tests.simulator.harness import ADA, NOW_S, SMALL, Strava
from tests.simulator.page_reader import lively, press, read, well, young

pytestmark = pytest.mark.anyio

# A form cannot stand for it: its answer is a code, which the page for consent gives to a person.
BY_LINK = {"POST /_sim/authorize"}


async def newest(sim: Strava) -> dict[str, Any]:
    return (await sim.truth())[0]


async def test_every_change_that_the_admin_api_knows_has_a_form() -> None:
    sim = await lively()
    calls = {form.call for form in (await read(sim)).forms if form.method == "post"}
    for route in sim.app.routes:
        assert isinstance(route, Route)
        if not route.path.startswith("/_sim") or route.path.startswith("/_sim/do"):
            continue
        for method in (route.methods or set()) - {"GET", "HEAD"}:
            wanted = f"{method} {route.path}"
            pattern = re.sub(r"\{\w+\}", "[0-9]+", wanted)
            assert wanted in BY_LINK or any(re.fullmatch(pattern, call) for call in calls), wanted
    assert "/oauth/authorize?" in (await young().http.get("/_sim")).text


async def test_every_form_works_as_it_stands() -> None:
    sim = await lively()
    page = await read(sim)
    forms = [form for form in page.forms if form.method == "post"]
    # What takes away the subject of another form comes after it.
    forms.sort(key=lambda form: (form.call.startswith("DELETE"), form.call.endswith("/disconnect")))
    for form in forms:
        answer = await sim.http.post(form.action, data=form.filled())
        assert answer.status_code == 303, (form, answer.text)
        back = urlsplit(answer.headers["location"])
        assert (back.path, parse_qs(back.query)["athlete"]) == ("/_sim", [str(ADA)])


async def test_every_knob_is_on_the_page_with_its_text_and_applying_it_changes_nothing() -> None:
    odd = Knobs(rotation="never", loss_share=0.123, signing_secret="s", inactive=True, hang_s=2.5)
    sim = young(**asdict(odd))
    page = await read(sim)
    form = page.form("Apply")
    assert {name.partition(":")[0] for name in form.filled()} == {k.name for k in fields(Knobs)}
    for knob in fields(Knobs):
        assert knob.metadata["text"] in page.text
    well(await press(sim, "Apply"))
    assert await sim.json("/_sim/knobs") == asdict(odd)


async def test_knobs_are_turned_and_calmed() -> None:
    sim = young()
    turns = {
        "rotation": ("always", "always"),
        "loss_share": ("0.25", 0.25),
        "athlete_cap": ("3", 3),
        "empty_not_found": ("on", True),
        "tokens_in_query": ("off", False),
        "signing_secret": ("hush", "hush"),
    }
    well(await press(sim, "Apply", **{name: text for name, (text, _) in turns.items()}))
    wanted = asdict(SMALL.knobs) | {name: value for name, (_, value) in turns.items()}
    assert await sim.json("/_sim/knobs") == wanted
    well(await press(sim, "Calm: every knob back to its default"))
    assert await sim.json("/_sim/knobs") == asdict(Knobs())


async def test_time_passes_by_the_step_on_the_button() -> None:
    sim = young()
    page = well(await press(sim, "+ 1 day"))
    assert (await sim.json("/_sim/state"))["now_s"] == NOW_S + 86_400
    assert "22 Nov 2026 12:00:00 UTC" in page.text


async def test_an_activity_is_made_in_the_past_hidden_and_named() -> None:
    sim = young()
    made = {"sport_type": "Run", "duration_s": "12.5", "name": "Found", "private": "on"}
    well(await press(sim, "Create", **made, start="2026-11-20T10:00"))
    row = next(row for row in await sim.truth() if row["name"] == "Found")
    assert (row["sport_type"], row["elapsed_time"], row["private"]) == ("Run", 750, True)
    assert row["start_date"] == "2026-11-20T10:00:00Z"


@pytest.mark.parametrize(
    ("button", "sent", "field", "value"),
    [
        ("Rename", {"name": "Mine"}, "name", "Mine"),
        ("Change sport", {"sport_type": "Hike"}, "sport_type", "Hike"),
        ("Change gear", {"gear_id": "g7011"}, "gear_id", "g7011"),
        ("Change gear", {"gear_id": ""}, "gear_id", None),
        ("Hide", {}, "private", True),
    ],
)
async def test_an_activity_is_changed(
    button: str, sent: dict[str, str], field: str, value: object
) -> None:
    sim = young()
    asked = {"athlete_id": ADA, "sport_type": "Run", "private": False}
    before = (await sim.http.post("/_sim/activities", json=asked)).json()
    well(await press(sim, button, f"/{before['id']}", **sent))
    after = await newest(sim)
    assert after["id"] == before["id"]
    assert after[field] == value != before[field]
    assert {name for name in after if after[name] != before[name]} == {field}


async def test_an_activity_is_cropped_and_its_distance_corrected() -> None:
    sim = young()
    asked = {"athlete_id": ADA, "sport_type": "Run", "duration_s": 1800}
    before = (await sim.http.post("/_sim/activities", json=asked)).json()
    well(await press(sim, "Correct", f"/{before['id']}", distance_scale="1.5"))
    corrected = await newest(sim)
    assert corrected["distance"] == pytest.approx(1.5 * before["distance"], abs=1)
    well(await press(sim, "Crop", f"/{before['id']}", crop_s="2"))
    cropped = await newest(sim)
    assert 1670 < cropped["elapsed_time"] <= 1680
    assert cropped["distance"] < corrected["distance"]


async def test_a_hidden_activity_is_shown_again_a_deleted_one_restored() -> None:
    sim = young()
    before = await newest(sim)
    for button, private in (("Hide", True), ("Show to everyone", False)):
        well(await press(sim, button, f"/{before['id']}"))
        assert (await newest(sim))["private"] is private
    page = well(await press(sim, "Delete", f"/{before['id']}"))
    assert before["id"] not in {row["id"] for row in await sim.truth()}
    assert page.form("Restore").call == f"POST /_sim/activities/{before['id']}/restore"
    well(await press(sim, "Restore"))
    assert await newest(sim) == before


async def test_an_athlete_is_disconnected_and_renamed() -> None:
    sim = await lively()
    assert "connected read activity:read" in (await read(sim)).text
    well(await press(sim, "Save settings", firstname="Eve", ftp_w="300"))
    assert (await sim.json("/athlete"))["firstname"] == "Eve"
    well(await press(sim, "Disconnect"))
    assert (await sim.http.get("/athlete")).status_code == 401
    assert (await sim.json("/_sim/state"))["athletes"]["connected"] == 0
    await sim.settled()
    assert sim.callback.posts[-1]["updates"] == {"authorized": "false"}


async def test_limits_faults_and_counts_are_set() -> None:
    sim = await lively()
    form = (await read(sim)).form("Set limits")
    sent = {"read_limits:numbers": ["1", "50"], "overall_limits:numbers": ["9", "90"]}
    assert set(form.filled()) == set(sent)
    well(await sim.http.post(form.action, data=sent, follow_redirects=True))
    quota = (await sim.json("/_sim/state"))["quota"]
    assert (quota["read"]["limits"], quota["overall"]["limits"]) == ([1, 50], [9, 90])
    well(await press(sim, "Plan it", path="/oauth", status="502", times="2"))
    assert (await sim.http.post("/oauth/token")).status_code == 502
    well(await press(sim, "Forget the plans"))
    assert (await sim.http.post("/oauth/token")).status_code == 400
    assert "/oauth/token" in (await read(sim)).text
    assert "None yet." in well(await press(sim, "Count from zero")).text


async def test_the_live_feed_is_set_to_some_kinds_and_back() -> None:
    sim = young()
    form = (await read(sim)).form("Set the pace")
    sent = form.filled(every_s="30", silent_edits="on") | {"kinds:list": ["", "hide", "crop"]}
    well(await sim.http.post(form.action, data=sent, follow_redirects=True))
    live = (await sim.json("/_sim/state"))["live"]
    assert live == {"every_s": 30, "kinds": ["hide", "crop"], "silent_edits": True}
    well(await press(sim, "Set the pace", every_s="0"))
    assert (await sim.json("/_sim/state"))["live"] == live | {"every_s": 0}


async def test_events_are_shown_with_what_was_answered() -> None:
    sim = await lively(webhook_attempts=2)
    sim.callback.status = 500
    well(await press(sim, "Forge an event", kind="delete"))
    await sim.settled()
    shown = re.sub(r"\s+", " ", (await read(sim)).text)
    assert "forgedactivity delete" in shown
    assert "lost12:00:00 500" in shown
    assert "delivered12:00:00 200" in shown


async def test_activities_are_shown_page_by_page() -> None:
    sim = young()
    rows = await sim.truth()
    for page in (1, 2):
        shown = (await read(sim, f"/_sim?page={page}")).text
        assert [str(row["id"]) in shown for row in rows[:20]] == [page == 1] * 10 + [page == 2] * 10
    for odd in ("0", "-3", "x", "1"):
        assert str(rows[0]["id"]) in (await read(sim, f"/_sim?page={odd}")).text
    assert str(rows[-1]["id"]) in (await read(sim, "/_sim?page=99999")).text


async def test_a_change_returns_to_the_page_and_the_athlete_it_was_made_on() -> None:
    sim = young(athletes=30)
    page = await read(sim, f"/_sim?athlete={ADA + 1}&page=2")
    form = page.form("Hide")
    answer = await sim.http.post(form.action, data=form.filled())
    back = urlsplit(answer.headers["location"])
    assert parse_qs(back.query)["athlete"] == [str(ADA + 1)]
    assert parse_qs(back.query)["page"] == ["2"]
    assert back.fragment == "activities"
    assert "18 more live here" in page.text
    assert str(ADA + 20) in (await read(sim, f"/_sim?athlete={ADA + 20}")).text


async def test_a_person_may_say_yes_and_read_the_code() -> None:
    sim = young()
    sim.http.base_url = httpx.URL("http://localhost")
    page = (await sim.http.get("/_sim")).text
    link = re.search(r'href="(/oauth/authorize\?[^"]+)"', page)
    assert link is not None
    consent = await sim.http.get(link[1].replace("&amp;", "&"))
    assert consent.status_code == 200
    came_back = await sim.http.get("/_sim?code=abc&scope=read")
    assert "The code for POST /oauth/token is abc" in came_back.text
