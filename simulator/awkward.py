"""Activities that real accounts hold and programs stumble over, one of each.

They lie in the last full block of four weeks, so that they stay where they are until the next
block is full; those that need a date of their own have the last such date. Ordinary activities
are the same with them and without.
"""

import datetime as dt
import zlib
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from simulator.athletes import Athlete
from simulator.awkward_cases import CASES, USUAL_START
from simulator.plan import Intention, Plan, gym_plan, make_plan, manual_plan

Json = dict[str, Any]

_BLOCK_DAYS = 28
_SETTLED_DAYS = 2
_USUAL_TEMP_C = 14.0
_HUGE_ID = 2**60
# Far behind the ids of ordinary activities: they count seconds, and this is 63 years of them.
_ID_SHIFT_S = 2_000_000_000


def case_plan(athlete: Athlete, name: str, now_s: float) -> Plan:
    case = CASES[name]
    zone = ZoneInfo(case.zone or athlete.home.zone)
    today = dt.datetime.fromtimestamp(now_s, tz=zone).date() - dt.timedelta(days=_SETTLED_DAYS)
    day = _day_in_block(name, today) if case.date is None else case.date(today)
    start_s = int(dt.datetime.combine(day, case.at, tzinfo=zone).timestamp())
    rng = np.random.default_rng([athlete.seed, athlete.index, 13, zlib.crc32(name.encode())])
    if name == "manual":
        return manual_plan("WeightTraining", start_s, 2700)
    if name == "no distance":
        return gym_plan(rng, athlete, start_s, 2700)
    aim = Intention(
        sport=case.sport,
        effort="easy",
        start_s=start_s,
        length_m=case.length_km * 1000,
        temp_c=_USUAL_TEMP_C,
        fitness=1.0,
        trainer=case.trainer,
    )
    drawn = replace(make_plan(rng, athlete, aim), recording="every second", zone=case.zone)
    return case.plan(athlete, drawn)


def case_now(athlete: Athlete, name: str, now_s: float) -> Plan:
    """The case as it would end now, unless it needs a time of its own."""
    plan, case = case_plan(athlete, name, now_s), CASES[name]
    if case.date is not None or case.at != USUAL_START:
        return plan
    return replace(plan, start_s=int(now_s) - plan.elapsed_s)


def case_number(name: str, start_s: int, stride: int) -> int:
    """What stands in place of the second in which an ordinary activity began."""
    return _HUGE_ID // stride + start_s if CASES[name].huge_id else _ID_SHIFT_S + start_s


def odd_row(name: str, row: Json) -> Json:
    """A summary or a detail as it goes over the wire."""
    if not name:
        return row
    case = CASES[name]
    shown = {key: value for key, value in row.items() if key not in case.absent}
    return shown | case.fields(shown)


def odd_lap(name: str, lap: Json) -> Json:
    return lap | CASES[name].lap_fields(lap) if name else lap


def odd_streams(name: str, data: dict[str, bytes]) -> dict[str, bytes]:
    """Streams as text: some missing, some with gaps."""
    if not name:
        return data
    case = CASES[name]
    return {
        key: _with_gaps(text) if key in case.null_streams else text
        for key, text in data.items()
        if key not in case.absent_streams
    }


def _day_in_block(name: str, today: dt.date) -> dt.date:
    block = today.toordinal() // _BLOCK_DAYS - 1
    place = list(CASES).index(name) * _BLOCK_DAYS // len(CASES)
    return dt.date.fromordinal(block * _BLOCK_DAYS + place)


def _with_gaps(text: bytes) -> bytes:
    """The sensor is gone at times, though never at the peak that the totals tell of."""
    values = text.split(b",")
    peak = max(values, key=float)
    gone = (
        b"null" if n % 97 < n // 97 % 9 and value != peak else value
        for n, value in enumerate(values)
    )
    return b",".join(gone)
