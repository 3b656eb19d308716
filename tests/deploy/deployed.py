"""A function as Cloud Functions would run it: its zip, an environment of its own, a server."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from paceline.cli.emulators.process import free_port
from tests.waiting import wait_for

_UV = Path(sys.executable).with_name("uv")
_OFFLINE = ("Failed to fetch", "error sending request", "dns error", "network was disabled")
_SAYS_NO_MORE = 3_000  # characters


@dataclass(frozen=True)
class Answer:
    status: int
    body: str


@dataclass(frozen=True)
class Deployed:
    """A running function, and the file that it logs into."""

    url: str
    log: Path

    def get(self, path: str) -> Answer:
        return _ask(urllib.request.Request(self.url + path))

    def post(self, path: str, body: bytes) -> Answer:
        headers = {"Content-Type": "application/json"}
        return _ask(urllib.request.Request(self.url + path, body, headers))

    def lines(self) -> list[dict[str, Any]]:
        """Lines that are one JSON object, which Cloud Logging takes for entries with fields."""
        written = self.log.read_text().splitlines()
        return [json.loads(line) for line in written if line.startswith("{")]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def _ask(request: urllib.request.Request) -> Answer:
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=60) as response:
            return Answer(response.status, response.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read().decode())


def unpack(packed: Path, folder: Path) -> Path:
    with ZipFile(packed) as archive:
        archive.extractall(folder)
    return folder


def install(requirements: Path, folder: Path) -> Path:
    """An environment with these packages and nothing else; its bin folder."""
    python = f"--python={sys.executable}"
    env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    subprocess.run([_UV, "venv", "--quiet", python, folder], check=True, env=env)
    into = f"--python={folder}/bin/python"
    done = subprocess.run(
        [_UV, "pip", "install", "--quiet", "--require-hashes", into, "-r", requirements],
        capture_output=True,
        check=False,
        env=env,
        text=True,
    )
    if any(sign in done.stderr for sign in _OFFLINE):
        pytest.skip(f"no package index answers, so nothing can be installed: {done.stderr[:300]}")
    assert done.returncode == 0, done.stderr
    return folder / "bin"


@contextmanager
def serve(step: str, source: Path, bin_folder: Path, env: Mapping[str, str]) -> Iterator[Deployed]:
    port = free_port()
    framework = str(bin_folder / "functions-framework")
    command = [framework, "--target", step, "--host", "127.0.0.1", "--port", str(port)]
    log = source.with_name(f"{source.name}.log")
    with log.open("w") as written:
        child = subprocess.Popen(
            command,
            cwd=source,
            env={"PATH": f"{bin_folder}:/usr/bin:/bin", "THREADS": "4", "WORKERS": "1", **env},
            stderr=written,
            stdout=written,
        )
        try:
            function = Deployed(f"http://127.0.0.1:{port}", log)
            up = wait_for(lambda: child.poll() is not None or _answers(function), within_s=60)
            assert up, "it did not start"
            assert child.poll() is None, log.read_text()[-_SAYS_NO_MORE:]
            yield function
        except AssertionError as failed:
            failed.add_note(log.read_text()[-_SAYS_NO_MORE:])
            raise
        finally:
            child.terminate()
            child.wait()


def _answers(function: Deployed) -> bool:
    try:
        function.get("/robots.txt")  # the framework's own answer
    except OSError:
        return False
    return True
