"""What a run of the scheduled query reads: each statement, its tables, the columns that it needs.

BigQuery bills each statement by these. What the text does not tell counts as more: a field of a
struct as the whole column, a condition on keys of another table as no pruning.
`python benchmarks/script_reads.py` prints how many there are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from paceline.warehouse.plan import TOUCHED, WATERMARKS, Build, Plan, compile_plan
from paceline.warehouse.tables import load_tables

ROOT = Path(__file__).parents[1]
Scan = dict[str, set[str]]


@dataclass(frozen=True)
class Statement:
    """Which columns it needs of which tables, and which tables are pruned by touched activities."""

    columns: Scan
    pruned: frozenset[str] = frozenset()


class Script:
    """What the scheduled query reads, in the statements that BigQuery bills one by one."""

    def __init__(self) -> None:
        self.plan: Plan = compile_plan(load_tables(ROOT / "sql"))
        self._views = {table.name: table for table in self.plan.views}
        self._schema: dict[str, Any] = {}
        for table in self.plan.tables.values():
            layer, _, name = table.name.partition(".")
            kinds = {column.name: column.type.googlesql() for column in table.columns}
            self._schema.setdefault(layer, {})[name] = kinds

    @cached_property
    def idle(self) -> Sequence[Statement]:
        """A run that finds nothing new."""
        plan = self.plan
        marks = Statement({WATERMARKS: {"ingested_at", "name", "plan"}})
        return [
            marks,  # is a full run under way, did other SQL build it, is a table held back?
            marks,
            marks,
            self.read(plan.newest_landed),
            Statement({WATERMARKS: {"ingested_at", "name"}, "ops.unfinished_days": {"local_date"}}),
        ]

    @cached_property
    def busy(self) -> Sequence[Statement]:
        """A run that finds something."""
        touches = [self.read(touch.query) for touch in self.plan.touches]
        keys = {"athlete_id", "activity_id", "ingested_at"}
        bounds = {f"landing.{name}": keys for name in ("activities", "streams", "metrics")}
        builds = [each for build in self.plan.builds for each in self._build(build)]
        counts = [self.read(self.plan.count_touched), self.read(self.plan.count_keys)]
        return [*self.idle, *touches, *counts, Statement({**bounds, TOUCHED: keys}), *builds]

    @cached_property
    def full(self) -> Sequence[Statement]:
        """The weekly run: everything is built anew, and compared with what was there."""
        touches = [self.read(touch.query) for touch in self.plan.touches]
        touches += [self.read(touch.everything) for touch in self.plan.touches]
        builds = [each for build in self.plan.builds for each in self._everything(build)]
        compared = Statement({build.table.name: {"*"} for build in self.plan.builds})
        return [*self.idle, compared, *touches, *builds, compared]

    def _build(self, build: Build) -> Iterator[Statement]:
        pruned = self._partitioned if build.touched.name == TOUCHED else frozenset()
        # A DELETE is billed for every column of the parts of its table that it may change.
        yield Statement({build.table.name: {"*"}, build.touched.name: {"*"}}, pruned)
        yield Statement(self.read(_query(build.touched_only[1])).columns, pruned)
        yield Statement(self._checks(build), pruned)
        yield Statement({build.touched.name: {"*"}})

    def _everything(self, build: Build) -> Iterator[Statement]:
        yield Statement({build.table.name: {"*"}})
        yield self.read(_query(build.everything[1]))
        yield Statement(self._checks(build))

    def _checks(self, build: Build) -> Scan:
        """One statement asks all of them."""
        found: Scan = {}
        for check in build.checks:
            for name, columns in self.read(check.offending).columns.items():
                found.setdefault(name, set()).update(columns)
        return found

    @cached_property
    def _partitioned(self) -> frozenset[str]:
        return frozenset(t.name for t in self.plan.tables.values() if t.partition_by)

    def read(self, sql: str) -> Statement:
        """Each table beneath the views, with the columns that the query cannot do without."""
        tree = parse_one(sql, dialect="bigquery")
        while views := [t for t in tree.find_all(exp.Table) if _name(t) in self._views]:
            for table in views:
                query = parse_one(self._views[_name(table)].query or "", dialect="bigquery")
                inner = exp.Subquery(this=query)
                table.replace(exp.alias_(inner, table.alias_or_name, table=True))
        tree = qualify(
            tree,
            schema=self._schema,
            dialect="bigquery",
            validate_qualify_columns=False,
            quote_identifiers=False,
        )
        found: Scan = {}
        for scope in traverse_scope(pushdown_projections(tree)):
            for alias, source in scope.sources.items():
                if isinstance(source, exp.Table) and "." in _name(source):
                    asked = {c.name for c in scope.columns if c.table == alias}
                    found.setdefault(_name(source), set()).update(asked)
        return Statement(found)


def _query(insert: str) -> str:
    return insert.partition("\n")[2]


def _name(table: exp.Table) -> str:
    return f"{table.db}.{table.name}" if table.db else table.name


if __name__ == "__main__":
    script = Script()
    for name, statements in (("idle", script.idle), ("busy", script.busy), ("full", script.full)):
        tables = [table for statement in statements for table in statement.columns]
        keys = sum(table.startswith("touched.") for table in tables)
        print(
            f"script_reads: {name}: {len(statements)} statements name {len(tables)} tables,"
            f" {keys} of them keys of the run"
        )
