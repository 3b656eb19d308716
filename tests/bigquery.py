"""Warehouses on BigQuery's stand-in."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from paceline.adapters.gcp.bigquery import BigQueryWarehouse, Limits
from paceline.cli.emulators.bigquery import PROJECT, bigquery
from paceline.cli.emulators.process import Emulator
from paceline.ports import Clock
from paceline.warehouse.order import reads
from tests.emulators import started, use
from tests.sql.landed import SQL, TABLES

LAKE = "lake_"  # what dataset names begin with

_FEW = (
    "landing.metrics",
    "marts.activity_summary",
    "marts.daily_summary",
    "marts.freshness",
    "marts.monthly_summary",
    "marts.sports",
    "ops.check_failures",
    "ops.failed_events",
    "ops.script_runs",
    "ops.warnings",
    "ops.watermarks",
    "silver.points",
)


def few_tables(folder: Path) -> Path:
    """A folder with some of our tables, and all that they read: the stand-in is slow."""
    wanted, waiting = set[str](), set(_FEW)
    while waiting:
        name = waiting.pop()
        table = TABLES[name]
        wanted.add(name)
        named = {table.rebuilt_by, table.kept_in, *table.references, *table.reads_before}
        waiting |= {each for each in named | reads(table, TABLES) if each} - wanted
    for name in wanted:
        shutil.copytree(SQL / name.replace(".", "/"), folder / name.replace(".", "/"))
    return folder


@contextmanager
def stand_in(folder: Path) -> Iterator[Emulator]:
    """From now on, clients find it. One that has held several lakes is many times as slow."""
    with started(lambda: bigquery(folder)) as emulator, pytest.MonkeyPatch.context() as patch:
        use(emulator, patch)
        yield emulator


@contextmanager
def warehouse_on(
    sql: Path, clock: Clock, limits: Limits | None = None
) -> Iterator[BigQueryWarehouse]:
    with closing(BigQueryWarehouse(PROJECT, LAKE, sql, clock, limits or Limits())) as warehouse:
        yield warehouse
