"""The dashboard over the marts that the local service really publishes, in a real browser."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from paceline.cli.rehearsal import Rehearsal

CHROMIUM = shutil.which("chromium")
QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
PATIENCE_MS = 30_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt install chromium"),
]


@pytest.fixture(scope="module")
def page(world: Rehearsal) -> Iterator[Page]:
    world.start_dashboard()
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET)) as browser,
        browser.new_page() as opened,
    ):
        opened.set_default_timeout(PATIENCE_MS)
        opened.goto(world.url("dashboard"))
        yield opened
    world.processes.stop("dashboard")


def test_the_page_counts_what_strava_holds(world: Rehearsal, page: Page) -> None:
    count = len(world.admin("GET", "truth"))

    expect(page.get_by_text(f"{count} activities").first).to_be_visible(timeout=PATIENCE_MS)


def test_an_event_arrives_on_the_open_page_within_seconds(world: Rehearsal, page: Page) -> None:
    (athlete,) = world.admin("GET", "athletes")
    order = {"athlete_id": athlete["id"], "duration_s": 300, "name": "Fresh from the watch"}
    world.admin("POST", "activities", order)

    expect(page.get_by_text("Fresh from the watch")).to_be_visible(timeout=PATIENCE_MS)
