"""The laptop: SQLite, files and DuckDB behind the ports. Each adapter is imported when built."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from paceline.runtime.part import Part
from paceline.runtime.parts import Runtime

if TYPE_CHECKING:
    import pyarrow as pa

    from paceline.adapters.local.bus import SqliteBus
    from paceline.adapters.local.duckdb import DuckDbWarehouse
    from paceline.adapters.local.sqlite import Database
    from paceline.ports import (
        Blobs,
        Cipher,
        Clock,
        DeadLetters,
        Ids,
        Publisher,
        Reader,
        State,
        Warehouse,
    )


class LocalRuntime(Runtime):
    """Where each port's adapter comes from on a laptop."""

    @Part
    def publisher(self) -> "Publisher":
        return self.bus

    @Part
    def dead_letters(self) -> "DeadLetters":
        return self.bus

    def waiting(self) -> Mapping[str, int]:
        from paceline.model.routes import SUBSCRIPTIONS

        return {each.name: self.bus.backlog(each.name) for each in SUBSCRIPTIONS}

    def reader(self) -> "AbstractContextManager[Reader]":
        from paceline.adapters.local.duckdb_reader import open_marts

        return open_marts(self.marts_path, self.sql_root)

    # The ports' adapters.

    @Part
    def clock(self) -> "Clock":
        from paceline.adapters.local.system import ScaledClock, SystemClock

        rehearsed = self.settings.clock
        if rehearsed is None:
            return SystemClock()
        return ScaledClock(rehearsed.real, rehearsed.simulated, rehearsed.speed)

    @Part
    def ids(self) -> "Ids":
        from paceline.adapters.local.system import RandomIds

        return RandomIds()

    @Part
    def bus(self) -> "SqliteBus":
        from paceline.adapters.local.bus import SqliteBus
        from paceline.model.routes import SUBSCRIPTIONS

        return SqliteBus(
            self.bus_file, SUBSCRIPTIONS, self.clock, self.ids, lease_s=self.settings.lease_s
        )

    @Part
    def bus_file(self) -> "Database":
        from paceline.adapters.local.sqlite import Database

        return Database(self.home / "bus.sqlite")

    @Part
    def state(self) -> "State":
        from paceline.adapters.local.state import SqliteState

        return SqliteState(self.state_file)

    @Part
    def state_file(self) -> "Database":
        from paceline.adapters.local.sqlite import Database

        return Database(self.home / "state.sqlite")

    @Part
    def bronze(self) -> "Blobs":
        from paceline.adapters.local.blobs import FileBlobs

        return FileBlobs(self.home / "bronze")

    @Part
    def warehouse(self) -> "Warehouse":
        return self.duckdb

    @Part
    def duckdb(self) -> "DuckDbWarehouse":
        return self._warehouse_at(self.warehouse_path)

    def rebuilt_warehouse(self) -> "DuckDbWarehouse":
        """An empty one, to take the other's place."""
        self.rebuilt_path.unlink(missing_ok=True)
        self.rebuilt_path.with_name(self.rebuilt_path.name + ".wal").unlink(missing_ok=True)
        return self._warehouse_at(self.rebuilt_path)

    def _warehouse_at(self, path: Path) -> "DuckDbWarehouse":
        from paceline.adapters.local.duckdb import DuckDbWarehouse

        return DuckDbWarehouse(path, self.marts_path, self.sql_root, self.clock)

    @Part
    def landing_schemas(self) -> "Mapping[str, pa.Schema]":
        from paceline.warehouse.tables import load_tables

        tables = load_tables(self.sql_root)
        return {name: table.arrow_schema() for name, table in tables.items()}

    @Part
    def cipher(self) -> "Cipher":
        from paceline.adapters.cipher import create_keyring, load_cipher

        keyring = self.secrets / "keyring.json"
        if not keyring.exists():
            create_keyring(keyring)
        return load_cipher(keyring)

    # Places.

    @Part
    def home(self) -> Path:
        self.settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.settings.home

    @Part
    def secrets(self) -> Path:
        folder = self.home / "secrets"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    @property
    def warehouse_path(self) -> Path:
        return self.home / "warehouse.duckdb"

    @property
    def rebuilt_path(self) -> Path:
        return self.home / "warehouse.duckdb.rebuilt"

    @property
    def marts_path(self) -> Path:
        return self.home / "marts.duckdb"

    @property
    def sql_root(self) -> Path:
        return self.settings.root / "sql"

    def subscription_id(self) -> int | None:
        """Read each time: subscribing takes effect without a restart."""
        try:
            return int((self.secrets / "subscription_id").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def remember_subscription(self, subscription_id: int | None) -> None:
        new = self.secrets / f".subscription_id.{os.getpid()}"
        new.write_text(str(subscription_id))  # None is no number either when it is read
        new.replace(self.secrets / "subscription_id")
