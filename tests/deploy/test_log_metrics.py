"""Every metric over our log counts a line that the code writes, as a process in the cloud does."""

import io
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import flask
import pytest
from werkzeug.test import EnvironBuilder

from paceline.errors import PublishUnavailable
from paceline.model.event import decode_event_message
from paceline.model.outcome import Outcome
from paceline.ports import Delivery
from paceline.runtime.logs import say_halted, write_json_lines
from paceline.runtime.push import answer_push, encode_push
from paceline.runtime.schedule import answer_schedule
from paceline.runtime.web import answer_webhook
from paceline.steps import fetch_activity, reconcile, release_work
from paceline.steps.receive_webhook import Receiving
from tests.builders import NOW, event, message
from tests.deploy import hcl
from tests.unit.conftest import House, a_house

METRICS: Mapping[str, str] = hcl.local_values("alerts.tf")["_outcomes"]
ORDINARY = {"parked", "rate_day_exhausted", "reconcile_ran", "released"}  # no alert is on them
HOUR_S = 3_600
LEVELS = ("INFO", "WARNING", "ERROR")
Line = Mapping[str, Any]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with a_house(tmp_path) as house:
        house.connect()
        yield house


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[Line]]]:
    """The lines that a process writes."""
    log, stderr = logging.getLogger("paceline"), io.StringIO()
    before = log.handlers, log.level, log.propagate
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stderr)
        write_json_lines()
    yield lambda: [json.loads(line) for line in stderr.getvalue().splitlines()]
    log.handlers, log.level, log.propagate = before


# What happens, by the metric that must count it.


def strava_inactive(house: House) -> None:
    house.budget.halt("inactive")
    for why in house.alerts:  # as every runtime does with them
        say_halted(why)


def access_lost(house: House) -> None:
    house.strava.dead = True
    house.clock.advance(6 * HOUR_S)
    fetch(house)


def spooled(house: House) -> None:
    class Away:
        def publish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> str:
            raise PublishUnavailable(f"{topic}: {len(data)} bytes, {len(attributes)} attributes")

    use = Receiving(
        Away(), house.clock, house.ids, "secret", "verify-me", lambda _: True, lambda: house.spool
    )
    answer_webhook(request("/secret", event().as_json()), use)


def forged(house: House) -> None:
    use = Receiving(
        house.bus,
        house.clock,
        house.ids,
        "secret",
        "verify-me",
        lambda _: True,
        lambda: house.spool,
    )
    answer_webhook(request("/guessed", event().as_json()), use)


def parked(house: House) -> None:
    """Too young to be seen: it is asked for again."""
    house.strava.details.clear()
    fetch(house)


def rate_day_exhausted(house: House) -> None:
    used = {"x-readratelimit-limit": "100,1000", "x-readratelimit-usage": "0,1000"}
    house.budget.observe(used, house.clock.now())
    fetch(house)


def errors(house: House) -> None:
    def meet_a_bug(_: object) -> Outcome:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answer_push("fetch_activity", pushed(), meet_a_bug)


def reconcile_failed(house: House) -> None:
    house.strava.instead = [house.strava.answer(500, {})] * 5
    compare(house)


def released(house: House) -> None:
    def run(_: object) -> Outcome:
        return release_work.run(house.releasing, limit=100)

    answer_schedule("release_work", request("/", {}), run)


def compare(house: House) -> None:
    answer_schedule("reconcile", request("/", {}), lambda _: reconcile.run(house.reconciling))


def fetch(house: House) -> None:
    answer_push(
        "fetch_activity",
        pushed(),
        lambda push: fetch_activity.run(decode_event_message(push.data), house.fetching),
    )


HAPPENS: Mapping[str, Callable[[House], None]] = {
    "strava_inactive": strava_inactive,
    "access_lost": access_lost,
    "spooled": spooled,
    "errors": errors,
    "forged": forged,
    "parked": parked,
    "rate_day_exhausted": rate_day_exhausted,
    "reconcile_failed": reconcile_failed,
    "released": released,
    "reconcile_ran": compare,
}


def pushed() -> bytes:
    told = message()
    delivery = Delivery("fetch_activity", "1", told.encode(), told.attributes(), NOW, 1, "")
    return encode_push(delivery)


def request(path: str, body: Mapping[str, Any]) -> flask.Request:
    return flask.Request(EnvironBuilder(path, method="POST", json=body).get_environ())


# As Cloud Logging reads a filter, as far as ours go: cloud.google.com/logging/docs/view/
# logging-query-language. The severity of a line is taken out of it.


def counts(condition: str, line: Line) -> bool:
    return all(_holds(each.strip(), line) for each in condition.split(" AND "))


def _holds(clause: str, line: Line) -> bool:
    if clause.startswith("NOT "):
        return not _holds(clause.removeprefix("NOT "), line)
    found = re.fullmatch(r"(severity|jsonPayload\.\w+) (=|>=|:) (.+)", clause)
    assert found, f"this test cannot read {clause}"
    path, operator, wanted = found.groups()
    value = line.get(path.removeprefix("jsonPayload."))
    if operator == ":":
        return value is not None and (wanted == "*" or wanted.strip('"') in str(value))
    if operator == ">=":
        return LEVELS.index(str(value)) >= LEVELS.index(wanted)
    return value in re.findall(r'"([^"]*)"', wanted)


def test_every_metric_has_something_that_happens_here() -> None:
    assert METRICS.keys() == HAPPENS.keys()


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_counts_one_line_of_what_it_is_named_after(
    metric: str, house: House, written: Callable[[], list[Line]]
) -> None:
    HAPPENS[metric](house)

    assert [counts(METRICS[metric], line) for line in written()] == [True]


@pytest.mark.parametrize("metric", sorted(METRICS.keys() - ORDINARY))
def test_a_metric_that_alerts_counts_no_line_of_an_ordinary_run(
    metric: str, house: House, written: Callable[[], list[Line]]
) -> None:
    for ordinary in (released, compare, fetch):
        ordinary(house)

    lines = written()
    assert len(lines) == 3
    assert not [line for line in lines if counts(METRICS[metric], line)]
