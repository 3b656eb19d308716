"""Whether the cloud's marts are those that the local runtime builds from the same bronze."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.runtime.parts import Runtime
from paceline.steps.build_marts import built_as_of
from paceline.steps.rebuild import rebuild

# They tell of the runs and comparisons that made them.
OF_RUNS = {"completeness", "failed_payloads", "failures", "freshness", "latency"}


def differences_from_local(
    marts: Iterable[tuple[str, pa.Table]], runtime: Runtime, sql_root: Path, home: Path
) -> list[str]:
    """The same bronze through the local runtime's script: which of these marts differ there."""
    home.mkdir(exist_ok=True)
    local = DuckDbWarehouse(
        home / "warehouse.duckdb", home / "marts.duckdb", sql_root, runtime.clock
    )
    try:
        rebuild(runtime.rebuilding(local))
        local.refresh(full=True, as_of=built_as_of(runtime.warehouse))
        return [
            f"{name} differs from the local runtime's: {told}"
            for name, rows in marts
            if name not in OF_RUNS
            if (told := _differing(rows, local.query(f"SELECT * FROM marts.{name}")))  # noqa: S608
        ]
    finally:
        local.close()


def _differing(ours: pa.Table, theirs: pa.Table) -> str:
    here, there = _rows(ours), _rows(theirs)
    only = sorted(here - there)[:1] + sorted(there - here)[:1]
    return f"{len(here)} and {len(there)} rows, such as {' and '.join(only)}" if only else ""


def _rows(table: pa.Table) -> set[str]:
    """Keys are unique, so a set holds them all."""
    return {repr(_rounded(row)) for row in table.to_pylist()}


def _rounded(value: Any) -> Any:
    """Sums of the same numbers in another order differ in their last digits."""
    if isinstance(value, dict):
        return {name: _rounded(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return round(value, 6) + 0.0 if isinstance(value, float) else value
