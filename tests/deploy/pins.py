"""A locked file of requirements: names, versions, hashes."""

import re
from dataclasses import dataclass
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


@dataclass(frozen=True)
class Pin:
    version: str
    hashes: frozenset[str]


def read(file: Path) -> dict[str, set[Pin]]:
    """Every pin by its name; a universal lock may have several, for several Pythons."""
    found: dict[str, set[Pin]] = {}
    for text in file.read_text().replace("\\\n", " ").splitlines():
        named = text.partition("#")[0].strip()
        if not named:
            continue
        requirement = Requirement(named.partition(" --hash")[0].strip())
        (only,) = requirement.specifier
        pin = Pin(only.version, frozenset(_HASH.findall(named)))
        found.setdefault(canonicalize_name(requirement.name), set()).add(pin)
    return found


def needed_by(names: set[str]) -> set[str]:
    """These and everything that they need on this platform, as what is installed here says."""
    needed: set[str] = set()
    waiting = [Requirement(name) for name in sorted(names)]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if (name, frozenset(wanted.extras)) in seen:
            continue
        seen.add((name, frozenset(wanted.extras)))
        needed.add(name)
        given = [Requirement(text) for text in requires(name) or ()]
        waiting += [each for each in given if _applies(each, wanted.extras)]
    return needed


def _applies(requirement: Requirement, extras: set[str]) -> bool:
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({"extra": extra}) for extra in sorted(extras) or [""])
