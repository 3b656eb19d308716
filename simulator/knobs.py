"""What may be turned while the simulator runs: how Strava behaves, and misbehaves, today.

One list serves the command line (`--loss-share 0.1`), `PATCH /_sim/knobs` and the page.
"""

import math
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args

from simulator.faults import bad_request

Rotation = Literal["never", "sometimes", "always"]
UsageHeaders = Literal["usual", "everywhere", "nowhere", "malformed"]

_MOST_TEXT = 200


def _says(text: str, most: float = math.inf) -> dict[str, Any]:
    return {"text": text, "most": most}


@dataclass(frozen=True, slots=True)
class Knobs:
    rotation: Rotation = field(
        default="sometimes", metadata=_says("whether a refresh changes the refresh token")
    )
    athlete_cap: int = field(
        default=0, metadata=_says("how many athletes may connect; 0 for any number", 1e9)
    )
    code_lag_s: float = field(
        default=0.0, metadata=_says("seconds for which a fresh code is still refused")
    )
    tokens_in_query: bool = field(
        default=True, metadata=_says("access_token is also taken from the query")
    )

    inactive: bool = field(
        default=False, metadata=_says("the owner's subscription lapsed: every call is a 403")
    )
    usage_headers: UsageHeaders = field(
        default="usual", metadata=_says("usual: on all answers but streams")
    )
    not_found_lag_s: float = field(
        default=0.0, metadata=_says("seconds for which a new activity is not found")
    )
    streams_lag_s: float = field(
        default=0.0, metadata=_says("seconds for which its streams are empty")
    )
    empty_not_found: bool = field(default=False, metadata=_says("a 404 has no body"))
    error_share: float = field(
        default=0.0, metadata=_says("share of reads answered with a 500, 502, 503 or 504", 1.0)
    )
    html_share: float = field(
        default=0.0, metadata=_says("share of reads answered with a 503 page of the edge", 1.0)
    )
    refuse_share: float = field(
        default=0.0,
        metadata=_says("share of reads answered 429 although the quota allows them", 1.0),
    )
    hang_share: float = field(
        default=0.0, metadata=_says("share of reads that answer only after hang_s", 1.0)
    )
    hang_s: float = field(default=5.0, metadata=_says("how long such a read hangs", 600.0))

    webhook_attempts: int = field(
        default=3, metadata=_says("how often an event is posted before it is lost", 1000)
    )
    webhook_gap_s: float = field(default=60.0, metadata=_says("seconds between two attempts"))
    webhook_timeout_s: float = field(
        default=2.0, metadata=_says("seconds that the callback has to answer", 600.0)
    )
    delay_s: float = field(
        default=0.0, metadata=_says("an event leaves up to so many seconds late")
    )
    duplicate_share: float = field(
        default=0.0,
        metadata=_says("share of events sent twice, although the first was accepted", 1.0),
    )
    reorder_share: float = field(
        default=0.0, metadata=_says("share of events held back until later ones have left", 1.0)
    )
    loss_share: float = field(default=0.0, metadata=_says("share of events that never leave", 1.0))
    forge_share: float = field(
        default=0.0, metadata=_says("forged events, as a share of the real ones", 1.0)
    )
    signing_secret: str = field(
        default="", metadata=_says("sign events with it; empty for no signature")
    )
    false_signature_share: float = field(
        default=0.0, metadata=_says("share of signatures that are wrong", 1.0)
    )


class Dials:
    """Holds the knobs as they stand; whoever reads one sees the last turn."""

    def __init__(self, knobs: Knobs) -> None:
        self.knobs = knobs

    def turn(self, changes: dict[str, Any]) -> Knobs:
        """All of the changes, or a fault and none."""
        self.knobs = replace(
            self.knobs, **{name: checked(name, value) for name, value in changes.items()}
        )
        return self.knobs


def checked(name: str, value: Any) -> Any:
    """The value as the knob holds it, or a fault that says what would be right."""
    knob = next((knob for knob in fields(Knobs) if knob.name == name), None)
    if knob is None:
        raise bad_request("Knobs", name, "unknown")
    choices = get_args(knob.type)
    if choices:
        if value not in choices:
            raise bad_request("Knobs", name, f"not one of {', '.join(choices)}")
        return value
    if knob.type is bool:
        if not isinstance(value, bool):
            raise bad_request("Knobs", name, "not true or false")
        return value
    if knob.type is str:
        if not isinstance(value, str) or not value.isprintable() or len(value) > _MOST_TEXT:
            raise bad_request("Knobs", name, "not a short text")
        return value
    return _number(name, value, knob.metadata["most"], whole=knob.type is int)


def _number(name: str, value: object, most: float, *, whole: bool) -> float:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise bad_request("Knobs", name, "not a whole number" if whole else "not a number")
    if not (math.isfinite(value) and 0 <= value <= most):
        raise bad_request("Knobs", name, f"not between 0 and {most:g}")
    return value
