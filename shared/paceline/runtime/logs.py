"""One JSON line an outcome, on stderr. No secret, no name, no coordinate goes in here."""

import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_log = logging.getLogger("paceline")


# An ERROR alerts somebody: `halted` is said once for all the work that it stops.
SEVERITY = {
    "halted": "ERROR",
    "access_lost": "ERROR",
    "access_refused": "ERROR",
    "failed": "WARNING",
    "quarantined": "WARNING",
    "spooled": "WARNING",
    "blocked": "ERROR",
}


@dataclass
class Line:
    """Filled in while a step runs; written when it ends, however it ends."""

    step: str
    outcome: str = "error"
    severity: str = "INFO"
    fields: dict[str, Any] = field(default_factory=dict)

    def add(self, outcome: str, fields: Mapping[str, Any] | None = None) -> None:
        self.outcome = outcome
        self.severity = SEVERITY.get(outcome, self.severity)
        self.fields.update(fields or {})


@contextmanager
def outcome_of(step: str, **fields: Any) -> Iterator[Line]:
    line = Line(step, fields=fields)
    began = time.perf_counter()
    try:
        yield line
    except Exception as error:
        line.severity = "ERROR"
        line.fields["error"] = f"{type(error).__name__}: {error}"
        raise
    finally:
        level = logging.getLevelName(line.severity)
        if _log.isEnabledFor(level):
            ms = round((time.perf_counter() - began) * 1_000, 1)
            text = {"severity": line.severity, "step": step, "outcome": line.outcome, "ms": ms}
            _log.log(level, json.dumps(text | line.fields, default=str))


def say_halted(why: str) -> None:
    """Strava refuses the whole application: the line that alerts."""
    with outcome_of("budget") as line:
        line.add("halted", {"why": why})


def write_json_lines() -> None:
    """Send our lines to stderr as they are, ordinary ones too: alerts count those that are missing.

    Called by whoever starts a process: `paceline up`, and a deployed function with its runtime.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _log.handlers = [handler]
    _log.setLevel(logging.INFO)
    _log.propagate = False
