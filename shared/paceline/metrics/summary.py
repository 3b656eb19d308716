"""One activity's metrics from its streams: the columns of landing.metrics."""

from typing import Any

import numpy as np

from paceline.metrics import heart, power
from paceline.metrics.recording import Floats, Recording, coverage, record
from paceline.model.streams import Streams

# A measure that is missing for more than half of the recorded time says nothing.
ENOUGH = 0.5


def summarise(streams: Streams) -> dict[str, Any]:
    """What the streams say, independent of the athlete's settings. NULL where they do not say."""
    if "t" not in streams.columns:
        return {"points": streams.points}
    t = streams.columns["t"].fill_null(-1).to_numpy(zero_copy_only=False)
    recording = record(t)
    return {
        "points": streams.points,
        "recorded_s": recording.recorded_s,
        "paused_s": recording.paused_s,
        "moving_s": _moving_s(streams, recording),
        **_power(_grid(streams, recording, "power_w")),
        **_heart(_grid(streams, recording, "heartrate_bpm")),
    }


def _power(grid: Floats | None) -> dict[str, Any]:
    if grid is None:
        return {}
    watts = power.clean(grid)
    share = coverage(watts)
    if share is None or share < ENOUGH:
        return {"power_coverage": share}
    return {
        "power_coverage": share,
        "average_power_w": power.average_w(watts),
        "max_power_w": float(np.nanmax(watts)),
        "normalized_power_w": power.normalized_power_w(watts),
        "work_kj": power.work_kj(watts),
    }


def _heart(grid: Floats | None) -> dict[str, Any]:
    if grid is None:
        return {}
    bpm = heart.clean(grid)
    share = coverage(bpm)
    if share is None or share < ENOUGH:
        return {"heartrate_coverage": share}
    return {
        "heartrate_coverage": share,
        "average_heartrate_bpm": heart.average_bpm(bpm),
        "max_heartrate_bpm": heart.max_bpm(bpm),
    }


def _moving_s(streams: Streams, recording: Recording) -> int | None:
    """Recorded seconds that end moving; a pause counts for nothing."""
    if "moving" not in streams.columns:
        return None
    moving = streams.columns["moving"].fill_null(False).to_numpy(zero_copy_only=False)  # noqa: FBT003
    return int(recording.seconds[moving[recording.kept]].sum())


def _grid(streams: Streams, recording: Recording, column: str) -> Floats | None:
    if column not in streams.columns:
        return None
    return recording.grid(streams.columns[column].to_numpy(zero_copy_only=False))
