"""Strava's sport types, gathered into the few families that a reader filters and colours by."""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """Colours keep 3:1 against the page and stay apart for readers who see red and green alike."""

    key: str
    title: str
    light: str
    dark: str
    sport_types: frozenset[str]


FAMILIES = (
    Family(
        "ride",
        "Rides",
        "#1f6391",
        "#66aee0",
        frozenset(
            {
                "EBikeRide",
                "EMountainBikeRide",
                "GravelRide",
                "Handcycle",
                "MountainBikeRide",
                "Ride",
                "Velomobile",
                "VirtualRide",
            }
        ),
    ),
    Family("run", "Runs", "#c2572b", "#ee9668", frozenset({"Run", "TrailRun", "VirtualRun"})),
    Family("swim", "Swims", "#22918d", "#6fd0c8", frozenset({"Swim"})),
    Family("walk", "Walks", "#a8801b", "#dcbc60", frozenset({"Hike", "Walk", "Wheelchair"})),
    Family(
        "snow",
        "Snow",
        "#6d62b5",
        "#a9a1ea",
        frozenset(
            {"AlpineSki", "BackcountrySki", "NordicSki", "RollerSki", "Snowboard", "Snowshoe"}
        ),
    ),
    Family(
        "water",
        "Water",
        "#3a7d54",
        "#85c79e",
        frozenset(
            {
                "Canoeing",
                "Kayaking",
                "Kitesurf",
                "Rowing",
                "Sail",
                "StandUpPaddling",
                "Surfing",
                "VirtualRow",
                "Windsurf",
            }
        ),
    ),
    Family(
        "gym",
        "Gym",
        "#a34a79",
        "#dd93b8",
        frozenset(
            {
                "Crossfit",
                "Elliptical",
                "HighIntensityIntervalTraining",
                "Pilates",
                "StairStepper",
                "WeightTraining",
                "Workout",
                "Yoga",
            }
        ),
    ),
)
OTHER = Family("other", "Other", "#7b746a", "#b3aca1", frozenset())

_FAMILY_OF = {sport_type: family for family in FAMILIES for sport_type in family.sport_types}
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def family_of(sport_type: str) -> Family:
    return _FAMILY_OF.get(sport_type, OTHER)


def families_of(sport_types: Iterable[str]) -> list[Family]:
    """The families that occur, in the order that every page shows them."""
    present = {family_of(sport_type) for sport_type in sport_types}
    return [family for family in (*FAMILIES, OTHER) if family in present]


def label(sport_type: str) -> str:
    """`TrailRun` is written `Trail run`; a type that is new to us is written the same way."""
    if sport_type.startswith(("EBike", "EMountainBike")):
        return "E-" + label(sport_type[1:]).lower()
    return _WORD.sub(" ", sport_type).capitalize()
