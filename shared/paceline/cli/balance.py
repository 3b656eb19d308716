"""`paceline balance`: how much of W' one activity used, by the critical power of its days.

The stored streams and the marts are read, and nothing is written: it works beside a running
service, and on Google Cloud.
"""

import argparse
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline.errors import SettingsInvalid
from paceline.metrics.balance import Balance, Balances, balances
from paceline.metrics.critical_power import LEAST_W_PRIME_J, MOST_W_PRIME_J
from paceline.metrics.power import MAX_CREDIBLE_W
from paceline.model.bronze import prefix_of
from paceline.runtime import current

if TYPE_CHECKING:
    from paceline.model.streams import Streams
    from paceline.ports import Reader
    from paceline.runtime.parts import Runtime

Row = dict[str, Any]

_ACTIVITY = """
SELECT
  activities.athlete_id,
  activities.activity_id,
  activities.name,
  activities.sport_type,
  activities.local_date,
  activities.power_is_measured,
  COALESCE(sports.sport_group, 'other') AS sport_group,
  days.today
FROM marts.activity_summary AS activities
INNER JOIN (
  SELECT athlete_id, MAX(as_of) AS today FROM marts.streaks GROUP BY athlete_id
) AS days
ON activities.athlete_id = days.athlete_id
LEFT JOIN marts.sports AS sports
ON activities.sport_type = sports.sport_type
WHERE activities.activity_id = @activity_id
"""
_LINES = """
SELECT period, critical_power_w, w_prime_j, r_squared, rejected
FROM marts.critical_power
WHERE athlete_id = @athlete_id AND sport_group = @sport_group
"""
_FORMS = {
    "differential": "each second B += (CP - P) (W' - B) / W' below CP, B -= P - CP above it;"
    " Skiba et al. 2015, Froncioni and Clarke",
    "integral": "B = W' - sum of (P - CP)+ exp(-(t - u) / tau), tau = 546 exp(-0.01 (CP - mean of"
    " P below CP)) + 316; Skiba et al. 2012",
}
_BY_HAND = "Give both of one test: --cp-w 265 --w-prime-j 18000."


@dataclass(frozen=True)
class Line:
    """Critical power and W', which belong together, and who says so."""

    cp_w: float
    w_prime_j: float
    source: str


def balance(arguments: argparse.Namespace) -> int:
    runtime = current()
    given = _given(arguments.cp_w, arguments.w_prime_j)
    with runtime.reader() as reader:
        activity = _activity(reader, arguments.activity_id)
        line = given or _line(reader, activity)
    name, streams = _streams(runtime, activity)
    found = _balances(streams, line, activity)
    report = _report(activity, line, found) | {"bronze": name}
    print(json.dumps(report, indent=2, default=str) if arguments.json else _page(report))
    return 0


def _given(cp_w: float | None, w_prime_j: float | None) -> Line | None:
    if cp_w is None and w_prime_j is None:
        return None
    if cp_w is None or w_prime_j is None:
        raise SettingsInvalid(f"Critical power and W' are two ends of one line. {_BY_HAND}")
    if not (0 < cp_w < MAX_CREDIBLE_W and LEAST_W_PRIME_J <= w_prime_j <= MOST_W_PRIME_J):
        raise SettingsInvalid(
            f"Critical power is within 0 to {MAX_CREDIBLE_W} W, and W' within {LEAST_W_PRIME_J} to"
            f" {MOST_W_PRIME_J} J. {_BY_HAND}"
        )
    return Line(cp_w, w_prime_j, "given by hand")


def _activity(reader: "Reader", activity_id: int) -> Row:
    rows: list[Row] = reader.query(_ACTIVITY, {"activity_id": activity_id}).to_pylist()
    if not rows:
        raise SettingsInvalid(
            f"The marts have no activity {activity_id}. Its id is the last part of its address at"
            f" Strava; `paceline sync {activity_id}` asks for it."
        )
    return rows[0]


def _line(reader: "Reader", activity: Row) -> Line:
    """Of the last 90 days where it is in them, else of its year."""
    key = {name: activity[name] for name in ("athlete_id", "sport_group")}
    rows = {row["period"]: row for row in reader.query(_LINES, key).to_pylist()}
    year, since = str(activity["local_date"].year), activity["today"] - timedelta(days=90)
    periods = ["90 days", year] if activity["local_date"] > since else [year]
    for period in periods:
        row = rows.get(period)
        if row and row["critical_power_w"] is not None:
            told = f"marts.critical_power of {activity['sport_group']}, {period}"
            source = f"{told} (R squared {row['r_squared']:.3f})"
            return Line(row["critical_power_w"], row["w_prime_j"], source)
    told = "; ".join(
        f"{period}: {rows[period]['rejected'] if period in rows else 'no measured power'}"
        for period in periods
    )
    raise SettingsInvalid(
        f"There is no critical power of {activity['sport_group']} for the days of this activity"
        f" ({told}). {_BY_HAND}"
    )


def _streams(runtime: "Runtime", activity: Row) -> "tuple[str, Streams]":
    """As Strava answered them last."""
    prefix = prefix_of(activity["athlete_id"], "streams", activity["activity_id"])
    for name in sorted(runtime.bronze.names(prefix), reverse=True):
        if blob := runtime.bronze.get(name):
            return name, runtime.wire.streams(gzip.decompress(blob.data))
    raise SettingsInvalid(
        f"Activity {activity['activity_id']} has no streams: nothing of it was recorded second by"
        f" second, or it was not read yet. `paceline sync {activity['activity_id']}` asks for it."
    )


def _balances(streams: "Streams", line: Line, activity: Row) -> Balances:
    found = None
    if {"t", "power_w"} <= streams.columns.keys():
        t = streams.columns["t"].fill_null(-1).to_numpy(zero_copy_only=False)
        watts = streams.columns["power_w"].to_numpy(zero_copy_only=False)
        found = balances(t, watts.astype(np.float64), line.cp_w, line.w_prime_j)
    if found is None:
        raise SettingsInvalid(
            f"Activity {activity['activity_id']} has no power for more than half of the time that"
            " was recorded. W' balance is of rides with a power meter."
        )
    return found


def _report(activity: Row, line: Line, found: Balances) -> Row:
    kept = ("athlete_id", "activity_id", "name", "sport_type", "local_date", "power_is_measured")
    forms = {"differential": found.differential, "integral": found.integral}
    return {
        **{name: activity[name] for name in kept},
        "cp_w": line.cp_w,
        "w_prime_j": line.w_prime_j,
        "cp_source": line.source,
        "recorded_s": found.recorded_s,
        "power_coverage": found.power_coverage,
        **{name: form._asdict() | {"formula": _FORMS[name]} for name, form in forms.items()},
    }


def _page(report: Row) -> str:
    return "\n".join(_lines(report))


def _lines(report: Row) -> Iterator[str]:
    yield "{activity_id} {name}, {sport_type}, {local_date}".format_map(report)
    yield f"  CP {report['cp_w']:.0f} W and W' {report['w_prime_j']:.0f} J: {report['cp_source']}"
    share = f"{100 * report['power_coverage']:.0f} %"
    yield f"  power in {share} of {report['recorded_s']} recorded seconds of {report['bronze']}"
    if not report["power_is_measured"]:
        yield "  Strava estimated this power: so is the balance"
    for name in _FORMS:
        yield from _form(name, report[name], report["w_prime_j"])


def _form(name: str, form: Row, w_prime_j: float) -> Iterator[str]:
    told = Balance(**{field: form[field] for field in Balance._fields})
    minutes, seconds = divmod(told.least_at_s, 60)
    clock = f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    least = f"least {told.least_j:.0f} J ({100 * told.least_j / w_prime_j:.0f} %) at {clock}"
    yield f"  {name}: {least}, in the end {told.end_j:.0f} J"
    if told.cp_too_low:
        yield "      below 0, which nobody reaches: CP or W' is set too low for this day"
    yield f"      {form['formula']}"
