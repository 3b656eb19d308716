"""The Terraform code as data: every block of every file, references as they are written."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import hcl2

from tests.deploy.terraforming import ROOT

TERRAFORM = ROOT / "terraform"
_PLAIN = hcl2.SerializationOptions(with_comments=False, strip_string_quotes=True)


@dataclass(frozen=True)
class Block:
    """A resource or a data source."""

    file: Path
    kind: str
    name: str
    body: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.file.relative_to(TERRAFORM)}: {self.kind}.{self.name}"


def files() -> list[Path]:
    return sorted(path for path in TERRAFORM.rglob("*.tf") if ".terraform" not in path.parts)


def resources(*kinds: str) -> list[Block]:
    """Of these kinds, or all of them."""
    return [block for block in _blocks("resource") if not kinds or block.kind in kinds]


def read(file: str) -> dict[str, Any]:
    """Every block of one file."""
    return _read(TERRAFORM / file)


def local_values(file: str) -> dict[str, Any]:
    """The locals of one file, references among them to one another's whole value followed."""
    values: dict[str, Any] = {}
    for each in _read(TERRAFORM / file).get("locals", []):
        values |= each
    return {name: _followed(value, values) for name, value in values.items()}


def _followed(value: Any, values: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: _followed(each, values) for name, each in value.items()}
    if isinstance(value, list):
        return [_followed(each, values) for each in value]
    if isinstance(value, str) and value.startswith("${local.") and value.endswith("}"):
        return values.get(value[len("${local.") : -1], value)
    return value


def _blocks(block_type: str) -> Iterator[Block]:
    for file in files():
        for kinds in _read(file).get(block_type, []):
            for kind, named in kinds.items():
                for name, body in named.items():
                    yield Block(file, kind, name, body)


@cache  # to parse all of it takes seconds
def _read(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = hcl2.loads(file.read_text(), serialization_options=_PLAIN)
    return read
