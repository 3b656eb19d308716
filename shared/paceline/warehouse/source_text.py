"""Where a GoogleSQL text names our tables, found without disturbing the author's text."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

# Strings and comments first, so that nothing inside them is taken for a name.
_TOKENS = re.compile(
    r"""
    (?P<skip>\s+|--[^\n]*|\#[^\n]*|/\*.*?\*/)
    |(?P<string>'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`)
    |(?P<name>@?[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    |(?P<number>[\d.]+(?:[eE][+-]?\d+)?)
    |(?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Reference:
    """A table as the text names it; `aliased` when the author gave it a name of its own."""

    table: str
    start: int
    end: int
    aliased: bool


def tokens(sql: str) -> Iterator[Token]:
    """The text's tokens; a dotted name is one. Comments and space are left out."""
    for match in _TOKENS.finditer(sql):
        if (kind := match.lastgroup or "") != "skip":
            yield Token(kind, match[0], match.start(), match.end())


def references(sql: str, tables: Collection[str]) -> list[Reference]:
    """Every place where one of `tables` is named, in the order of the text."""
    found = list(tokens(sql))
    followers = [token.text.upper() for token in found[1:]] + [""]
    return [
        Reference(token.text, token.start, token.end, aliased=follower == "AS")
        for token, follower in zip(found, followers, strict=False)  # no token, no follower
        if token.kind == "name" and token.text in tables
    ]


def replace_tables(
    sql: str, tables: Collection[str], replacement: Callable[[Reference], str]
) -> str:
    """The same text with each naming of a table replaced."""
    for reference in reversed(references(sql, tables)):
        sql = sql[: reference.start] + replacement(reference) + sql[reference.end :]
    return sql


def replace_parameters(sql: str, values: Mapping[str, str]) -> str:
    """The same text with each @parameter replaced by an expression."""
    for token in reversed(list(tokens(sql))):
        if token.kind == "name" and token.text.startswith("@"):
            sql = sql[: token.start] + values[token.text[1:]] + sql[token.end :]
    return sql
