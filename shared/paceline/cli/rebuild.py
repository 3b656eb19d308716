"""`paceline rebuild`: silver and marts from bronze alone; Strava is not asked.

On a laptop a new warehouse file is built beside the old one, compared with it, and renamed over it
in the end, so that a rebuild which is stopped half way has changed nothing. In the cloud bronze is
loaded into landing once more, where the same versions change nothing, and the full script is run.
"""

import sys
from pathlib import Path

from paceline.adapters.local.duckdb import DuckDbWarehouse
from paceline.adapters.local.duckdb_fingerprint import differences
from paceline.ports import Landing
from paceline.runtime import current
from paceline.runtime.local import LocalRuntime
from paceline.runtime.parts import Runtime
from paceline.steps import build_marts
from paceline.steps.rebuild import rebuild as rebuild_silver
from paceline.warehouse.tables import TableInvalid

# What happened here, and is in no object of bronze. A payload that does not fit is found again.
_KEPT = {
    "ops.reconciliations": "SELECT * EXCEPT (ingested_at) FROM ops.reconciliations",
    "ops.failed_events": "SELECT * FROM ops.failed_events WHERE payload_uri IS NULL",
}


def rebuild() -> int:
    runtime = current()
    return _beside(runtime) if isinstance(runtime, LocalRuntime) else _in_place(runtime)


def _in_place(runtime: Runtime) -> int:
    _load(runtime, runtime.warehouse)
    outcome = build_marts.run(runtime.building_marts, full=True)
    print(f"{outcome.name}: " + ", ".join(f"{k} {v}" for k, v in outcome.fields.items()))
    return 0 if outcome.name == "built" else 1


def _beside(runtime: LocalRuntime) -> int:
    old = _old(runtime)
    if old and (blocked := old.refresh().blocked):
        print(f"Left as they were by the last run: {', '.join(blocked)}.", file=sys.stderr)
    new = runtime.rebuilt_warehouse()
    try:
        differing = _rebuild(runtime, old, new)
    finally:
        new.close()
    runtime.close()
    _rename(runtime.rebuilt_path, runtime.warehouse_path, keep_old=bool(differing))
    return 1 if differing else 0


def _rebuild(runtime: LocalRuntime, old: DuckDbWarehouse | None, new: DuckDbWarehouse) -> list[str]:
    """Returns the tables with other rows than before."""
    _load(runtime, new)
    if old:
        _keep_history(old, new)
    as_of = build_marts.built_as_of(old) if old else None
    if blocked := new.refresh(full=True, as_of=as_of).blocked:
        names = ", ".join(f"{name} by {why}" for name, why in blocked.items())
        print(f"Not built: {names}.", file=sys.stderr)
    if old is None:
        print("There was nothing to compare with.")
        return []
    differing = differences(old.fingerprints(), new.fingerprints())
    for name, what in differing.items():
        print(f"{name} differs from what was there: {what}.", file=sys.stderr)
    if not differing:
        print("Silver and marts are what they were.")
    return list(differing)


def _load(runtime: Runtime, landing: Landing) -> None:
    counts = rebuild_silver(runtime.rebuilding(landing), _show)
    told = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    print(f"\r\x1b[2KObjects of bronze: {told or 'none'}.")


def _old(runtime: LocalRuntime) -> DuckDbWarehouse | None:
    if not runtime.warehouse_path.exists():
        return None
    try:
        return runtime.duckdb
    except TableInvalid as error:
        print(f"Not compared: {error}", file=sys.stderr)
        return None


def _keep_history(old: DuckDbWarehouse, new: DuckDbWarehouse) -> None:
    kept = {name: old.query(query) for name, query in _KEPT.items()}
    new.append({name: rows for name, rows in kept.items() if rows.num_rows})


def _rename(new: Path, home: Path, *, keep_old: bool) -> None:
    if keep_old:
        aside = home.with_name(home.name + ".before")
        home.replace(aside)
        print(f"The old file is kept as {aside}.")
    new.replace(home)


def _show(done: int, of: int) -> None:
    if sys.stdout.isatty():
        print(f"\r\x1b[2K{done} of {of} objects of bronze", end="", flush=True)
