"""The groups that a reader filters and colours by, and how a sport type is written.

Which sport type is in which group is said by `marts.sports`, and nowhere here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """A group of sports. Its colours keep 3:1 against the page, where its name stands beside it."""

    key: str  # the sport_group of the marts
    title: str
    light: str
    dark: str


FAMILIES = (
    Family("ride", "Rides", "#1f6391", "#66aee0"),
    Family("ebike", "E-bike rides", "#3a3fd0", "#8289ff"),
    Family("run", "Runs", "#c2572b", "#ee9668"),
    Family("swim", "Swims", "#22918d", "#6fd0c8"),
    Family("walk", "Walks", "#a8801b", "#dcbc60"),
    Family("ski", "Snow", "#6d62b5", "#a9a1ea"),
    Family("skate", "Skating", "#6e3b22", "#c08468"),
    Family("water", "Water", "#3a7d54", "#85c79e"),
    Family("gym", "Gym", "#a34a79", "#dd93b8"),
    Family("game", "Games", "#8f1d1d", "#e0e05a"),
)
OTHER = Family("other", "Other", "#7b746a", "#b3aca1")

_FAMILY_OF = {family.key: family for family in FAMILIES}
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def family_of(sport_group: str) -> Family:
    return _FAMILY_OF.get(sport_group, OTHER)


def families_of(sport_groups: Iterable[str]) -> list[Family]:
    """The families that occur, in the order that every page shows them."""
    present = {family_of(sport_group) for sport_group in sport_groups}
    return [family for family in (*FAMILIES, OTHER) if family in present]


def label(sport_type: str) -> str:
    """`TrailRun` is written `Trail run`; a type that is new to us is written the same way."""
    if sport_type.startswith(("EBike", "EMountainBike")):
        return "E-" + label(sport_type[1:]).lower()
    return _WORD.sub(" ", sport_type).capitalize()
