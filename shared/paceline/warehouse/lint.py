"""GoogleSQL that DuckDB would refuse, or worse, answer differently, is a compile error."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp

from paceline.errors import Permanent
from paceline.warehouse.source_text import references
from paceline.warehouse.tables import Table

_ROUNDING = (exp.Round, exp.Floor, exp.Ceil, exp.Trunc, exp.Count, exp.Extract, exp.IntDiv)
_WEEKS = {"WEEK", "ISOWEEK", "ISOYEAR", "DAYOFWEEK", "DATE", "TIME", "DATETIME"}
_DATE_ARITHMETIC = (exp.DateTrunc, exp.DateSub, exp.DateAdd)


class SqlRefused(Permanent):
    """The SQL cannot be run with the same meaning by every engine."""


@dataclass(frozen=True)
class Trap:
    """One construct, how it is recognised, and what to write instead."""

    construct: str
    instead: str
    caught: Callable[[exp.Expr], bool]


def _called(*prefixes: str) -> Callable[[exp.Expr], bool]:
    return lambda node: isinstance(node, exp.Anonymous) and node.name.upper().startswith(prefixes)


def _is_integer_cast(node: exp.Expr) -> bool:
    return (
        isinstance(node, exp.Cast)
        and node.to.this == exp.DType.BIGINT
        and not isinstance(node.this, (*_ROUNDING, exp.Literal, exp.Null))
    )


def _is_unsafe_division(node: exp.Expr) -> bool:
    divisor = node.expression if isinstance(node, exp.Div) else None
    while isinstance(divisor, (exp.Paren, exp.Neg)):
        divisor = divisor.this
    return divisor is not None and not (
        isinstance(divisor, exp.Literal) and divisor.is_number and float(divisor.this) != 0
    )


def _is_bare_date_arithmetic(node: exp.Expr) -> bool:
    parent = node.parent
    is_cast = isinstance(parent, exp.Cast) and parent.to.this == exp.DType.DATE
    return isinstance(node, _DATE_ARITHMETIC) and not is_cast


def _is_interval_arithmetic(node: exp.Expr) -> bool:
    return isinstance(node, (exp.Add, exp.Sub)) and isinstance(node.expression, exp.Interval)


TRAPS = (
    Trap(
        "ARRAY_AGG(... LIMIT n)",
        "QUALIFY ROW_NUMBER() OVER (...) <= n before it",
        lambda node: isinstance(node, exp.ArrayAgg) and node.find(exp.Limit) is not None,
    ),
    Trap(
        "an aggregate that keeps rows in no order",
        "ORDER BY inside ARRAY_AGG and STRING_AGG",
        lambda node: (
            isinstance(node, (exp.ArrayAgg, exp.GroupConcat)) and node.find(exp.Order) is None
        ),
    ),
    Trap(
        "ARRAY(SELECT ...)",
        "ARRAY_AGG(... ORDER BY ...), which says in what order",
        lambda node: isinstance(node, exp.Array) and node.find(exp.Select) is not None,
    ),
    Trap(
        "EXTRACT of DAYOFWEEK, a week, DATE, TIME or DATETIME",
        "a column computed in Python at load, such as local_date",
        lambda node: (
            isinstance(node, exp.Extract)
            and (isinstance(node.this, exp.WeekStart) or node.this.name.upper() in _WEEKS)
        ),
    ),
    Trap(
        "DATETIME(timestamp, zone)",
        "a DATETIME column computed in Python at load, such as started_local",
        lambda node: isinstance(node, exp.Datetime),
    ),
    Trap(
        "SAFE.<function>",
        "SAFE_DIVIDE, or NULLIF on the argument",
        lambda node: isinstance(node, exp.SafeFunc),
    ),
    Trap(
        "FARM_FINGERPRINT",
        "a hash computed in Python at load",
        lambda node: isinstance(node, exp.FarmFingerprint),
    ),
    Trap(
        "RANGE_BUCKET",
        "CASE WHEN ... THEN ... END",
        lambda node: isinstance(node, exp.RangeBucket),
    ),
    Trap("a geography function (ST_...)", "latitude and longitude columns", _called("ST_")),
    Trap("IEEE_DIVIDE", "SAFE_DIVIDE", _called("IEEE_DIVIDE")),
    Trap(
        "WITH OFFSET",
        "an explicit position in the struct, such as t or lap_index",
        lambda node: isinstance(node, exp.Unnest) and bool(node.args.get("offset")),
    ),
    Trap(
        "CAST of a number AS INT64",
        "CAST(ROUND(...) AS INT64), or FLOOR, CEIL, TRUNC",
        _is_integer_cast,
    ),
    Trap("a division by what may be 0", "SAFE_DIVIDE", _is_unsafe_division),
    Trap(
        "DATE_TRUNC, DATE_ADD or DATE_SUB without a cast",
        "CAST(DATE_...(...) AS DATE)",
        _is_bare_date_arithmetic,
    ),
    Trap(
        "+ or - INTERVAL",
        "CAST(DATE_ADD(...) AS DATE) or TIMESTAMP_ADD(...)",
        _is_interval_arithmetic,
    ),
    Trap(
        "TIMESTAMP_DIFF",
        "UNIX_SECONDS(a) - UNIX_SECONDS(b)",
        lambda node: isinstance(node, exp.TimestampDiff),
    ),
)


def parse_query(sql: str, where: str, tables: Collection[str]) -> exp.Query:
    """One SELECT over known tables that means the same everywhere. Raises SqlRefused."""
    query, named = _read(sql, where)
    _refuse_unknown_tables(named, sql, where, tables)
    return query


@lru_cache(maxsize=512)  # a process may open several warehouses over the same sql/
def _read(sql: str, where: str) -> tuple[exp.Query, tuple[str, ...]]:
    """The query, which nobody may change, and the tables that it names."""
    try:
        statements = sqlglot.parse(sql, read="bigquery")
    except sqlglot.ParseError as problem:
        raise SqlRefused(f"{where} is not GoogleSQL: {problem}") from problem
    query = statements[0] if len(statements) == 1 else None
    if not isinstance(query, exp.Query):
        raise SqlRefused(f"{where} must be one SELECT and nothing else")
    for construct, instead in _caught(query):
        raise SqlRefused(
            f"{where} uses {construct}, which does not mean the same in DuckDB and BigQuery;"
            f" write {instead}"
        )
    return query, tuple(_named(query))


def lint(table: Table, tables: Mapping[str, Table]) -> None:
    """Refuse a query.sql with a trap in it, or with columns other than metadata.yaml has."""
    where = f"{table.name}: query.sql"
    query = parse_query(table.query or "", where, tables)
    selected = tuple(query.named_selects)
    if selected != table.column_names:
        pairs = [*zip(selected, table.column_names, strict=False)]
        differing = next((pair for pair in pairs if pair[0] != pair[1]), None)
        detail = f"{len(selected)} columns, and metadata.yaml has {len(table.columns)}"
        if differing:
            detail = f"{differing[0]!r} where metadata.yaml has {differing[1]!r}"
        raise SqlRefused(f"{where} selects {detail}; both must list the same columns in order")


def _caught(query: exp.Expr) -> Iterator[tuple[str, str]]:
    for node in query.walk():
        for trap in TRAPS:
            if trap.caught(node):
                yield trap.construct, trap.instead


def _named(query: exp.Expr) -> list[str]:
    ctes = {cte.alias for cte in query.find_all(exp.CTE)}
    return [
        f"{table.db}.{table.name}" if table.db else table.name
        for table in query.find_all(exp.Table)
        if table.db or table.name not in ctes
    ]


def _refuse_unknown_tables(
    named: Collection[str], sql: str, where: str, tables: Collection[str]
) -> None:
    for name in named:
        if name not in tables:
            raise SqlRefused(f"{where} reads {name!r}, which is not one of the tables of sql/")
    if sorted(named) != sorted(reference.table for reference in references(sql, tables)):
        raise SqlRefused(
            f"{where} names a table in quotes, in pieces, or an alias like a layer;"
            " write layer.table, plainly, and other names for aliases"
        )
