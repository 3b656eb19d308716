"""Builds stravalib clients. Its import is slow and changes global settings; both end here."""

import logging
import os
import threading
import warnings
from functools import cache
from typing import Any

_importing = threading.Lock()


def strava_client(session: Any, access_token: str) -> Any:
    """A client that never sleeps, never refreshes by itself and uses the given session."""
    with _importing:
        client_class = _client_class()
    return client_class(access_token, rate_limit_requests=False, requests_session=session)


@cache
def _client_class() -> Any:
    os.environ.setdefault("SILENCE_TOKEN_WARNINGS", "true")
    with warnings.catch_warnings():
        from stravalib import Client  # noqa: PLC0415 - 0.4 s that only fetching needs

    logging.captureWarnings(capture=False)  # the import switched it on
    return Client
