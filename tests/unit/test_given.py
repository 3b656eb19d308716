"""What an athlete may write for a setting, and what is said to them when it is wrong."""

from datetime import date

import pytest

from paceline.errors import PayloadInvalid, SettingsInvalid
from paceline.model.given import (
    WORDS,
    ZONES,
    Given,
    decode_given,
    encode_given,
    names_of,
    parse_day,
    parse_given,
)

DAY = date(2026, 3, 1)
TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("ftp=265", "ftp_w", 265),
        ("FTP = 265.5", "ftp_w", 265.5),
        ("ftp_w=265", "ftp_w", 265),
        ("max_hr=188", "max_hr_bpm", 188),
        ("rest-hr=48", "rest_hr_bpm", 48),
        ("lthr=171", "threshold_hr_bpm", 171),
        ("vt1=145", "vt1_hr_bpm", 145),
        ("vt2-hr=168", "vt2_hr_bpm", 168),
        ("weight=70.5", "weight_kg", 70.5),
        ("threshold_pace=4:10/km", "threshold_speed_mps", 4.0),
        ("threshold_pace=6:42.336/mi", "threshold_speed_mps", 4.0),
        ("css=1:40/100m", "css_mps", 1.0),
        ("sex=Female", "sex", 2),
        ("sex=m", "sex", 1),
        ("sex=unknown", "sex", 0),
    ],
)
def test_friendly_words_become_named_values(text: str, name: str, value: float) -> None:
    (given,) = parse_given(text, DAY)

    assert (given.name, given.valid_from) == (name, DAY)
    assert given.value == pytest.approx(value)


@pytest.mark.parametrize("text", ["zones=120,140,155,170", "hr_zones=0, 120, 140, 155, 170"])
def test_zones_are_the_lower_edges_of_five(text: str) -> None:
    found = {given.name: given.value for given in parse_given(text, DAY)}

    assert found == dict(zip(ZONES, [0, 120, 140, 155, 170], strict=True))


@pytest.mark.parametrize("word", WORDS)
def test_every_example_is_understood(word: str) -> None:
    assert len(parse_given(WORDS[word].example, DAY)) == len(names_of(word))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vo2max=60", "no setting 'vo2max'; there are ftp, max_hr"),
        ("ftp", "What is ftp to be. Write ftp=265"),
        ("ftp=", "'' is not understood; write it such as ftp=265"),
        ("ftp=much", "'much' is not understood"),
        ("ftp=2650", "ftp_w would be 2650; it must be between 30 and 700"),
        ("ftp=nan", "ftp_w would be nan"),
        ("weight=155lb", "write it such as weight=70.5"),
        ("threshold_pace=4.0", "write it such as threshold_pace=4:10/km"),
        ("threshold_pace=4:75/km", "is not understood"),
        ("threshold_pace=0:00/km", "is not understood"),
        ("threshold_pace=1:00/km", "threshold_speed_mps would be 16.6667; it must be between 1"),
        ("css=1:40/km", "css_mps would be 10"),
        ("sex=yes", "write it such as sex=female"),
        ("zones=120,140,155", "such as zones=120,140,155,170"),
        ("zones=120,140,140,170", "such as zones=120,140,155,170"),
        ("zones=120,140,155,270", "would be 270"),
    ],
)
def test_a_mistake_is_named_with_what_to_write(text: str, said: str) -> None:
    with pytest.raises(SettingsInvalid, match=said):
        parse_given(text, DAY)


def test_a_day_is_one_that_has_come() -> None:
    assert parse_day("2026-11-21", TODAY) == TODAY
    for text in ("2026-11-22", "1969-12-31"):
        with pytest.raises(SettingsInvalid, match="is not between 1970-01-01 and today"):
            parse_day(text, TODAY)
    with pytest.raises(SettingsInvalid, match="01/03/2026 is not a day, such as 2026-03-01"):
        parse_day("01/03/2026", TODAY)


def test_what_is_written_is_read_again() -> None:
    given = [Given("ftp_w", DAY, 265.0), Given("css_mps", DAY, None)]

    assert decode_given(encode_given(given)) == given


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"given": [{}]}',
        b'{"given": [{"name": "x", "valid_from": 3}]}',
        b"\xff",
    ],
)
def test_other_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(PayloadInvalid, match="not settings as we write them"):
        decode_given(body)
