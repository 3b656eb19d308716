"""`paceline settings`: thresholds with a date, so that today's do not rewrite last year.

Setting one works while the service runs: it takes the news of it, and rebuilds the days that it
affects. The list is what the marts are built with.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

from paceline.errors import SettingsInvalid, StoreUnavailable
from paceline.model.given import Given, names_of, parse_day, parse_given
from paceline.runtime import current
from paceline.runtime.parts import Runtime
from paceline.steps.give_settings import Giving, Said, give, history, holding

_LIST = (
    "SELECT athlete_id, name, value, valid_from, valid_until, source FROM marts.settings"
    " WHERE athlete_id = @athlete_id ORDER BY name, valid_from"
)
_THEN = "paceline up rebuilds the days that this affects, at once where it runs."
_BEGINNING = date(1900, 1, 1)
_RISING = (
    ("rest_hr_bpm", "threshold_hr_bpm", "max_hr_bpm"),
    ("rest_hr_bpm", "vt1_hr_bpm", "vt2_hr_bpm", "max_hr_bpm"),
)


def settings(arguments: argparse.Namespace) -> int:
    run = {"set": _set, "unset": _unset, "list": _list, "history": _history}
    return run[arguments.action](arguments)


def _set(arguments: argparse.Namespace) -> int:
    runtime = current()
    athlete_id = _athlete(runtime, arguments.athlete)
    words, day = _words(arguments.words, _today(runtime))
    first = day or _today(runtime)
    given = [each for word in words for each in parse_given(word, first)]
    _refuse_twice(given)
    _give(runtime, athlete_id, given)
    told = ", ".join(f"{each.name} = {each.value:g}" for each in given)
    print(f"Athlete {athlete_id}: {told} from {first} on. {_THEN}")
    return 0


def _unset(arguments: argparse.Namespace) -> int:
    runtime = current()
    athlete_id = _athlete(runtime, arguments.athlete)
    words, day = _words(arguments.words, _today(runtime))
    names = {name for word in words for name in names_of(word)}
    set_by_hand = holding(athlete_id, _giving(runtime))
    chosen = [each for each in set_by_hand if each.name in names]
    given = [Given(e.name, e.valid_from, None) for e in chosen if day in {None, e.valid_from}]
    if not given:
        days = ", ".join(sorted({str(each.valid_from) for each in chosen})) or "no day"
        raise SettingsInvalid(f"{', '.join(words)} is set by hand from {days}, nothing else.")
    _give(runtime, athlete_id, given)
    told = ", ".join(f"{each.name} from {each.valid_from}" for each in given)
    print(f"Athlete {athlete_id}: taken back {told}. {_THEN}")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    runtime = current()
    athlete_id = _athlete(runtime, arguments.athlete)
    rows, landed_until = _in_marts(runtime, athlete_id)
    waiting = [s for s in history(athlete_id, _giving(runtime)) if s.at > landed_until]
    if arguments.json:
        print(json.dumps({"settings": rows, "waiting": len(waiting)}, indent=2, default=str))
        return 0
    for row in rows:
        since = "the beginning" if row["valid_from"] == _BEGINNING else row["valid_from"]
        until = f" until {row['valid_until']}" if row["valid_until"] else ""
        print(f"{row['name']:<24}{row['value']:>8g}  from {since}{until}, by {row['source']}")
    if not rows:
        print(f"Nothing is known of athlete {athlete_id} yet.")
    print("The first value that is known holds for all days before as well.")
    if waiting:
        print(f"{len(waiting)} newer ones are not in the marts yet: paceline up takes them there.")
    return 0


def _history(arguments: argparse.Namespace) -> int:
    runtime = current()
    found = history(_athlete(runtime, arguments.athlete), _giving(runtime))
    if arguments.json:
        print(json.dumps([_row(said) for said in found], indent=2, default=str))
        return 0
    for said in found:
        value = "taken back" if said.given.value is None else f"{said.given.value:g}"
        print(f"{said.at:%Y-%m-%d %H:%M}  {said.given.name} from {said.given.valid_from}: {value}")
    return 0


def _row(said: Said) -> dict[str, Any]:
    return {"said_at": said.at, **vars(said.given)}


def _words(words: Sequence[str], today: date) -> tuple[Sequence[str], date | None]:
    """The words before `from`, and the day after it."""
    if "from" not in words:
        return words, None
    before, after = words[: words.index("from")], words[words.index("from") + 1 :]
    if len(after) != 1 or not before:
        raise SettingsInvalid("Say what, and from which day, such as ftp=265 from 2026-03-01.")
    return before, parse_day(after[0], today)


def _refuse_twice(given: Iterable[Given]) -> None:
    names = [each.name for each in given]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SettingsInvalid(f"{twice[0]} is set twice.")
    values = {each.name: each.value or 0.0 for each in given}
    for order in _RISING:
        rising = [(name, values[name]) for name in order if name in values]
        for (low, less), (high, more) in pairwise(rising):
            if less >= more:
                raise SettingsInvalid(f"{low} ({less:g}) must be below {high} ({more:g}).")


def _give(runtime: Runtime, athlete_id: int, given: Sequence[Given]) -> None:
    give(athlete_id, given, f"paceline {' '.join(sys.argv[1:])}", _giving(runtime))


def _giving(runtime: Runtime) -> Giving:
    return Giving(runtime.lake, runtime.clock, runtime.ids)


def _today(runtime: Runtime) -> date:
    return runtime.clock.now().astimezone().date()


def _athlete(runtime: Runtime, wanted: int | None) -> int:
    known = [each.athlete_id for each in runtime.vault.athletes()]
    chosen = [each for each in known if wanted in {None, each}]
    if not chosen:
        raise SettingsInvalid("Nobody of that kind is connected: see paceline status, connect.")
    if len(chosen) > 1:
        raise SettingsInvalid(f"Say whose: --athlete, one of {', '.join(map(str, chosen))}.")
    return chosen[0]


def _in_marts(runtime: Runtime, athlete_id: int) -> tuple[list[dict[str, Any]], datetime]:
    """The rows, and up to when what landed is in them."""
    beginning = datetime.fromtimestamp(0, UTC)
    try:
        with runtime.reader() as reader:
            rows = reader.query(_LIST, {"athlete_id": athlete_id}).to_pylist()
            fresh = reader.query("SELECT landed_until FROM marts.freshness").to_pylist()
    except StoreUnavailable:
        return [], beginning
    return rows, next((row["landed_until"] for row in fresh if row["landed_until"]), beginning)
