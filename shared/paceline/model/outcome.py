"""What a step says it did: one line in the log, and nothing else depends on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Outcome:
    name: str
    fields: Mapping[str, str | int | float | None] = field(default_factory=dict)

    def about(self, **fields: str | int) -> "Outcome":
        """The same, with whom and what it was about."""
        return replace(self, fields={**fields, **self.fields})
