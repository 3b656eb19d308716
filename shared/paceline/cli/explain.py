"""`paceline explain`: a number's formula, what it is made of, settings, payload versions.

Beside a running service, which alone may open the warehouse, the marts and bronze are asked: they
know the activities, their versions and the settings, and not what silver makes of them.
"""

import argparse
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from paceline.errors import SettingsInvalid, StoreUnavailable
from paceline.model.bronze import parse_name, prefix_of, version_of
from paceline.runtime import current_local
from paceline.runtime.local import LocalRuntime
from paceline.warehouse.explain import Explained, Row, find_mart, parse_key
from paceline.warehouse.explain import explain as trace
from paceline.warehouse.lint import parse_query
from paceline.warehouse.tables import load_tables
from paceline.warehouse.transpile import to_duckdb

_EVERYTHING: Collection[str] = ("marts", "strava", "silver")
_PUBLISHED: Collection[str] = ("marts", "strava")
_IN_DICTIONARY = "docs/dictionary.md describes every table."


def explain(arguments: argparse.Namespace) -> int:
    runtime = current_local()
    tables = load_tables(runtime.sql_root)
    mart = find_mart(arguments.mart, tables)
    key = parse_key(arguments.key, mart)
    if arguments.athlete:
        key["athlete_id"] = str(arguments.athlete)
    with _open(runtime) as (connection, layers):

        def ask(sql: str, parameters: Mapping[str, Any]) -> list[Row]:
            parse_query(sql, "explain", tables)
            used = {name: value for name, value in parameters.items() if f"@{name}" in sql}
            relation = connection.sql(to_duckdb(sql, tables), params=used or None)
            return list(relation.to_arrow_table().to_pylist())

        found = trace(mart, key, tables, layers, ask)
    if not found:
        told = ", ".join(f"{name} {value}" for name, value in key.items()) or "at all"
        raise SettingsInvalid(f"{mart.name} has no row with {told}. {_IN_DICTIONARY}")
    report = [_report(each, runtime) for each in found]
    if arguments.json:
        print(json.dumps(report, indent=2, default=str))
    else:
        print("\n\n".join("\n".join(_page(each)) for each in report))
    return 0


@contextmanager
def _open(runtime: LocalRuntime) -> Iterator[tuple[duckdb.DuckDBPyConnection, Collection[str]]]:
    """The warehouse, or the published marts where a running service has it."""
    warehouse, marts = runtime.home / "warehouse.duckdb", runtime.marts_path
    connection, layers = _reader(warehouse), _EVERYTHING
    if connection is None:
        connection, layers = _reader(marts), _PUBLISHED
    if connection is None:
        raise StoreUnavailable("There are no marts to explain yet: see paceline up, status.")
    with connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection, layers


def _reader(path: Path) -> duckdb.DuckDBPyConnection | None:
    with suppress(duckdb.IOException):
        return duckdb.connect(str(path), read_only=True)
    return None


def _report(found: Explained, runtime: LocalRuntime) -> dict[str, Any]:
    columns = {column.name: column for column in found.mart.columns}
    return {
        "mart": found.mart.name,
        "grain": found.mart.grain,
        "key": {name: found.row[name] for name in found.mart.key},
        "values": [
            {
                "column": name,
                "value": value,
                "description": columns[name].description,
                "formula": columns[name].formula,
            }
            for name, value in found.row.items()
            if name not in found.mart.key
        ],
        "span": vars(found.span) if found.span else None,
        "inputs": [vars(each) for each in found.inputs],
        "settings": found.settings,
        "payloads": [row | {"bronze": _bronze(row, runtime)} for row in found.payloads],
        "unread": sorted(found.unread),
    }


def _bronze(payload: Row, runtime: LocalRuntime) -> str | None:
    """The bronze object of a version: what silver says, or the one that was asked for just then."""
    if payload["bronze_uri"]:
        return str(payload["bronze_uri"])
    prefix = prefix_of(payload["athlete_id"], "activity", payload["activity_id"])
    return next(
        (
            name
            for name in runtime.bronze.names(prefix)
            if version_of(parse_name(name)[1].asked_at) == payload["version"]
        ),
        None,
    )


def _page(report: Mapping[str, Any]) -> Iterator[str]:
    yield f"{report['mart']}: {report['grain']}"
    yield "  " + _pairs(report["key"])
    for each in report["values"]:
        told = each["formula"] or each["description"]
        yield f"  {each['column']} = {each['value']}\n      {told}"
    if span := report["span"]:
        days = f"{span['days']} days, {span['first']} to {span['last']}"
        yield f"running over {days}: {span['activities']} activities, load {span['load']:g}"
    for each in report["inputs"]:
        yield f"from {each['table']}: {each['count']} rows, read by {each['read_by']}"
        yield from (f"  {_pairs(row, of=report)}" for row in each["rows"])
    if report["settings"]:
        yield "with the settings of its days"
    for row in report["settings"]:
        until = f" until {row['valid_until']}" if row["valid_until"] else ""
        since = f"from {row['valid_from']}{until}, by {row['source']}"
        yield f"  {row['name']} = {row['value']:g} {since}"
    if report["payloads"]:
        yield "from these payloads"
    for row in report["payloads"]:
        yield f"  {row['activity_id']} version {row['version']}: {row['bronze'] or 'not in bronze'}"
    if report["unread"]:
        yield f"not read, because the running service has it: {', '.join(report['unread'])};"
        yield "  stop paceline up to see that too"


def _pairs(row: Mapping[str, Any], of: Mapping[str, Any] | None = None) -> str:
    """What names a row, and what the number may be made of: the columns that both have."""
    shown = {value["column"] for value in of["values"]} if of else set(row)
    names = {"activity_id", "local_date", "sport_type", *(of["key"] if of else ())}
    return ", ".join(
        f"{name} {value}"
        for name, value in row.items()
        if value is not None and (name in shown or name in names)
    )
