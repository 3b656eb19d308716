"""The laptop: SQLite, files and DuckDB behind the ports. Each adapter is imported when built."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from paceline.runtime.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

    from paceline.adapters.local.blobs import FileBlobs
    from paceline.adapters.local.bus import SqliteBus
    from paceline.adapters.local.duckdb import DuckDbWarehouse
    from paceline.adapters.local.sqlite import Database
    from paceline.adapters.local.state import SqliteState
    from paceline.adapters.local.system import RandomIds, SystemClock
    from paceline.adapters.strava.oauth import StravaTokenEndpoint
    from paceline.adapters.strava.session import StravaSession
    from paceline.adapters.strava.subscription import PushSubscription
    from paceline.adapters.strava.wire import StravaWire
    from paceline.budget import Budget
    from paceline.lake import Lake
    from paceline.ledger import Ledger
    from paceline.reading import Reading
    from paceline.spool import Spool
    from paceline.steps.backfill import Backfilling
    from paceline.steps.build_marts import Building
    from paceline.steps.connect_athlete import Connecting
    from paceline.steps.fetch_activity import Fetching
    from paceline.steps.forget_athlete import Forgetting
    from paceline.steps.load_silver import Loading
    from paceline.steps.receive_webhook import Receiving
    from paceline.steps.reconcile import Reconciling
    from paceline.steps.release_work import Releasing
    from paceline.vault import Vault

T = TypeVar("T")


class Part(Generic[T]):
    """Built on first use, and once, whichever thread is first."""

    def __init__(self, build: "Callable[[LocalRuntime], T]") -> None:
        self._build = build
        self._name = build.__name__

    def __get__(self, runtime: "LocalRuntime", _owner: type) -> T:
        with runtime.building:
            if self._name not in runtime.built:
                runtime.built[self._name] = self._build(runtime)
            return cast("T", runtime.built[self._name])


class LocalRuntime:
    """Where each port's adapter comes from, and what each step is given."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.built: dict[str, Any] = {}
        self.building = threading.RLock()

    def close(self) -> None:
        """Close what was opened, in the order of use: the last built first."""
        with self.building:
            for part in reversed(self.built.values()):
                if hasattr(part, "close"):
                    part.close()
            self.built.clear()

    # What each step is given.

    @Part
    def receiving(self) -> "Receiving":
        from paceline.steps.receive_webhook import Receiving

        return Receiving(
            publisher=self.bus,
            clock=self.clock,
            ids=self.ids,
            webhook_secret=self.settings.webhook_secret,
            verify_token=self.settings.verify_token,
            subscription_id=self.subscription_id,
            spool=lambda: self.spool,
        )

    @Part
    def fetching(self) -> "Fetching":
        from paceline.steps.fetch_activity import Fetching

        return Fetching(
            ledger=self.ledger,
            reading=self.reading,
            wire=self.wire,
            lake=self.lake,
            clock=self.clock,
        )

    @Part
    def loading(self) -> "Loading":
        from paceline.steps.load_silver import Loading

        return Loading(
            bronze=self.bronze,
            wire=self.wire,
            landing=self.warehouse,
            schemas=self.landing_schemas,
            clock=self.clock,
        )

    @Part
    def releasing(self) -> "Releasing":
        from paceline.steps.release_work import Releasing

        return Releasing(
            ledger=self.ledger,
            budget=self.budget,
            publisher=self.bus,
            clock=self.clock,
            ids=self.ids,
            backfilling=self.backfilling,
            spool=self.spool,
        )

    @Part
    def reconciling(self) -> "Reconciling":
        from paceline.steps.comparison import Checking
        from paceline.steps.fetch_profile import Profiling
        from paceline.steps.reconcile import Reconciling

        return Reconciling(
            state=self.state,
            vault=self.vault,
            checking=Checking(self.ledger, self.reading, self.wire, self.clock),
            profiling=Profiling(self.reading, self.wire, self.lake, self.clock),
            lake=self.lake,
            clock=self.clock,
            ids=self.ids,
        )

    @Part
    def building_marts(self) -> "Building":
        from paceline.steps.build_marts import Building

        return Building(self.warehouse)

    @Part
    def connecting(self) -> "Connecting":
        from paceline.steps.connect_athlete import Connecting, Consent
        from paceline.tickets import Tickets

        settings = self.settings
        consent = Consent(
            page=f"{settings.strava_oauth_base}/authorize",
            client_id=settings.strava_client_id,
            scopes=settings.strava_scopes,
            redirect_uri=f"{settings.base_url}/connect_athlete/callback",
        )
        tickets = Tickets(settings.strava_client_secret, self.clock)
        return Connecting(self.oauth, self.vault, self.ids, tickets, consent, time.sleep)

    @Part
    def forgetting(self) -> "Forgetting":
        from paceline.steps.forget_athlete import Forgetting

        return Forgetting(self.vault, self.budget)

    @Part
    def backfilling(self) -> "Backfilling":
        from paceline.steps.backfill import Backfilling

        return Backfilling(
            state=self.state,
            ledger=self.ledger,
            reading=self.reading,
            wire=self.wire,
            lake=self.lake,
            clock=self.clock,
            ids=self.ids,
        )

    # The ports' adapters.

    @Part
    def clock(self) -> "SystemClock":
        from paceline.adapters.local.system import SystemClock

        return SystemClock()

    @Part
    def ids(self) -> "RandomIds":
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
    def state(self) -> "SqliteState":
        from paceline.adapters.local.state import SqliteState

        return SqliteState(self.state_file)

    @Part
    def state_file(self) -> "Database":
        from paceline.adapters.local.sqlite import Database

        return Database(self.home / "state.sqlite")

    @Part
    def bronze(self) -> "FileBlobs":
        from paceline.adapters.local.blobs import FileBlobs

        return FileBlobs(self.home / "bronze")

    @Part
    def warehouse(self) -> "DuckDbWarehouse":
        from paceline.adapters.local.duckdb import DuckDbWarehouse

        return DuckDbWarehouse(
            self.home / "warehouse.duckdb", self.marts_path, self.sql_root, self.clock
        )

    @Part
    def landing_schemas(self) -> "Mapping[str, pa.Schema]":
        from paceline.warehouse.tables import load_tables

        tables = load_tables(self.sql_root)
        return {name: table.arrow_schema() for name, table in tables.items()}

    # Strava.

    @Part
    def session(self) -> "StravaSession":
        from paceline.adapters.strava.session import StravaSession

        return StravaSession(self.settings.strava_api_base, self.settings.strava_oauth_base)

    @Part
    def oauth(self) -> "StravaTokenEndpoint":
        from paceline.adapters.strava.oauth import StravaTokenEndpoint

        settings = self.settings
        return StravaTokenEndpoint(
            self.session, settings.strava_client_id, settings.strava_client_secret
        )

    @Part
    def subscription(self) -> "PushSubscription":
        from paceline.adapters.strava.subscription import PushSubscription

        settings = self.settings
        return PushSubscription(
            self.session, settings.strava_client_id, settings.strava_client_secret
        )

    @Part
    def wire(self) -> "StravaWire":
        from paceline.adapters.strava.wire import StravaWire

        return StravaWire()

    @Part
    def reading(self) -> "Reading":
        from paceline.adapters.strava.api import StravaReadApi
        from paceline.reading import Reading

        return Reading(StravaReadApi(self.session), self.budget, self.vault)

    # Over the ports.

    @Part
    def lake(self) -> "Lake":
        from paceline.lake import Lake

        return Lake(self.bronze, self.bus)

    @Part
    def spool(self) -> "Spool":
        from paceline.spool import Spool

        return Spool(self.bronze, self.bus)

    @Part
    def ledger(self) -> "Ledger":
        from paceline.ledger import Ledger

        return Ledger(self.state)

    @Part
    def budget(self) -> "Budget":
        from paceline.budget import Budget

        return Budget(self.state, self.clock)

    @Part
    def vault(self) -> "Vault":
        from paceline.adapters.cipher import create_keyring, load_cipher
        from paceline.vault import Vault

        keyring = self.secrets / "keyring.json"
        if not keyring.exists():
            create_keyring(keyring)
        return Vault(self.state, load_cipher(keyring), self.oauth, self.clock, self.ids)

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

    def remember_subscription(self, subscription_id: int) -> None:
        new = self.secrets / f".subscription_id.{os.getpid()}"
        new.write_text(str(subscription_id))
        new.replace(self.secrets / "subscription_id")
