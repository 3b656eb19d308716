"""Each function ships what it can import and no more: a change redeploys just those with it."""

import json
import shutil
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from paceline.cli import bundles as generator
from paceline.cli.bundles import BundleInvalid, deployed_steps, files_of, reach_of
from tests.deploy.bundling import Bundles, evaluate, hashes, zipped
from tests.deploy.terraforming import ROOT

STALE = "stale: run make lock"
READS_STRAVA = {
    "connect_athlete",
    "fetch_activity",
    "forget_athlete",
    "reconcile",
    "release_work",
}
ALL = {*READS_STRAVA, "load_silver", "receive_webhook"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What is deployed, to be changed at will."""
    for folder in ("functions", "shared", "sql", "terraform"):
        shutil.copytree(
            ROOT / folder,
            tmp_path / "copy" / folder,
            ignore=shutil.ignore_patterns("__pycache__", ".terraform", ".build"),
        )
    return tmp_path / "copy"


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


def lock(root: Path) -> None:
    shipped = {step: files_of(step, root) for step in deployed_steps(root)}
    (root / "terraform/bundles.json").write_text(json.dumps(shipped))


def test_the_committed_bundles_are_what_the_imports_say() -> None:
    assert (ROOT / "terraform/bundles.json").read_text() == generator.main([]), STALE


def test_every_function_but_the_scheduled_query_has_a_bundle(bundles: Bundles) -> None:
    folders = {main.parent.name for main in (ROOT / "functions").glob("*/main.py")}

    assert bundles.keys() == ALL == folders - {"build_marts"}


@pytest.mark.parametrize("step", sorted(ALL))
def test_a_zip_is_laid_out_as_the_functions_framework_wants_it(step: str, bundles: Bundles) -> None:
    names = zipfile.ZipFile(BytesIO(zipped(bundles[step]))).namelist()

    assert {"main.py", "requirements.txt", "paceline/__init__.py"} <= set(names)
    assert not [name for name in names if name.startswith(("shared/", "functions/", "/", ".."))]


@pytest.mark.parametrize("step", sorted(ALL))
def test_a_zip_carries_nothing_of_a_laptop_and_no_other_entry_point(
    step: str, bundles: Bundles
) -> None:
    names = set(bundles[step])

    assert {name for name in names if "/local/" in name} == {
        "paceline/adapters/local/__init__.py",
        "paceline/adapters/local/system.py",  # the clock and the ids, which are the same anywhere
    }
    assert not {"paceline/runtime/local.py", "paceline/runtime/service.py"} & names
    assert not [name for name in names if name.startswith("paceline/cli/")]
    assert [name for name in names if name.endswith("main.py")] == ["main.py"]
    assert not [name for name in names if name.endswith((".sql", ".json", ".tf", ".env"))]


@pytest.mark.parametrize(
    ("changed", "redeployed"),
    [
        ("shared/paceline/errors.py", ALL),
        ("shared/paceline/metrics/power.py", {"load_silver"}),
        ("shared/paceline/steps/load_silver.py", {"load_silver"}),
        ("shared/paceline/adapters/cipher.py", READS_STRAVA),
        ("shared/paceline/steps/reconcile.py", {"reconcile"}),
        ("shared/paceline/vault.py", READS_STRAVA),
        ("shared/paceline/warehouse/tables.py", {"load_silver"}),
        ("shared/paceline/adapters/gcp/bigquery.py", {"load_silver"}),
        ("shared/paceline/adapters/gcp/firestore.py", READS_STRAVA),
        ("shared/paceline/adapters/local/duckdb.py", set()),
        ("shared/paceline/cli/status.py", set()),
        ("functions/reconcile/main.py", {"reconcile"}),
        ("functions/build_marts/main.py", set()),
        ("functions/receive_webhook/requirements.txt", {"receive_webhook"}),
        ("sql/landing/streams/metadata.yaml", {"load_silver"}),
        ("sql/marts/daily_summary/query.sql", set()),
    ],
)
def test_a_change_gives_a_new_zip_to_just_the_functions_that_ship_it(
    changed: str, redeployed: set[str], copy: Path, terraform_folder: Path
) -> None:
    bundles = evaluate(copy, terraform_folder)
    before = hashes(bundles)

    append(copy / changed, "\n# changed\n")

    after = hashes(bundles)
    assert {step for step in ALL if before[step] != after[step]} == redeployed


def test_composing_a_zip_twice_gives_the_same_bytes(bundles: Bundles) -> None:
    assert hashes(bundles) == hashes(bundles)


def test_a_new_step_is_a_folder_a_module_and_a_line(copy: Path, terraform_folder: Path) -> None:
    (copy / "functions/count_steps").mkdir()
    main = (copy / "functions/load_silver/main.py").read_text()
    (copy / "functions/count_steps/main.py").write_text(main.replace("load_silver", "count_steps"))
    (copy / "functions/count_steps/requirements.txt").write_text("")
    step = (copy / "shared/paceline/steps/load_silver.py").read_text()
    (copy / "shared/paceline/steps/count_steps.py").write_text(step)

    lock(copy)

    files = evaluate(copy, terraform_folder)["count_steps"]
    assert files["main.py"] == f"{copy}/functions/count_steps/main.py"
    assert "paceline/steps/count_steps.py" in files


def test_a_part_brings_what_it_is_built_from(copy: Path) -> None:
    """Members of the composition root are followed one by one, through each other."""
    reach = reach_of("receive_webhook", copy)

    assert {"receiving", "publisher", "spool", "bronze"} <= reach.parts
    assert not {"warehouse", "vault", "cipher", "oauth"} & reach.parts
    assert "paceline.steps.fetch_activity" not in reach.modules


def test_an_import_inside_a_function_is_shipped_too(copy: Path) -> None:
    append(
        copy / "shared/paceline/steps/receive_webhook.py",
        "\ndef late() -> None:\n    from paceline.metrics import power\n",
    )

    assert "paceline.metrics.power" in reach_of("receive_webhook", copy).modules


def test_an_import_for_the_type_checker_is_not_shipped(copy: Path) -> None:
    append(
        copy / "shared/paceline/steps/receive_webhook.py",
        "\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import paceline.metrics\n",
    )

    assert "paceline.metrics" not in reach_of("receive_webhook", copy).modules


def test_an_import_of_an_unknown_package_is_refused_by_its_name(copy: Path) -> None:
    append(copy / "shared/paceline/errors.py", "\nimport leftpad\n")

    with pytest.raises(BundleInvalid, match="import leftpad"):
        reach_of("receive_webhook", copy)


def test_an_entry_point_that_asks_for_no_part_is_refused(copy: Path) -> None:
    (copy / "functions/reconcile/main.py").write_text("from paceline.runtime import current\n")

    with pytest.raises(BundleInvalid, match="does not say current"):
        reach_of("reconcile", copy)
