"""Streams as bytes, made once for each activity and then only joined and sent."""

from collections import OrderedDict
from collections.abc import Iterable

from simulator.awkward import odd_streams
from simulator.numerals import json_booleans, json_numbers, json_pairs
from simulator.streams import FloatArray, Streams

KEYS = (
    "time", "distance", "latlng", "altitude", "velocity_smooth", "heartrate", "cadence",
    "watts", "temp", "moving", "grade_smooth",
)  # fmt: skip

Parts = dict[str, bytes]


def encode_streams(streams: Streams, case: str = "") -> Parts:
    """The data of each stream that the activity has, as JSON text without the brackets."""
    columns: tuple[tuple[str, FloatArray | None, int], ...] = (
        ("time", streams.time_s, 0),
        ("distance", streams.distance_m, 1),
        ("altitude", streams.altitude_m, 1),
        ("velocity_smooth", streams.speed_mps, 3),
        ("heartrate", streams.heartrate, 0),
        ("cadence", streams.cadence, 0),
        ("watts", streams.watts, 0),
        ("temp", streams.temp_c, 0),
        ("grade_smooth", streams.grade_pct, 1),
    )
    data = {name: json_numbers(c, decimals) for name, c, decimals in columns if c is not None}
    data["moving"] = json_booleans(streams.moving)
    if streams.lat is not None and streams.lng is not None:
        data["latlng"] = json_pairs(streams.lat, streams.lng, 6)
    data = odd_streams(case, data)
    base = "distance" if "distance" in data else "time"
    rest = f'],"series_type":"{base}","original_size":{len(streams)},"resolution":"high"}}'
    return {name: b'"data":[' + text + rest.encode() for name, text in data.items()}


def stream_set(parts: Parts, keys: Iterable[str], *, by_type: bool) -> bytes:
    """The wanted streams that exist; distance comes with any of them."""
    wanted = {*keys, "distance"}
    names = [name for name in KEYS if name in wanted and name in parts]
    # One join, since each copy of a long stream set costs as much as everything else here.
    opening, named, closing = (
        (b"{", b'%s"%s":{', b"}") if by_type else (b"[", b'%s{"type":"%s",', b"]")
    )
    pieces = [opening]
    for n, name in enumerate(names):
        pieces += [named % (b"," if n else b"", name.encode()), parts[name]]
    return b"".join([*pieces, closing])


class StreamCache:
    """The most recently read ones, up to a number of bytes."""

    def __init__(self, most_bytes: int = 32 * 1024 * 1024) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[object, Parts] = OrderedDict()
        self._bytes = 0

    def get(self, key: object) -> Parts | None:
        parts = self._kept.get(key)
        if parts is not None:
            self._kept.move_to_end(key)
        return parts

    def put(self, key: object, parts: Parts) -> None:
        self._kept[key] = parts
        self._bytes += _size(parts)
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= _size(oldest)


def _size(parts: Parts) -> int:
    return sum(len(text) for text in parts.values())
