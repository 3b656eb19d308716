"""The world of the demo and of the hard tests: the local runtime against a simulated Strava."""

from pathlib import Path

from paceline.cli.world import World
from paceline.runtime.local import LocalRuntime
from paceline.runtime.settings import Settings


class Rehearsal(World[LocalRuntime]):
    """Stores below one folder, and the local service."""

    def make_runtime(self) -> LocalRuntime:
        return LocalRuntime(Settings.from_env(self.settings()))

    def marts(self) -> Path:
        return self.runtime.marts_path

    def places(self) -> list[tuple[str, str, str]]:
        home = self.home
        return [
            ("webhook", self.url("paceline"), "all functions, in one process"),
            ("bus and state", f"{home}/*.sqlite", "in the cloud: Pub/Sub and Firestore"),
            ("bronze", f"{home}/bronze", "in the cloud: Cloud Storage"),
            ("silver", f"{home}/warehouse.duckdb", "in the cloud: BigQuery"),
            ("marts", f"{home}/marts.duckdb", "open it with any DuckDB, read-only"),
        ]
