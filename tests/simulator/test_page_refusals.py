"""The page at `/_sim`: what makes no sense, what is no markup, and who may not press a button."""

import re

import pytest

from tests.simulator.harness import ADA
from tests.simulator.page_reader import PageReader, lively, press, read, young

pytestmark = pytest.mark.anyio

HURTS = "<script>hurt()</script>\"'<b>"


@pytest.mark.parametrize(
    ("button", "sent", "says"),
    [
        ("Create", {"duration_s": "0.5"}, "duration_s: not between 60 and 43200"),
        ("Create", {"duration_s": "soon"}, "duration_s: not a number"),
        ("Create", {"duration_s": "nan"}, "duration_s: not a number"),
        ("Create", {"start": "2031-01-01T10:00"}, "start: would end in the future"),
        ("Create", {"name": "x" * 256}, "name: longer than 255 characters"),
        ("Create", {"sport_type": HURTS}, "sport_type: not one of"),
        ("Apply", {"loss_share": "1.5"}, "loss_share: not between 0 and 1"),
        ("Forge an event", {}, "Events: there is no subscription to post to"),
        ("Set the pace", {"kinds": ""}, "kinds: not some of"),
    ],
)
async def test_what_makes_no_sense_is_explained_on_the_page(
    button: str, sent: dict[str, str], says: str
) -> None:
    sim = young()
    before = await sim.json("/_sim/truth"), await sim.json("/_sim/state")
    answer = await press(sim, button, **sent)
    page = PageReader(answer.text)
    assert answer.status_code == 400
    assert says in page.text
    assert 'role="alert">That did not work' in answer.text
    assert page.form("Create")
    assert (await sim.json("/_sim/truth"), await sim.json("/_sim/state")) == before


async def test_nothing_that_anybody_typed_is_markup() -> None:
    sim = await lively()
    tags = (await read(sim)).tags
    await sim.http.patch(f"/_sim/athletes/{ADA}", json={"firstname": HURTS})
    await sim.http.patch("/_sim/knobs", json={"signing_secret": HURTS})
    await sim.http.post("/_sim/faults", json={"path": HURTS})
    number = (await sim.truth())[0]["id"]
    await sim.http.patch(f"/_sim/activities/{number}", json={"name": HURTS, "sport_type": HURTS})
    await sim.settled()
    for path in ("/_sim?said=" + HURTS, "/_sim?code=" + HURTS, "/_sim?athlete=" + HURTS):
        page = await read(sim, path)
        assert HURTS in page.text
        assert page.tags.count("script") == 1
        assert set(page.tags) <= {*tags, "p", "ul", "li", "em"}
        assert HURTS in page.form("Apply").filled()["signing_secret:any"]


async def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    text = (await (await lively()).http.get("/_sim")).text
    assert not re.search(r'(src|href|action|srcset)="(https?:)?//', text)
    assert "@import" not in text
    assert "url(" not in text


async def test_forms_reach_the_admin_api_and_nothing_else() -> None:
    sim = young()
    for path in ("POST/../oauth/token", "GET/state", "POST/do/POST/clock", "POST/nowhere"):
        answer = await sim.http.post(f"/_sim/do/{path.replace('..', '%2e%2e')}")
        assert answer.status_code == 404
    foreign = {"origin": "https://elsewhere.example"}
    assert (await sim.http.post("/_sim/do/POST/clock", headers=foreign)).status_code == 403
