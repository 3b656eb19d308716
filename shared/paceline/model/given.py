"""Settings as an athlete gives them by hand: friendly words in, named values in SI units out."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import pairwise

from paceline.errors import PayloadInvalid, SettingsInvalid

ZONES = tuple(f"heart_rate_zone_{number}_min" for number in range(1, 6))
EARLIEST = date(1970, 1, 1)

_PACE = re.compile(r"(?P<minutes>\d{1,2}):(?P<seconds>[0-5]\d(\.\d+)?)/(?P<over>km|mi|100m|100yd)")
_METRES = {"km": 1000.0, "mi": 1609.344, "100m": 100.0, "100yd": 91.44}
_SEXES = {"unknown": 0.0, "male": 1.0, "m": 1.0, "female": 2.0, "f": 2.0}


@dataclass(frozen=True)
class Given:
    """A setting and the first day it holds on. Without a value: it is taken back."""

    name: str
    valid_from: date
    value: float | None


@dataclass(frozen=True)
class _Word:
    """What a word of the command stands for. Values outside of the range are typing errors."""

    names: tuple[str, ...]
    values: Callable[[str], Sequence[float]]
    lowest: float
    highest: float
    example: str

    def read(self, text: str) -> Sequence[float]:
        try:
            values = self.values(text.strip())
        except (ValueError, KeyError):
            values = ()
        if len(values) != len(self.names):
            raise SettingsInvalid(f"{text!r} is not understood; write it such as {self.example}.")
        for value in values:
            if not self.lowest <= value <= self.highest:
                between = f"between {self.lowest:g} and {self.highest:g}"
                raise SettingsInvalid(f"{self.names[0]} would be {value:g}; it must be {between}.")
        return values


def _number(text: str) -> Sequence[float]:
    return (float(text),)


def _speed(text: str) -> Sequence[float]:
    """Metres per second of a pace."""
    pace = _PACE.fullmatch(text.replace(" ", ""))
    seconds = 60 * float(pace["minutes"]) + float(pace["seconds"]) if pace else 0.0
    return (_METRES[pace["over"]] / seconds,) if pace and seconds else ()


def _edges(text: str) -> Sequence[float]:
    """Lower edges of five zones; the first one's, 0, need not be said."""
    edges = [float(edge) for edge in text.split(",")]
    edges = edges if edges[0] == 0 else [0.0, *edges]
    rising = all(low < high for low, high in pairwise(edges))
    return edges if rising else ()


WORDS = {
    "ftp": _Word(("ftp_w",), _number, 30, 700, "ftp=265"),
    "max_hr": _Word(("max_hr_bpm",), _number, 100, 240, "max_hr=188"),
    "rest_hr": _Word(("rest_hr_bpm",), _number, 25, 120, "rest_hr=48"),
    "threshold_hr": _Word(("threshold_hr_bpm",), _number, 60, 230, "threshold_hr=171"),
    "vt1_hr": _Word(("vt1_hr_bpm",), _number, 60, 230, "vt1_hr=145"),
    "vt2_hr": _Word(("vt2_hr_bpm",), _number, 60, 230, "vt2_hr=168"),
    "weight": _Word(("weight_kg",), _number, 20, 300, "weight=70.5"),
    "threshold_pace": _Word(("threshold_speed_mps",), _speed, 1, 8, "threshold_pace=4:10/km"),
    "css": _Word(("css_mps",), _speed, 0.2, 2.5, "css=1:38/100m"),
    "sex": _Word(("sex",), lambda text: (_SEXES[text.lower()],), 0, 2, "sex=female"),
    "ctl_days": _Word(("ctl_days",), _number, 14, 180, "ctl_days=42"),
    "atl_days": _Word(("atl_days",), _number, 2, 28, "atl_days=7"),
    "ctl_seed": _Word(("ctl_seed",), _number, 0, 300, "ctl_seed=55"),
    "atl_seed": _Word(("atl_seed",), _number, 0, 300, "atl_seed=60"),
    "zones": _Word(ZONES, _edges, 0, 230, "zones=120,140,155,170"),
}
_ALSO = {"lthr": "threshold_hr", "hr_zones": "zones", "vt1": "vt1_hr", "vt2": "vt2_hr"}


def names_of(word: str) -> tuple[str, ...]:
    """The names that a word stands for, or the name that it is. Raises SettingsInvalid."""
    return _word(word).names


def parse_given(text: str, valid_from: date) -> list[Given]:
    """`ftp=265`, from that day on. Raises SettingsInvalid."""
    word, equals, value = text.partition("=")
    found = _word(word)
    if not equals:
        raise SettingsInvalid(f"What is {word} to be? Write {found.example}.")
    return [
        Given(name, valid_from, number)
        for name, number in zip(found.names, found.read(value), strict=True)
    ]


def _word(word: str) -> _Word:
    plain = word.strip().lower().replace("-", "_")
    by_name = {name: key for key, found in WORDS.items() for name in found.names}
    key = _ALSO.get(plain) or by_name.get(plain) or plain
    if key not in WORDS:
        raise SettingsInvalid(f"There is no setting {word!r}; there are {', '.join(WORDS)}.")
    return WORDS[key]


def parse_day(text: str, today: date) -> date:
    """A day that has come. Raises SettingsInvalid."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise SettingsInvalid(f"{text} is not a day, such as 2026-03-01.") from None
    if not EARLIEST <= day <= today:
        raise SettingsInvalid(
            f"{day} is not between {EARLIEST} and today, {today}. The first value that is known"
            " holds for all days before as well."
        )
    return day


def encode_given(given: Sequence[Given]) -> bytes:
    rows = [asdict(each) | {"valid_from": each.valid_from.isoformat()} for each in given]
    return json.dumps({"given": rows}, indent=1).encode()


def decode_given(body: bytes) -> list[Given]:
    """Inverse of encode. Raises PayloadInvalid."""
    try:
        return [
            Given(
                name=str(row["name"]),
                valid_from=date.fromisoformat(row["valid_from"]),
                value=None if row["value"] is None else float(row["value"]),
            )
            for row in json.loads(body)["given"]
        ]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise PayloadInvalid(f"These are not settings as we write them: {error!r}.") from error
