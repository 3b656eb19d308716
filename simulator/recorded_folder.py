"""Reads a folder of recorded files at start, and refuses it as a whole when a file is wrong."""

import datetime as dt
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from simulator.athletes import ATHLETE_ID_BASE, Athlete, make_athlete
from simulator.config import SimulatorConfig
from simulator.recorded import Json, RecordedAthlete, Recording

Read = TypeVar("Read")

_MOST_ID = 2**63 - 1
_MOST_SHOWN = 20
_STREAM_ENDINGS = (".json", ".json.gz")


class BadFileError(Exception):
    """A file, what is wrong with it and what to do."""

    def __init__(self, path: Path, wrong: str, remedy: str) -> None:
        super().__init__(f"{path}: {wrong}. {remedy}")


class BadFolderError(Exception):
    """All that is wrong with a folder, one line each."""

    def __init__(self, problems: list[str]) -> None:
        hidden = len(problems) - _MOST_SHOWN
        more = [f"... and {hidden} more"] if hidden > 0 else []
        super().__init__("\n".join(problems[:_MOST_SHOWN] + more))


@dataclass(frozen=True, slots=True)
class RecordedFolder:
    athletes: dict[int, RecordedAthlete] = field(default_factory=dict)
    recordings: dict[int, Recording] = field(default_factory=dict)


def load_folder(config: SimulatorConfig) -> RecordedFolder:
    """Empty when the configuration names none."""
    if config.recorded is None:
        return RecordedFolder()
    folder = Path(config.recorded)
    problems: list[str] = []
    people = _each(folder / "athletes", problems, _read_athlete)
    recordings = _each(folder / "activities", problems, _ActivityReader(folder, set(people)))
    _check_streams(folder / "streams", set(recordings), problems)
    if not people and not problems:
        problems.append(f"{folder}: no athletes/<id>.json. Record at least one athlete")
    problems += [
        f"{folder / 'athletes' / f'{athlete_id}.json'}: a generated athlete has this id too. "
        "Start with --athletes 0"
        for athlete_id in people
        if 1 <= athlete_id - ATHLETE_ID_BASE <= config.athletes
    ]
    athletes = _athletes(config, folder, people, recordings, problems)
    if problems:
        raise BadFolderError(problems)
    return RecordedFolder(athletes, recordings)


def _each(folder: Path, problems: list[str], read: Callable[[Path], Read]) -> dict[int, Read]:
    """`<id>.json` files by id; what stands beside them under other endings is left alone."""
    found: dict[int, Read] = {}
    if not folder.is_dir():
        problems.append(f"{folder}: there is no such folder. Make it, even if it stays empty")
        return found
    for path in sorted(folder.glob("*.json")):
        if path.name.endswith(".zones.json"):
            continue
        try:
            found[_id_of(path, ".json")] = read(path)
        except BadFileError as error:
            problems.append(str(error))
    return found


def _id_of(path: Path, ending: str) -> int:
    digits = path.name.removesuffix(ending)
    if not (digits.isascii() and digits.isdigit() and 0 < int(digits) <= _MOST_ID):
        raise BadFileError(path, "its name is not an id", "Name it <id>.json")
    return int(digits)


def _object(path: Path, ending: str = ".json") -> Json:
    try:
        body = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise BadFileError(path, f"it cannot be read ({error})", "Record it again") from None
    if not isinstance(body, dict):
        raise BadFileError(path, "it is not a JSON object", "Store the body as Strava sent it")
    if body.get("id") != _id_of(path, ending):
        raise BadFileError(path, f"its id is {body.get('id')!r}", "Name the file after its id")
    return body


def _read_athlete(path: Path) -> Json:
    return _object(path)


class _ActivityReader:
    def __init__(self, folder: Path, athlete_ids: set[int]) -> None:
        self._streams = folder / "streams"
        self._athlete_ids = athlete_ids

    def __call__(self, path: Path) -> Recording:
        body = _object(path)
        owner = body.get("athlete")
        owner_id = owner.get("id") if isinstance(owner, dict) else None
        if owner_id not in self._athlete_ids:
            raise BadFileError(
                path,
                f"its athlete.id is {owner_id!r}, who is not recorded",
                f"Add athletes/{owner_id}.json" if owner_id else "Store whose activity it is",
            )
        zones = path.with_name(f"{body['id']}.zones.json")
        name, sport = body.get("name"), body.get("sport_type") or body.get("type")
        if not isinstance(name, str | None) or not isinstance(sport, str):
            wrong = "name or sport_type is no text"
            raise BadFileError(path, wrong, "Store the body as Strava sent it")
        elapsed_s = int(_amount(path, body, "elapsed_time"))
        return Recording(
            activity_id=body["id"],
            athlete_id=int(str(owner_id)),
            start_s=_start_s(path, body),
            elapsed_s=elapsed_s,
            moving_s=int(_amount(path, body, "moving_time")),
            distance_m=_amount(path, body, "distance"),
            gain_m=_amount(path, body, "total_elevation_gain"),
            max_speed_mps=_amount(path, body, "max_speed"),
            name=name or "",
            sport_type=sport,
            gear_id=body.get("gear_id"),
            visibility=_visibility(body),
            zone=_zone(body),
            start=_start(body),
            detail_path=path,
            streams_path=self._streams_path(body["id"]),
            zones_path=zones if zones.is_file() else None,
        )

    def _streams_path(self, activity_id: int) -> Path | None:
        found = [
            path
            for ending in _STREAM_ENDINGS
            if (path := self._streams / f"{activity_id}{ending}").is_file()
        ]
        if len(found) > 1:
            raise BadFileError(found[1], f"{found[0].name} is there too", "Keep one of them")
        return found[0] if found else None


def _visibility(body: Json) -> str:
    if body.get("private") is True:
        return "only_me"
    return str(body.get("visibility") or "everyone")


def _zone(body: Json) -> str | None:
    """The name after the offset, when this machine knows it."""
    name = str(body.get("timezone") or "").rpartition(" ")[2]
    try:
        ZoneInfo(name)
    except (ValueError, OSError):
        return None
    return name


def _start(body: Json) -> tuple[float, float] | None:
    place = body.get("start_latlng")
    if not (isinstance(place, list) and len(place) == 2):  # noqa: PLR2004 - latitude, longitude
        return None
    lat, lng = place
    good = isinstance(lat, int | float) and isinstance(lng, int | float)
    return (float(lat), float(lng)) if good else None


def _amount(path: Path, body: Json, name: str) -> float:
    """Strava leaves out, or sends null for, what was not measured."""
    value = body.get(name)
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadFileError(path, f"{name} is {value!r}", "It has to be a number")
    return float(value)


def _start_s(path: Path, body: Json) -> int:
    text = body.get("start_date")
    try:
        moment = dt.datetime.fromisoformat(str(text))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        remedy = "It has to be an instant, such as 2026-10-03T10:02:11Z"
        raise BadFileError(path, f"start_date is {text!r}", remedy)
    return int(moment.timestamp())


def _check_streams(folder: Path, activity_ids: set[int], problems: list[str]) -> None:
    """Names only: what is in a stream file is seen when it is asked for."""
    for path, ending in _stream_files(folder):
        try:
            if _id_of(path, ending) not in activity_ids:
                remedy = "Record the activity too, or remove the streams"
                problems.append(f"{path}: there is no good activity with this id. {remedy}")
        except BadFileError as error:
            problems.append(str(error))


def _stream_files(folder: Path) -> Iterator[tuple[Path, str]]:
    for ending in _STREAM_ENDINGS:
        for path in sorted(folder.glob(f"*{ending}")):
            yield path, ending


def _athletes(
    config: SimulatorConfig,
    folder: Path,
    people: dict[int, Json],
    recordings: dict[int, Recording],
    problems: list[str],
) -> dict[int, RecordedAthlete]:
    theirs: dict[int, list[Recording]] = {athlete_id: [] for athlete_id in people}
    for recording in recordings.values():
        theirs[recording.athlete_id].append(recording)
    files = {path.name.removesuffix(".json"): path for path in (folder / "gear").glob("*.json")}
    athletes: dict[int, RecordedAthlete] = {}
    for number, (athlete_id, body) in enumerate(people.items()):
        path = folder / "athletes" / f"{athlete_id}.json"
        made_up = make_athlete(config.seed, config.athletes + 1 + number)
        made_up = _like(made_up, body, theirs[athlete_id])
        zones = path.with_name(f"{athlete_id}.zones.json")
        athlete = RecordedAthlete(
            **{part.name: getattr(made_up, part.name) for part in fields(Athlete)},
            body=body,
            path=path,
            zones_path=zones if zones.is_file() else None,
            gear_paths={},
        )
        own = {recording.gear_id or "" for recording in theirs[athlete_id]}
        own |= {gear.gear_id for gear in athlete.bikes + athlete.shoes}
        mine = {gear_id: files.pop(gear_id) for gear_id in own & files.keys()}
        athletes[athlete_id] = replace(athlete, gear_paths=mine)
    remedy = "Remove the file, or add it to bikes or shoes of its athlete"
    problems += [f"{path}: no recorded athlete has this gear. {remedy}" for path in files.values()]
    return athletes


def _like(made_up: Athlete, body: Json, theirs: list[Recording]) -> Athlete:
    """New activities begin where the newest recorded one did, in its time zone."""
    oldest_first = sorted(theirs, key=lambda recording: recording.start_s)
    zones = [recording.zone for recording in oldest_first if recording.zone]
    starts = [recording.start for recording in oldest_first if recording.start]
    lat, lng = starts[-1] if starts else (made_up.home.lat, made_up.home.lng)
    home = replace(
        made_up.home,
        city=str(body.get("city") or made_up.home.city),
        country=str(body.get("country") or made_up.home.country),
        zone=zones[-1] if zones else made_up.home.zone,
        lat=lat,
        lng=lng,
    )
    ftp_w, weight_kg = body.get("ftp"), body.get("weight")
    return replace(
        made_up,
        home=home,
        has_meter=isinstance(ftp_w, int | float),
        ftp_w=float(ftp_w) if isinstance(ftp_w, int | float) else made_up.ftp_w,
        weight_kg=float(weight_kg) if isinstance(weight_kg, int | float) else made_up.weight_kg,
    )
