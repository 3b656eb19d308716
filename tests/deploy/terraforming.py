"""Terraform itself, as far as it goes without a provider: modules and expressions."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ABSENT = "terraform is not installed, so the zips are not composed: see hashicorp.com/terraform"

_CALL = """\
module "tried" {{
  source = "{source}"
{arguments}
}}
output "tried" {{
  value = module.tried
}}
"""


class TerraformRefused(Exception):
    """Terraform did not apply the module; its words."""


def is_installed() -> bool:
    return shutil.which("terraform") is not None


def apply(module: str, arguments: Mapping[str, str], folder: Path) -> Any:
    """The module's outputs. A second call with the same folder goes on from its state."""
    source = ROOT / "terraform" / "modules" / module
    given = "\n".join(f"  {name} = {json.dumps(value)}" for name, value in arguments.items())
    (folder / "main.tf").write_text(_CALL.format(source=source, arguments=given))
    _run(folder, "init", "-input=false")
    _run(folder, "apply", "-input=false", "-auto-approve")
    return json.loads(_run(folder, "output", "-json", "tried"))


def evaluate(expression: str) -> Any:
    """What Terraform makes of an expression."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "main.tf").write_text(f'output "tried" {{\n  value = {expression}\n}}\n')
        _run(folder, "apply", "-input=false", "-auto-approve")
        return json.loads(_run(folder, "output", "-json", "tried"))


def values(command: str, env: Mapping[str, str], folder: Path) -> Any:
    """What a folder's variables are after a shell's command has run there."""
    subprocess.run(["bash", "-ec", command], check=True, cwd=folder, env={**os.environ, **env})
    _run(folder, "apply", "-input=false", "-auto-approve", env=env)
    return json.loads(_run(folder, "output", "-json", "tried"))


def destroy(folder: Path) -> None:
    _run(folder, "destroy", "-input=false", "-auto-approve")


def _run(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        ["terraform", *arguments, "-no-color"],
        capture_output=True,
        check=False,
        cwd=folder,
        env={
            **os.environ,
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": os.devnull,
            **(env or {}),
        },
        text=True,
        timeout=60,
    )
    if done.returncode:
        raise TerraformRefused(done.stdout + done.stderr)
    return done.stdout
