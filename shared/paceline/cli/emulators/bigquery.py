"""A stand-in for BigQuery: local-bigquery, in an environment of its own with Python 3.13."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paceline.cli.emulators.process import HOST, Emulator, EmulatorMissing, free_port

PROJECT = "paceline-local"

_ROOT = Path(__file__).resolve().parents[4]
_REQUIREMENTS = _ROOT / "requirements/bigquery-emulator.txt"
_HOME = _ROOT / ".venv/bigquery"
_MADE = "made-from"  # holds what the environment was made from: other requirements make it anew

# DuckDB looks for extensions below $HOME and would fetch what it does not find.
_INSTALL_EXTENSIONS = """
import pathlib, shutil, sys, duckdb
version = f"v{duckdb.__version__}"
platform = duckdb.sql("PRAGMA platform").fetchone()[0]
to = pathlib.Path(sys.argv[1], ".duckdb/extensions", version, platform)
to.mkdir(parents=True, exist_ok=True)
packages = pathlib.Path(duckdb.__file__).parents[1]
for each in packages.glob(f"duckdb_extension_*/extensions/{version}/*.duckdb_extension"):
    shutil.copy(each, to)
"""


def bigquery(data: Path, port: int | None = None) -> Emulator:
    """Keeps its tables below `data`, so that they outlive it; it counts no bytes."""
    python = _environment()
    port = port or free_port()
    # A daemon of its own for the Storage APIs, which we do not use: it insists on a port.
    serve = ["serve", "--host", HOST, "--port", str(port), "--grpc-port", str(free_port())]
    kept = ["--project", PROJECT, "--data-dir", str(data)]
    env = {"BIGQUERY_EMULATOR_HOST": f"http://{HOST}:{port}"}
    command = [str(python.with_name("local-bigquery")), *serve, *kept]
    return Emulator("local-bigquery", command, port, env, child_env={"HOME": str(_HOME / "home")})


def _environment() -> Path:
    """Its Python. The first call makes it, which takes half a minute and 600 MB."""
    wanted = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()
    made = _HOME / _MADE
    python = _HOME / "bin/python"
    with _alone():
        if not made.exists() or made.read_text() != wanted:
            _make(python)
            made.write_text(wanted)
    return python


@contextmanager
def _alone() -> Iterator[None]:
    """Two test runs may want it at once; the second one waits."""
    _HOME.parent.mkdir(parents=True, exist_ok=True)
    with _HOME.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(python: Path) -> None:
    uv = _uv()
    interpreter = f"--python={_python_3_13()}"
    _run("needs Python 3.13", uv, "venv", "--clear", "--no-python-downloads", interpreter, _HOME)
    _run("could not be installed", uv, "pip", "install", "--require-hashes", f"--python={python}",
         "--requirement", _REQUIREMENTS)  # fmt: skip
    _run("has no extensions", python, "-c", _INSTALL_EXTENSIONS, _HOME / "home")


def _python_3_13() -> str:
    """One of pyenv's: its python3.13 on the PATH may only say that another version is chosen."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = sorted(pyenv.glob("versions/3.13.*/bin/python3.13"))
    return str(found[-1]) if found else "3.13"


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    if found := (str(beside) if beside.exists() else shutil.which("uv")):
        return found
    raise EmulatorMissing("The stand-in for BigQuery is installed by uv, and there is none here.")


def _run(trouble: str, *command: str | Path) -> None:
    # Not the environment that we run in: uv would take that one for the one it is to fill.
    env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(  # noqa: S603 - commands of ours
        command, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise EmulatorMissing(f"The stand-in for BigQuery {trouble}: {done.stderr.strip()[-600:]}")
