"""What a step says it did: one line in the log, and nothing else depends on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Outcome:
    name: str
    fields: Mapping[str, str | int | float | None] = field(default_factory=dict)
