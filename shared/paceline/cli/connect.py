"""`paceline connect`: an athlete's consent, from a terminal."""

import http.client
import sys
import time
import webbrowser
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, parse_qsl, urlsplit

from paceline.errors import PacelineError, StravaRefused
from paceline.runtime import current
from paceline.runtime.settings import Settings
from paceline.steps import connect_athlete as step

LISTEN_FOR_S = 300.0
HOST = "127.0.0.1"


class NobodyCame(PacelineError):
    """No browser came back from Strava in time."""


def connect(pasted: str | None, *, listen: bool = False, for_s: float = LISTEN_FOR_S) -> int:
    runtime = current()
    use = runtime.connecting
    if pasted is not None:
        return _say(_from_pasted(pasted, use))
    if listen:
        return _say(_listen(use, for_s))
    if _service_runs(runtime.settings, use.consent.page):
        print("Open this address in a browser, and agree:\n")
        print(f"  {runtime.settings.base_url}/connect_athlete/start")
        return 0
    # Nobody listens there: the browser shows an error, and the address to paste.
    consent = replace(use.consent, redirect_uri="http://localhost/connected")
    print("Open this address, agree, and paste the address you are sent back to:\n")
    print(f"  {consent.url('')}\n")
    try:
        return _say(_from_pasted(input("> "), use))
    except EOFError:
        raise StravaRefused(
            "Nothing was pasted. Give the address, or the code in it, as an argument: "
            "paceline connect ADDRESS."
        ) from None


def _say(connected: step.Connected) -> int:
    print(f"Athlete {connected.athlete_id} is connected with {', '.join(connected.scopes)}.")
    for warning in connected.warnings:
        print(warning)
    return 0


def _from_pasted(pasted: str, use: step.Connecting) -> step.Connected:
    """The code itself, or the code in the address of the redirect."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(pasted.strip()).query).items()}
    if "error" in query:
        raise StravaRefused("The athlete did not agree, so there is nothing to connect.")
    if "code" in query:
        return step.connect(query["code"], use, redirected=query.get("scope", ""))
    if not pasted.strip() or "://" in pasted:
        raise StravaRefused(
            "There is no code in what was pasted. Paste the whole address that the browser shows "
            "after you agreed; it holds code=..."
        )
    return step.connect(pasted.strip(), use)


def _service_runs(settings: Settings, consent_page: str) -> bool:
    """True when it is our service that listens, and not another program."""
    connection = http.client.HTTPConnection(HOST, settings.port, timeout=1)
    try:
        connection.request("GET", "/connect_athlete/start")
        return (connection.getresponse().getheader("Location") or "").startswith(consent_page)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _listen(use: step.Connecting, for_s: float) -> step.Connected:
    """Wait here for the browser; whoever comes with another state is sent away."""
    with _Listener((HOST, 0), _Redirect) as server:
        redirect_uri = f"http://{HOST}:{server.server_port}/"
        use = replace(use, consent=replace(use.consent, redirect_uri=redirect_uri))
        address, server.nonce = step.start(use)
        server.use = use
        print(f"Open this address, and agree (waiting {for_s:g} s):\n\n  {address}\n", flush=True)
        if sys.stdout.isatty():
            webbrowser.open(address)
        ends_at = time.monotonic() + for_s
        while server.outcome is None and (left_s := ends_at - time.monotonic()) > 0:
            server.timeout = left_s
            server.handle_request()
    if server.outcome is None:
        raise NobodyCame(
            f"No browser came back from Strava within {for_s:g} s. Run `paceline connect --listen` "
            "again, or `paceline connect` and paste the address you are sent back to."
        )
    if isinstance(server.outcome, PacelineError):
        raise server.outcome
    return server.outcome


class _Listener(HTTPServer):
    use: step.Connecting
    nonce = ""
    outcome: step.Connected | PacelineError | None = None


class _Redirect(BaseHTTPRequestHandler):
    timeout = 5  # somebody who says nothing does not keep the athlete waiting
    server: _Listener

    def do_GET(self) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        if not {"code", "error"} & query.keys():
            self._answer(404, "This is not the address that Strava sends you back to.")
            return
        try:
            self.server.outcome = step.finish(query, self.server.nonce, self.server.use)
        except step.ConnectRefused as error:
            if not error.code.startswith("state_"):
                self.server.outcome = error
            self._answer(400, str(error))
        except PacelineError as error:
            self.server.outcome = error
            self._answer(400, str(error))
        else:
            self._answer(200, "Connected. You can close this window and return to the terminal.")

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """The line would hold the code."""
