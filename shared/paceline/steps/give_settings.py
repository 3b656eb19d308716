"""What an athlete sets by hand: durable in bronze, then told to whoever loads it.

Bronze keeps every word under `settings/athlete_id=<id>/`, so that a rebuild has them all. The
warehouse need not be open: a running service takes them from the topic like everything else.
"""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from paceline.lake import Cause, Lake
from paceline.model.bronze import Subject, parse_name, prefix_of
from paceline.model.given import Given, decode_given, encode_given
from paceline.ports import Answer, Clock, Ids


@dataclass(frozen=True)
class Giving:
    """What giving needs."""

    lake: Lake
    clock: Clock
    ids: Ids


@dataclass(frozen=True)
class Said:
    """One word of the athlete, and when it was said."""

    at: datetime
    given: Given


def give(athlete_id: int, given: Sequence[Given], command: str, use: Giving) -> None:
    """Keep it, then say so. What is said later of a setting and its first day wins."""
    now = use.clock.now()
    answer = Answer(200, encode_given(given), {}, command)
    cause = Cause(use.ids.new(), "replay", now)
    use.lake.keep(answer, "settings", Subject(athlete_id, 0, now), cause)


def history(athlete_id: int, use: Giving) -> list[Said]:
    """Everything that was ever said, oldest first."""
    bronze = use.lake.bronze
    return [
        Said(parse_name(name)[1].asked_at, each)
        for name in bronze.names(prefix_of(athlete_id, "settings"))
        if (blob := bronze.get(name))
        for each in decode_given(gzip.decompress(blob.data))
    ]


def holding(athlete_id: int, use: Giving) -> list[Given]:
    """What was said last of each setting and day, and not taken back."""
    newest: dict[tuple[str, date], Given] = {
        (said.given.name, said.given.valid_from): said.given for said in history(athlete_id, use)
    }
    return [given for given in newest.values() if given.value is not None]
