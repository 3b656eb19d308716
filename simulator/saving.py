"""Writes a world as a folder of recorded files, by asking its API as an application would."""

import gzip
import itertools
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from simulator.app import create_app
from simulator.config import SimulatorConfig
from simulator.wire_streams import KEYS

_SCOPES = "read,activity:read,activity:read_all,profile:read_all"
_UNLIMITED = (10**9, 10**9)
_PER_PAGE = 200
_OK, _NO_SUBSCRIPTION, _NOT_FOUND = 200, 402, 404
_FOLDERS = ("athletes", "activities", "streams", "gear")


class SavingError(Exception):
    """Why a world could not be written."""


async def save_world(config: SimulatorConfig, folder: Path) -> int:
    """The number of activities; the folder has to be new or empty."""
    _prepare(folder)
    app = create_app(replace(config, read_limits=_UNLIMITED, overall_limits=_UNLIMITED))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://simulated") as http:
        people = (await http.get("/_sim/athletes")).raise_for_status().json()
        saved = 0
        for person in people:
            saver = _Saver(http, config, folder)
            await saver.sign_in(person["id"])
            saved += await saver.save()
    return saved


def _prepare(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SavingError(f"{folder} is not empty. Name a new folder, or empty this one.")
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)


def _write(file: Path, body: bytes) -> None:
    file.write_bytes(body)


@dataclass
class _Saver:
    """Of one athlete."""

    http: httpx.AsyncClient
    config: SimulatorConfig
    folder: Path

    async def sign_in(self, athlete_id: int) -> None:
        click = {"athlete_id": athlete_id, "scope": _SCOPES}
        code = (await self.http.post("/_sim/authorize", json=click)).json()["code"]
        form = {
            "client_id": str(self.config.client_id),
            "client_secret": self.config.client_secret,
            "grant_type": "authorization_code",
            "code": code,
        }
        token = (await self.http.post("/oauth/token", data=form)).json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    async def save(self) -> int:
        athlete = await self._ask("/athlete")
        body = json.loads(athlete)
        people = self.folder / "athletes"
        _write(people / f"{body['id']}.json", athlete)
        await self._keep("/athlete/zones", people / f"{body['id']}.zones.json")
        for gear in body["bikes"] + body["shoes"]:
            await self._keep(f"/gear/{gear['id']}", self.folder / "gear" / f"{gear['id']}.json")
        saved = 0
        for page in itertools.count(1):
            rows = await self._rows(page)
            if not rows:
                break
            for row in rows:
                await self._save_activity(row["id"])
            saved += len(rows)
        return saved

    async def _rows(self, page: int) -> list[dict[str, Any]]:
        path = f"/athlete/activities?per_page={_PER_PAGE}&page={page}"
        rows: list[dict[str, Any]] = json.loads(await self._ask(path))
        return rows

    async def _save_activity(self, activity_id: int) -> None:
        path, files = f"/activities/{activity_id}", self.folder / "activities"
        await self._keep(path, files / f"{activity_id}.json")
        await self._keep(f"{path}/zones", files / f"{activity_id}.zones.json")
        streams = await self._ask_for(f"{path}/streams?keys={','.join(KEYS)}&key_by_type=true")
        if streams is not None:
            # Without a time of its own: the same world gives the same files.
            packed = gzip.compress(streams, compresslevel=6, mtime=0)
            _write(self.folder / "streams" / f"{activity_id}.json.gz", packed)

    async def _keep(self, path: str, file: Path) -> None:
        body = await self._ask_for(path)
        if body is not None:
            _write(file, body)

    async def _ask(self, path: str) -> bytes:
        body = await self._ask_for(path)
        if body is None:
            raise SavingError(f"{path} is not there.")
        return body

    async def _ask_for(self, path: str) -> bytes | None:
        """None for what the world does not have."""
        answer = await self.http.get(path)
        if answer.status_code in {_NOT_FOUND, _NO_SUBSCRIPTION}:
            return None
        if answer.status_code != _OK:
            raise SavingError(
                f"{path} was answered with {answer.status_code}. Save without knobs that disturb."
            )
        return answer.content
