"""People and activities of a recorded world; their files are read when somebody asks for them."""

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from simulator.athletes import Athlete, Gear
from simulator.faults import FaultError
from simulator.recorded_columns import Columns, columns_of, corrected, points

Json = dict[str, Any]

_ATHLETE_DETAIL = frozenset(
    {
        "follower_count", "friend_count", "mutual_friend_count", "athlete_type", "date_preference",
        "measurement_preference", "ftp", "weight", "clubs", "bikes", "shoes",
    }
)  # fmt: skip


_VALUES = re.compile(rb'"data"\s*:\s*\[([^\[\]]*)\]')
_BLOCK_BYTES = 65_536


@dataclass(frozen=True)
class Recording:
    """One recorded activity: what lists, events and totals need; the rest stays on disk."""

    activity_id: int
    athlete_id: int
    start_s: int
    elapsed_s: int
    moving_s: int
    distance_m: float
    gain_m: float
    max_speed_mps: float
    name: str
    sport_type: str
    gear_id: str | None
    visibility: str
    zone: str | None
    start: tuple[float, float] | None
    detail_path: Path
    streams_path: Path | None
    zones_path: Path | None

    @property
    def private(self) -> bool:
        return self.visibility == "only_me"

    def streams(self) -> tuple[bytes, Columns]:
        """The file and what it says."""
        if self.streams_path is None:
            return b"{}", {}
        with _readable(self.streams_path) as file:
            text = file.read()
            return text, columns_of(text)

    def point_count(self, until_s: int | None) -> int:
        if until_s is None:
            return self._points
        return points(corrected(self.streams()[1], until_s, 1.0))

    @cached_property
    def _points(self) -> int:
        """The length of the first stream of plain values; all are equally long."""
        if self.streams_path is None:
            return 0
        text = b""
        with _readable(self.streams_path) as file:
            while block := file.read(_BLOCK_BYTES):
                text += block
                found = _VALUES.search(text)
                if found is not None:
                    return found[1].count(b",") + 1 if found[1].strip() else 0
            return points(columns_of(text))


@dataclass(frozen=True, eq=False)
class RecordedAthlete(Athlete):
    """Someone of whom there are files; body and home serve only for new, made-up activities."""

    body: Json
    path: Path
    zones_path: Path | None
    gear_paths: dict[str, Path]

    @property
    def athlete_id(self) -> int:
        return int(self.body["id"])

    @property
    def first_name(self) -> str:
        return str(self.body.get("firstname") or "")

    @property
    def last_name(self) -> str:
        return str(self.body.get("lastname") or "")

    @property
    def subscribes(self) -> bool:
        return bool(self.body.get("premium", self.body.get("summit", True)))

    @cached_property
    def bikes(self) -> tuple[Gear, ...]:
        return tuple(_gear(piece) for piece in self.pieces("bikes"))

    @cached_property
    def shoes(self) -> tuple[Gear, ...]:
        return tuple(_gear(piece) for piece in self.pieces("shoes"))

    def detail(self, changes: Json) -> bytes:
        return compact(self.body | changes) if changes else self.path.read_bytes()

    def summary(self, changes: Json) -> Json:
        body = self.body | changes | {"resource_state": 2}
        return {name: value for name, value in body.items() if name not in _ATHLETE_DETAIL}

    def gear(self, gear_id: str) -> bytes | None:
        """The file, or what the athlete's own list says of it."""
        if gear_id in self.gear_paths:
            return self.gear_paths[gear_id].read_bytes()
        listed = self.listed_gear(gear_id)
        return None if listed is None else compact(listed)

    def listed_gear(self, gear_id: str) -> Json | None:
        pieces = self.pieces("bikes") + self.pieces("shoes")
        return next((piece for piece in pieces if piece["id"] == gear_id), None)

    def pieces(self, kind: str) -> list[Json]:
        found = self.body.get(kind)
        pieces = found if isinstance(found, list) else []
        return [p for p in pieces if isinstance(p, dict) and isinstance(p.get("id"), str)]


def compact(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@contextmanager
def _readable(path: Path) -> Iterator[BufferedIOBase]:
    """What is wrong with a file that is read late is told to whoever asked for it."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield file
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        wrong = f"{path} cannot be read ({error}). Record it again"
        raise FaultError(500, wrong, "Streams", "file", "invalid") from None


def _gear(piece: Json) -> Gear:
    name = str(piece.get("name") or piece["id"])
    return Gear(piece["id"], name, "", "", primary=bool(piece.get("primary")))
