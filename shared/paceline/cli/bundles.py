"""What each deployed function ships, found by reading imports: `python -m paceline.cli.bundles`.

The rule. A function ships its `main.py` and every module of the library that it can import, from
inside a function too. A composition root could import everything, so of its classes only those
members count that the function's own part is built from: `current().receiving` ends at what
`receiving` names. Whoever reads descriptions of tables ships those of the tables that take rows.
"""

import argparse
import ast
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from paceline.errors import PacelineError

ROOT = Path(__file__).resolve().parents[3]
NOT_DEPLOYED = {"build_marts"}  # BigQuery's scheduled query does it
DEPLOYED_RUNTIME = "paceline.runtime.gcp"
_ROOTS = {"paceline.runtime.parts", DEPLOYED_RUNTIME}
_NEVER_DEPLOYED = {"paceline.runtime.local"}
_READS_TABLES = "paceline.warehouse.tables"

# What is installed for an import; None is the standard library's or comes with another of these.
_PACKAGES = {
    "cryptography": "cryptography",
    "flask": "functions-framework",
    "functions_framework": "functions-framework",
    "google.api_core": None,
    "google.auth": None,
    "google.cloud.bigquery": "google-cloud-bigquery",
    "google.cloud.bigquery_storage_v1": "google-cloud-bigquery-storage",
    "google.cloud.exceptions": None,
    "google.cloud.firestore": "google-cloud-firestore",
    "google.cloud.firestore_v1": "google-cloud-firestore",
    "google.cloud.pubsub_v1": "google-cloud-pubsub",
    "google.cloud.storage": "google-cloud-storage",
    "google.pubsub_v1": "google-cloud-pubsub",
    "grpc": None,
    "numpy": "numpy",
    "pyarrow": "pyarrow",
    "pydantic": "pydantic",
    "pydantic_core": "pydantic",
    "requests": "requests",
    "sqlglot": "sqlglot",
    "stravalib": "stravalib",
    "werkzeug": "functions-framework",
    "yaml": "pyyaml",
}


class BundleInvalid(PacelineError):
    """What a function ships cannot be told from its source."""


@dataclass
class Reach:
    """What a function can get at."""

    modules: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)
    parts: set[str] = field(default_factory=set)  # members of the runtime that it is built from


def deployed_steps(root: Path = ROOT) -> list[str]:
    mains = (root / "functions").glob("*/main.py")
    return sorted({main.parent.name for main in mains} - NOT_DEPLOYED)


def reach_of(step: str, root: Path = ROOT) -> Reach:
    main = ast.parse((root / "functions" / step / "main.py").read_text())
    reach = Reach(parts=set(_asked_of_current(main)))
    if not reach.parts:
        raise BundleInvalid(f"functions/{step}/main.py does not say current().<its part>")
    walk = _Walk(root / "shared", reach)
    for imported in _imports(main):
        walk.follow(imported)
    walk.finish_roots()
    return reach


def files_of(step: str, root: Path = ROOT) -> list[str]:
    """Paths from `root` of what lies in the zip beside main.py and requirements.txt."""
    modules = reach_of(step, root).modules
    library = [str(_source(root / "shared", name).relative_to(root)) for name in modules]
    tables = _tables_that_take_rows(root) if _READS_TABLES in modules else []
    return sorted(library) + tables


def _tables_that_take_rows(root: Path) -> list[str]:
    described = sorted((root / "sql").glob("*/*/metadata.yaml"))
    return [
        str(path.relative_to(root))
        for path in described
        if yaml.safe_load(path.read_text())["kind"] == "landing"
    ]


class _Walk:
    def __init__(self, source: Path, reach: Reach) -> None:
        self._source = source
        self._reach = reach
        self._open_roots: dict[str, ast.Module] = {}

    def follow(self, imported: str) -> None:
        """An import may name a module, or something in one."""
        if imported.partition(".")[0] != "paceline":
            self._reach.packages |= _packages_of(imported)
            return
        named = (imported, imported.rpartition(".")[0])
        modules = [each for each in named if _source(self._source, each).is_file()]
        if not modules:
            raise BundleInvalid(f"there is no module for the import {imported}")
        self._enter(modules[0])

    def finish_roots(self) -> None:
        """Follow the members that are used, and those that they use, until no new one is found."""
        reach, known = self._reach, -1
        while known != (known := len(reach.parts) + len(reach.modules)):
            for tree in list(self._open_roots.values()):
                for member in _members(tree):
                    if member.name in reach.parts or member.name == "__init__":
                        reach.parts |= set(_asked_of_self(member))
                        for imported in _imports(member):
                            self.follow(imported)

    def _enter(self, module: str) -> None:
        if module in self._reach.modules | _NEVER_DEPLOYED:
            return
        self._reach.modules.add(module)
        if package := module.rpartition(".")[0]:
            self._enter(package)
        tree = ast.parse(_source(self._source, module).read_text())
        if module in _ROOTS:
            self._open_roots[module] = tree
        for imported in _imports(tree, but=set(_members(tree)) if module in _ROOTS else ()):
            self.follow(imported)


def _source(source: Path, module: str) -> Path:
    path = source.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _members(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """The methods of a composition root's runtime."""
    for each in tree.body:
        if isinstance(each, ast.ClassDef) and each.name.endswith("Runtime"):
            yield from (member for member in each.body if isinstance(member, ast.FunctionDef))


def _imports(tree: ast.AST, but: Iterable[ast.AST] = ()) -> Iterator[str]:
    """Every name that is imported below here, but for what only a type checker sees."""
    if tree in set(but):
        return
    if isinstance(tree, ast.If) and ast.unparse(tree.test) == "TYPE_CHECKING":
        return
    if isinstance(tree, ast.Import):
        yield from (alias.name for alias in tree.names)
    if isinstance(tree, ast.ImportFrom):
        if tree.level:
            raise BundleInvalid(f"relative import of {tree.module}: name the module in full")
        yield from (f"{tree.module}.{alias.name}" for alias in tree.names)
    for child in ast.iter_child_nodes(tree):
        yield from _imports(child, but)


def _asked_of_current(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "current()":
            yield node.attr


def _asked_of_self(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in {"self", "super()"}:
            yield node.attr


def _packages_of(imported: str) -> set[str]:
    if imported.partition(".")[0] in sys.stdlib_module_names:
        return set()
    for name, package in _PACKAGES.items():
        if imported == name or imported.startswith(f"{name}."):
            return {package} if package else set()
    raise BundleInvalid(f"no package is known for the import {imported}: name it in {__name__}")


def main(arguments: list[str]) -> str:
    parser = argparse.ArgumentParser(prog="python -m paceline.cli.bundles", description=__doc__)
    parser.add_argument("--steps", action="store_true", help="print the deployed steps instead")
    parser.add_argument("--needs", metavar="STEP", help="print the packages of a step instead")
    options = parser.parse_args(arguments)
    if options.steps:
        return "\n".join(deployed_steps()) + "\n"
    if options.needs:
        return "\n".join(sorted(reach_of(options.needs).packages)) + "\n"
    bundles = {step: files_of(step) for step in deployed_steps()}
    return json.dumps(bundles, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]))
