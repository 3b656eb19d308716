"""Strava's refusals, in every shape that was seen, become the error that says what to do."""

from typing import Any

import pytest

from paceline.adapters.strava.faults import fault_in
from paceline.adapters.strava.oauth import _refused_exchange, _refused_refresh
from paceline.adapters.strava.subscription import _in_words
from paceline.errors import (
    AccessLost,
    ApplicationRefused,
    AthleteLimit,
    CodeExpired,
    CodeRefused,
    StravaRefused,
    StravaUnavailable,
)

FIRST = {"resource": "Application", "field": "client_id", "code": "invalid"}


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ({"message": "Bad Request", "errors": [FIRST]}, "Application/client_id/invalid"),
        ({"message": "Bad Request", "errors": FIRST}, "Application/client_id/invalid"),
        ({"message": "Bad Request", "errors": []}, "Bad Request"),
        ({"message": "Bad Request", "errors": "a text"}, "a text"),
        ({"message": "Bad Request", "errors": ["a text"]}, "a text"),
        ({"message": "Bad Request"}, "Bad Request"),
        ({}, "no reason given"),
        ([], "no reason given"),
        (None, "no reason given"),
    ],
)
def test_a_fault_has_many_shapes_and_one_reading(answer: Any, fault: str) -> None:
    assert fault_in(answer) == fault


@pytest.mark.parametrize(
    ("status", "fault", "kind"),
    [
        (400, "AuthorizationCode/code/invalid", CodeRefused),
        (400, "RequestToken/code/invalid", CodeRefused),
        (400, "AuthorizationCode//expired", CodeExpired),
        (400, "Application/client_id/invalid", StravaRefused),
        (403, "Application/Status/Inactive", StravaRefused),
        (429, "Application/rate limit/exceeded", StravaUnavailable),
    ],
)
def test_a_refused_exchange_is_named(status: int, fault: str, kind: type[Exception]) -> None:
    assert type(_refused_exchange(status, fault, "Bad Request")) is kind


def test_a_full_application_is_told_apart() -> None:
    message = "Limit of connected athletes exceeded"
    refused = _refused_exchange(403, "Application/athletes/exceeded", message)

    assert isinstance(refused, AthleteLimit)
    assert "higher limit" in str(refused)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("PushSubscription/callback url/not verifiable", "two seconds"),
        (
            "PushSubscription/callback url/GET to callback URL does not return 200",
            "/receive_webhook",
        ),
        ("PushSubscription//already exists", "subscribe list"),
        ("Application/client_id/invalid", "PACELINE_STRAVA_CLIENT_ID"),
        ("Something/new/entirely", "Something/new/entirely"),
    ],
)
def test_a_refused_subscription_is_said_in_words(fault: str, words: str) -> None:
    assert words in _in_words(fault)


@pytest.mark.parametrize(
    ("status", "fault", "kind"),
    [
        (400, "RefreshToken/refresh_token/invalid", AccessLost),
        (400, "Application/client_id/invalid", ApplicationRefused),
        (401, "Application//invalid", ApplicationRefused),
        (403, "Application/Status/Inactive", ApplicationRefused),
        (400, "Bad Request", StravaRefused),
        (400, "Athlete/id/invalid", StravaRefused),
        (401, "no reason given", StravaRefused),
        (403, "Forbidden", StravaUnavailable),
        (429, "Application/rate limit/exceeded", StravaUnavailable),
    ],
)
def test_a_refused_refresh_stops_everybody_only_where_it_names_the_application(
    status: int, fault: str, kind: type[Exception]
) -> None:
    assert type(_refused_refresh(status, fault)) is kind
