"""Google's encoded polyline, precision 5, as Strava's maps carry it."""

import numpy as np
import numpy.typing as npt

_CHUNK = 0x20


def encode_polyline(lat: npt.NDArray[np.float64], lng: npt.NDArray[np.float64]) -> str:
    """Text of the line; empty for no points."""
    if not lat.size:
        return ""
    points = np.rint(np.column_stack([lat, lng]) * 1e5).astype(np.int64)
    deltas = np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel()
    zigzag = np.where(deltas < 0, ~(deltas << 1), deltas << 1)
    letters: list[str] = []
    for value in zigzag.tolist():
        rest = value
        while rest >= _CHUNK:
            letters.append(chr((_CHUNK | (rest & 0x1F)) + 63))
            rest >>= 5
        letters.append(chr(rest + 63))
    return "".join(letters)
