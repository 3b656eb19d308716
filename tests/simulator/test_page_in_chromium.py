"""The page at `/_sim` as a developer has it: the program itself and a real browser."""

import re
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.simulator.harness import ADA
from tests.simulator.process import started

CHROMIUM = shutil.which("chromium")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
REFRESH_MS = 1_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on the path"),
]


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with started("--years", "0.12") as (_, address):
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET)) as chromium,
    ):
        yield chromium


@pytest.fixture
def page(browser: Browser, base_url: str) -> Iterator[Page]:
    """Is refused everything outside this machine; fails if it asked, or if a script did."""
    asked: list[str] = []
    wrong: list[str] = []

    def only_here(route: Route) -> None:
        asked.append(route.request.url)
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            route.abort()

    with browser.new_context() as context:
        context.route("**/*", only_here)
        opened = context.new_page()
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.clock.install()  # so that no test waits for the page to refresh itself
        opened.goto(f"{base_url}/_sim")
        yield opened
    assert {urlsplit(url).hostname for url in asked} == {"127.0.0.1"}
    assert wrong == []


def test_a_click_makes_an_activity_and_another_turns_a_knob(page: Page, base_url: str) -> None:
    name = "<script>window.hurt = 1</script>"
    create = page.get_by_role("region", name="New activity")
    create.get_by_label("Title").fill(name)
    create.get_by_label("Sport").select_option("GravelRide")
    create.get_by_role("button", name="Create").click()
    expect(page.locator(".note")).to_have_text("The activity is there.")
    expect(page.get_by_role("region", name="Activities").get_by_text(name)).to_be_visible()
    assert page.evaluate("window.hurt") is None
    newest = httpx.get(f"{base_url}/_sim/truth", params={"athlete_id": ADA}).json()[0]
    assert (newest["name"], newest["sport_type"]) == (name, "GravelRide")

    httpx.patch(f"{base_url}/_sim/knobs", json={"error_share": 0.005})
    page.reload()
    slider = page.get_by_label("loss_share")
    slider.fill("0.25")
    expect(page.locator("label", has=slider).locator("output")).to_have_text("0.25")
    page.get_by_label("rotation").select_option("always")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".note")).to_have_text("The knobs are turned.")
    knobs = httpx.get(f"{base_url}/_sim/knobs").json()
    assert (knobs["loss_share"], knobs["rotation"]) == (0.25, "always")
    assert knobs["error_share"] == 0.005, "finer than the slider, and not touched"


def test_figures_stay_fresh_while_an_open_row_is_left_alone(page: Page, base_url: str) -> None:
    rows = page.locator(".activities > li")
    rows.first.locator("summary").click()
    rows.first.get_by_label("Title").fill("half typed")
    httpx.post(f"{base_url}/_sim/clock", json={"seconds": 86_400})
    httpx.post(f"{base_url}/_sim/activities", json={"athlete_id": ADA, "name": "Just now"})
    day = page.locator("#now b")
    told = day.inner_text()
    page.clock.fast_forward(REFRESH_MS)
    expect(day).not_to_have_text(told)
    expect(page.locator("#now")).to_contain_text(day_of(base_url))
    expect(rows.first.get_by_label("Title")).to_have_value("half typed")
    rows.first.locator("summary").click()
    page.evaluate("document.activeElement.blur()")
    page.clock.fast_forward(REFRESH_MS)
    expect(rows.first).to_contain_text("Just now")


def day_of(base_url: str) -> re.Pattern[str]:
    now = httpx.get(f"{base_url}/_sim/state").json()["now"]
    return re.compile(rf"\b{now[8:10]} \w+ {now[:4]}")


def test_nothing_hangs_over_the_edge_of_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 780})
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    wide = page.evaluate(
        "[...document.querySelectorAll('body *:not(.wide *)')]"
        ".filter(one => one.getBoundingClientRect().right > innerWidth).map(one => one.outerHTML)"
    )
    assert wide == []
