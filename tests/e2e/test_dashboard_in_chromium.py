"""The dashboard as a reader has it: Streamlit's own server, a real browser, a live file."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.unit.dashboard.marts_file import Row, write_marts

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
PATIENCE_MS = 30_000
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on the path"),
]


YEAR = datetime.now(UTC).year
NAMES = ("<script>window.hurt = 1</script>", "**x** $y$ :red[z] & <b>bold</b>")
HISTORY = [
    *(
        Row(7, n, f"Run {n}", "Run", f"{YEAR - n % 2}-01-01 {n:02d}:30", 5_000 + 111 * n, 1_800, 40)
        for n in range(12)
    ),
    *(
        Row(7, 50 + n, name, "Ride", f"{YEAR}-01-01 {14 + n}:00", 20_000, 3_000, 100, 140)
        for n, name in enumerate(NAMES)
    ),
]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "marts.duckdb"


@pytest.fixture(scope="module")
def address(marts: Path) -> Iterator[str]:
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py"]
    with subprocess.Popen(
        [*command, "--server.address", "127.0.0.1", "--server.port", str(port)],
        cwd=ROOT,
        env={**os.environ, "PACELINE_MARTS": str(marts)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        assert server.stdout is not None
        started = next((line for line in server.stdout if "URL:" in line), None)
        assert started is not None, "Streamlit ended before it served a page"
        yield f"http://127.0.0.1:{port}"
        server.terminate()
        assert "Traceback" not in server.stdout.read()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET)) as chromium,
    ):
        yield chromium


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that is refused everything outside this machine, and fails if it asked."""
    asked: list[str] = []

    def only_here(route: Route) -> None:
        asked.append(route.request.url)
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            route.abort()

    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        context.route("**/*", only_here)
        opened = context.new_page()
        opened.on("websocket", lambda socket: asked.append(socket.url))
        opened.set_default_timeout(PATIENCE_MS)
        yield opened
    hosts = {urlsplit(url).hostname for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}


def _sum_of(marts: Path, what: str) -> float:
    """Straight from the file, for this year, past all the code of the dashboard."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("ATTACH $path AS history (READ_ONLY)", {"path": str(marts)})
        found = connection.execute(
            f"SELECT {what} FROM history.activity_summary WHERE year = $year", {"year": YEAR}
        ).fetchone()
    assert found is not None
    return float(found[0])


def _figures(page: Page) -> dict[str, str]:
    """What stands in the four figures, without what they are compared with."""
    numbers = page.locator(".pl-figure")
    expect(numbers).to_have_count(4, timeout=PATIENCE_MS)
    return {
        one.get_attribute("aria-label") or "": one.locator(".pl-number").inner_text()
        for one in numbers.all()
    }


def test_the_figures_are_the_files(marts: Path, address: str, page: Page) -> None:
    write_marts(marts, HISTORY)
    page.goto(address)
    minutes = round(_sum_of(marts, "sum(moving_time_s)") / 60)
    assert _figures(page) == {
        "Distance": f"{_sum_of(marts, 'sum(distance_m)') / 1000:.1f}km",
        "Moving time": f"{minutes // 60}:{minutes % 60:02d}h",
        "Elevation": f"{_sum_of(marts, 'sum(elevation_gain_m)'):.0f}m",
        "Activities": f"{_sum_of(marts, 'count(*)'):.0f}",
    }
    expect(page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()


def test_names_are_shown_as_typed_and_never_run(marts: Path, address: str, page: Page) -> None:
    write_marts(marts, HISTORY)
    page.goto(address)
    for name in NAMES:
        expect(page.get_by_text(name, exact=True)).to_be_visible()
    assert page.evaluate("window.hurt") is None


def test_a_new_activity_arrives_without_a_reload(marts: Path, address: str, page: Page) -> None:
    write_marts(marts, HISTORY)
    page.goto(address)
    before = _figures(page)
    page.evaluate("window.since = 'the first load'")
    new = replace(HISTORY[0], activity_id=99, name="Just now", version=2)

    write_marts(marts, [*HISTORY, replace(new, started_local=f"{YEAR}-01-02 08:00")])

    first = page.locator(".pl-activities tbody tr").first
    expect(first).to_contain_text("Just now", timeout=PATIENCE_MS)
    expect(first).to_have_class("pl-arrived")
    expect(page.locator(".pl-arrived")).to_have_count(1)
    assert int(_figures(page)["Activities"]) == int(before["Activities"]) + 1
    assert page.evaluate("window.since") == "the first load"


def test_the_age_counts_on_while_the_rest_of_the_page_is_left_alone(
    marts: Path, address: str, page: Page
) -> None:
    write_marts(marts, HISTORY, refreshed_at=datetime.now(UTC) - timedelta(hours=30))
    page.goto(address)
    line = page.locator(".pl-freshness")
    expect(line).to_have_text("marts rebuilt 30 h ago, 14 activities")
    expect(page.locator(".pl-activities")).to_be_visible()
    page.evaluate("document.querySelector('.pl-activities').kept = true")

    write_marts(marts, HISTORY, refreshed_at=datetime.now(UTC) - timedelta(seconds=1))
    expect(line).to_have_text(re.compile("rebuilt [1-9] s ago"), timeout=PATIENCE_MS)
    told = line.inner_text()
    expect(line).not_to_have_text(told, timeout=PATIENCE_MS)

    assert page.evaluate("document.querySelector('.pl-activities').kept") is True


def test_two_clicks_make_an_address_that_can_be_shared(
    marts: Path, address: str, page: Page
) -> None:
    write_marts(marts, HISTORY)
    page.goto(address)
    page.get_by_role("radio", name=str(YEAR - 1), exact=True).click()
    page.get_by_role("radio", name="Runs", exact=True).click()
    heading = page.get_by_role("heading", name=f"Runs in {YEAR - 1}")
    expect(heading).to_be_visible()
    page.wait_for_url(f"{address}/?sport=Runs&year={YEAR - 1}")
    expect(page.locator(".pl-number").last).to_have_text("6")
    clicked = _figures(page)

    page.goto(page.url)
    expect(heading).to_be_visible()
    assert _figures(page) == clicked


def test_it_waits_for_the_file_and_keeps_what_was_asked_for(
    marts: Path, address: str, page: Page
) -> None:
    marts.unlink(missing_ok=True)
    page.goto(f"{address}/?sport=Rides")
    expect(page.get_by_role("status")).to_contain_text("Waiting for the first activities")
    write_marts(marts, HISTORY)
    expect(page.get_by_role("heading", name=f"Rides in {YEAR}")).to_be_visible(timeout=PATIENCE_MS)


def test_nothing_hangs_over_the_edge_of_a_phone(marts: Path, address: str, page: Page) -> None:
    write_marts(marts, HISTORY)
    page.set_viewport_size({"width": 360, "height": 780})
    page.goto(address)
    expect(page.locator(".pl-activities")).to_be_visible()
    wide = page.evaluate(
        "[...document.querySelectorAll('[class^=pl-], [class^=pl-] *')]"
        ".filter(one => one.getBoundingClientRect().right > innerWidth).length"
    )
    assert wide == 0
