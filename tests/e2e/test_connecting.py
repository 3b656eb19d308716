"""An athlete comes and goes: the pages, the terminal, and Strava's word that they left."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from paceline.cli.rehearsal import Rehearsal
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]
SCOPE = "read,activity:read,activity:read_all,profile:read_all"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    flags = ["--seed", "6", "--years", "0.05", "--max-points", "60", "--athletes", "2"]
    world = Rehearsal(ROOT, tmp_path_factory.mktemp("world"), flags)
    try:
        world.start_simulator()
        world.start_service()
        yield world
    finally:
        world.close()


@pytest.fixture
def browser(world: Rehearsal) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{world.url('paceline')}/connect_athlete", timeout=20) as browser:
        yield browser


def athlete(world: Rehearsal, number: int = 0) -> int:
    return int(world.admin("GET", "athletes")[number]["id"])


def status(world: Rehearsal, athlete_id: int) -> str:
    found = world.runtime.vault.athlete(athlete_id)
    return found.status if found else "unknown"


def agreed(world: Rehearsal, athlete_id: int, state: str = "") -> dict[str, str]:
    """What Strava's redirect brings once the athlete agreed."""
    order = {"athlete_id": athlete_id, "scope": SCOPE}
    return {
        "code": world.admin("POST", "authorize", order)["code"],
        "scope": SCOPE,
        "state": state,
    }


def connect(world: Rehearsal, browser: httpx.Client, athlete_id: int) -> httpx.Response:
    """From our start, by Strava's page, to our callback."""
    sent = browser.get("/start")
    query = parse_qs(urlsplit(sent.headers["location"]).query)
    assert "<form" in httpx.get(sent.headers["location"], timeout=20).text
    back = agreed(world, athlete_id, query["state"][0])
    return browser.get(query["redirect_uri"][0], params=back)


def paceline(
    world: Rehearsal, *arguments: str, typed: str = "", **changes: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "paceline", *arguments],
        capture_output=True,
        check=False,
        cwd=world.root,
        env=environment(world) | changes,
        input=typed,
        text=True,
        timeout=60,
    )


def environment(world: Rehearsal) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PACELINE_")}
    return ours | world.settings()


def test_an_athlete_connects_in_a_browser_and_disconnects_there(
    world: Rehearsal, browser: httpx.Client
) -> None:
    who = athlete(world, 1)
    page = connect(world, browser, who)
    assert (page.status_code, f"Athlete {who} is connected" in page.text) == (200, True)
    assert status(world, who) == "active"

    page = browser.post("/disconnect")
    assert (page.status_code, f"Athlete {who} is disconnected" in page.text) == (200, True)
    assert status(world, who) == "erasing"
    assert world.admin("GET", "athletes")[1]["scopes"] == []  # Strava knows it too

    assert connect(world, browser, who).status_code == 200
    assert status(world, who) == "active"


def test_a_deauthorisation_at_strava_is_verified_and_ends_the_work(
    world: Rehearsal, browser: httpx.Client
) -> None:
    who = athlete(world)
    assert connect(world, browser, who).status_code == 200
    url = f"{world.url('paceline')}/receive_webhook"
    assert paceline(world, "subscribe", "create", "--url", url).returncode == 0
    forge(world, who)
    assert wait_for(lambda: "forged_deauthorisation" in log(world), within_s=30)
    assert status(world, who) == "active"

    httpx.post(
        f"{world.url('simulator')}/oauth/revoke",
        auth=("12345", "simulated-secret"),
        data={"token": world.runtime.vault.access_token(who)},
    ).raise_for_status()

    assert wait_for(lambda: status(world, who) == "erasing", within_s=30)
    assert wait_for(lambda: '"outcome": "deauthorised"' in log(world), within_s=10)
    assert connect(world, browser, who).status_code == 200
    assert status(world, who) == "active"


def forge(world: Rehearsal, who: int) -> None:
    """Somebody knows our address and says that the athlete left."""
    event = {
        "object_type": "athlete",
        "object_id": who,
        "aspect_type": "update",
        "updates": {"authorized": "false"},
        "owner_id": who,
        "subscription_id": world.runtime.subscription_id(),
        "event_time": 1_790_000_000,
    }
    secret = world.runtime.settings.webhook_secret
    answer = httpx.post(f"{world.url('paceline')}/receive_webhook/{secret}", json=event)
    assert answer.status_code == 200


def log(world: Rehearsal) -> str:
    return (world.home / "logs/paceline.log").read_text()


def test_no_code_state_or_token_is_in_the_log(world: Rehearsal, browser: httpx.Client) -> None:
    sent = browser.get("/start")
    state = parse_qs(urlsplit(sent.headers["location"]).query)["state"][0]
    back = agreed(world, athlete(world), state)
    assert browser.get("/callback", params=back).status_code == 200
    token = world.runtime.vault.access_token(athlete(world))

    for secret in (state, back["code"], token):
        assert secret not in log(world)


def test_connect_names_the_page_of_a_running_service(world: Rehearsal) -> None:
    done = paceline(world, "connect")

    assert done.returncode == 0, done.stderr
    assert f"{world.url('paceline')}/connect_athlete/start" in done.stdout


def test_connect_without_a_service_takes_a_paste(world: Rehearsal) -> None:
    code = agreed(world, athlete(world))["code"]
    pasted = f"http://localhost/connected?state=&code={code}&scope={SCOPE}\n"
    done = paceline(world, "connect", typed=pasted, PACELINE_PORT="9")
    nothing = paceline(world, "connect", PACELINE_PORT="9")

    assert done.returncode == 0, done.stderr
    assert "is connected" in done.stdout
    assert nothing.returncode == 1
    assert "Nothing was pasted" in nothing.stderr


def test_connect_listens_for_the_browser_and_ignores_strangers(world: Rehearsal) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "paceline", "connect", "--listen"],
        cwd=world.root,
        env=environment(world),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        lines = iter(process.stdout.readline, "")
        address = next(line.strip() for line in lines if "/authorize?" in line)
        query = parse_qs(urlsplit(address).query)
        back = agreed(world, athlete(world), query["state"][0])
        here = query["redirect_uri"][0]
        assert httpx.get(f"{here}favicon.ico").status_code == 404
        assert httpx.get(here, params=back | {"state": "forged"}).status_code == 400
        assert httpx.get(here, params=back, timeout=20).status_code == 200
        assert "is connected" in process.stdout.read()
        assert process.wait(10) == 0


class Elsewhere(BaseHTTPRequestHandler):
    """A server that is not receive_webhook, and says so in several ways."""

    def do_GET(self) -> None:
        if self.path.startswith("/slow"):
            threading.Event().wait(2.5)
        self.send_response(302 if self.path.startswith("/moved") else 200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/hello", "without the challenge"),
        ("/moved", "answers 302"),
        ("/slow", "ReadTimeout"),
    ],
)
def test_subscribe_asks_the_callback_before_it_asks_strava(
    world: Rehearsal, elsewhere: str, path: str, said: str
) -> None:
    done = paceline(world, "subscribe", "create", "--url", elsewhere + path)

    assert done.returncode == 1
    assert said in done.stderr
    assert "Strava was not asked" in done.stderr
    assert world.runtime.settings.webhook_secret not in done.stderr


def test_subscribe_says_what_is_wrong_with_an_address(world: Rehearsal) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        dead = paceline(
            world, "subscribe", "create", "--url", f"http://127.0.0.1:{nobody.getsockname()[1]}"
        )
    url = f"{world.url('paceline')}/receive_webhook"
    foreign = paceline(world, "subscribe", "create", "--url", url, PACELINE_VERIFY_TOKEN="another")
    missing = paceline(world, "subscribe", "create")

    assert "does not answer" in dead.stderr
    assert "other settings" in foreign.stderr
    assert "PACELINE_PUBLIC_URL" in missing.stderr


def test_subscribe_replaces_another_address_only_on_request(world: Rehearsal) -> None:
    here, public = world.url("paceline"), world.url("paceline").replace("127.0.0.1", "localhost")
    first = paceline(world, "subscribe", "create", "--url", f"{here}/receive_webhook")
    assert first.returncode == 0, first.stderr
    refused = paceline(world, "subscribe", "create", PACELINE_PUBLIC_URL=public)
    replaced = paceline(world, "subscribe", "create", "--replace", PACELINE_PUBLIC_URL=public)
    listed = paceline(world, "subscribe", "list")

    assert refused.returncode == 1
    assert "another address" in refused.stderr
    assert "--replace" in refused.stderr
    assert replaced.returncode == 0, replaced.stderr
    assert f"{public}/receive_webhook/..." in listed.stdout
    assert [paceline(world, "subscribe", "delete").returncode for _ in range(2)] == [0, 0]
    assert "no subscription" in paceline(world, "subscribe", "list").stdout


def test_a_wrong_secret_of_the_application_is_named(world: Rehearsal) -> None:
    wrong = {"PACELINE_STRAVA_CLIENT_SECRET": "wrong"}
    listed = paceline(world, "subscribe", "list", **wrong)
    connected = paceline(world, "connect", "a-code", **wrong)

    for done in (listed, connected):
        assert done.returncode == 1
        assert "PACELINE_STRAVA_CLIENT_SECRET" in done.stderr
