"""Emulators for tests: skipped where one is missing, unless REQUIRE_EMULATORS=1 says to fail."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from google.cloud.storage import Client

from paceline.cli.emulators.process import Emulator, EmulatorMissing
from paceline.errors import Retryable


@contextmanager
def found_or_skipped() -> Iterator[None]:
    """For whatever looks for emulators."""
    try:
        yield
    except EmulatorMissing as error:
        if os.environ.get("REQUIRE_EMULATORS") == "1":
            pytest.fail(f"REQUIRE_EMULATORS=1, but: {error}")
        pytest.skip(f"NOT TESTED AGAINST GOOGLE'S INTERFACES: {error}")


@contextmanager
def started(make: Callable[[], Emulator]) -> Iterator[Emulator]:
    with found_or_skipped():
        emulator = make()
    with emulator:
        yield emulator


def use(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, clients find this emulator."""
    for name, value in emulator.env.items():
        monkeypatch.setenv(name, value)


def create_bucket(project: str, bucket: str) -> None:
    with closing(Client(project=project)) as client:
        client.create_bucket(bucket)


def within(patience_s: float, act: Callable[[], object]) -> object:
    """What the act gives once the other end, which may have just begun, is fit for it."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return act()
        except Retryable:
            if time.monotonic() > deadline:
                raise
