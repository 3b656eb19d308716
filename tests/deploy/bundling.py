"""A function's zip, composed as Terraform composes it: the map of its files is Terraform's own."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.deploy import terraforming

# For each step: the name in the zip, and the file. So Terraform's module says.
Bundles = Mapping[str, Mapping[str, str]]


def evaluate(root: Path, folder: Path) -> Bundles:
    outputs: Mapping[str, Bundles] = terraforming.apply("bundles", {"root": str(root)}, folder)
    return outputs["files"]


def zipped(files: Mapping[str, str]) -> bytes:
    """Sorted names and no time in it, as the archive provider does: the same content, the same."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), Path(path).read_text())
    return packed.getvalue()


def hashes(bundles: Bundles) -> dict[str, str]:
    return {step: hashlib.sha256(zipped(files)).hexdigest() for step, files in bundles.items()}
