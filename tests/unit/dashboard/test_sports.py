"""Sport types and their families."""

import tomllib
from pathlib import Path

import pytest

from dashboard import sports
from dashboard.sports import FAMILIES, OTHER, Family, families_of, family_of, label

_CONFIG = Path(sports.__file__).with_name(".streamlit") / "config.toml"


@pytest.mark.parametrize(
    ("sport_type", "written"),
    [
        ("Run", "Run"),
        ("TrailRun", "Trail run"),
        ("EBikeRide", "E-bike ride"),
        ("EMountainBikeRide", "E-mountain bike ride"),
        ("HighIntensityIntervalTraining", "High intensity interval training"),
        ("UnderwaterHockey", "Underwater hockey"),
    ],
)
def test_a_sport_type_is_written_as_words(sport_type: str, written: str) -> None:
    assert label(sport_type) == written


def test_a_sport_that_is_new_to_us_is_other() -> None:
    assert family_of("other") is OTHER
    assert [one.title for one in families_of(["other", "run", "run"])] == [
        "Runs",
        "Other",
    ]


def test_no_group_has_two_families_and_no_title_is_told_twice() -> None:
    families = [*FAMILIES, OTHER]
    assert len({family.key for family in families}) == len(families)
    assert len({family.title for family in families}) == len(families)


@pytest.mark.parametrize("family", [*FAMILIES, OTHER], ids=lambda family: str(family.key))
def test_colours_stand_out_three_to_one_from_both_pages(family: Family) -> None:
    theme = tomllib.loads(_CONFIG.read_text(encoding="utf-8"))["theme"]
    assert _contrast(family.light, theme["light"]["backgroundColor"]) >= 3
    assert _contrast(family.dark, theme["dark"]["backgroundColor"]) >= 3


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio (w3.org/TR/WCAG22/#dfn-contrast-ratio)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
