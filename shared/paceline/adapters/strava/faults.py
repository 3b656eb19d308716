"""Strava's fault: what it names, as words. Its text may be anything, so only names are kept."""

from typing import Any

import requests

_LONGEST = 100


def fault_of(response: requests.Response) -> str:
    """resource/field/code of the first error, or the message. Never holds a secret."""
    try:
        answer = response.json()
    except ValueError:
        return "no reason given"
    return fault_in(answer)


def fault_in(answer: Any) -> str:
    """The list of errors may be a list, one object, a text, or missing."""
    if not isinstance(answer, dict):
        return "no reason given"
    errors = answer.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else errors
    if isinstance(first, dict):
        names = (str(first.get(name, "")) for name in ("resource", "field", "code"))
        return "/".join(names)[:_LONGEST]
    reason = first if isinstance(first, str) and first else answer.get("message")
    return str(reason or "no reason given")[:_LONGEST]
