"""receive_webhook starts cold inside two seconds: what it may load is a list, and held here."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# What the webhook needs of us. Everything else it loads, functions-framework loads anyway.
OURS = {
    "paceline",
    "paceline.adapters",
    "paceline.adapters.local",
    "paceline.adapters.local.system",
    "paceline.errors",
    "paceline.model",
    "paceline.model.event",
    "paceline.model.routes",
    "paceline.ports",
    "paceline.runtime",
    "paceline.spool",
    "paceline.runtime.base",
    "paceline.runtime.logs",
    "paceline.runtime.part",
    "paceline.runtime.parts",
    "paceline.runtime.setting_values",
    "paceline.runtime.settings",
    "paceline.runtime.web",
    "paceline.steps",
    "paceline.steps.receive_webhook",
}
LOCAL = {"runtime.local", "adapters.local.bus", "adapters.local.sqlite"}
GCP = {"runtime.gcp", "adapters.gcp", "adapters.gcp.mounted", "adapters.gcp.pubsub"}
CLOUD_CLIENTS = {"google.cloud.firestore", "google.cloud.storage", "google.cloud.bigquery"}
HEAVY = {"stravalib", "pydantic", "numpy", "pyarrow", "duckdb", "sqlglot", "yaml", "requests"}

SETTINGS = {
    "PACELINE_STRAVA_CLIENT_ID": "1",
    "PACELINE_STRAVA_CLIENT_SECRET": "x",
    "PACELINE_VERIFY_TOKEN": "x",
    "PACELINE_WEBHOOK_SECRET": "0123456789abcdef",
}
IN_THE_CLOUD = SETTINGS | {
    "PACELINE_RUNTIME": "gcp",
    "PACELINE_PROJECT": "some-project",
    "PACELINE_BUCKET": "some-bucket",
    "PACELINE_PREFIX": "paceline-dev",
    "PACELINE_DATASET_PREFIX": "paceline_dev_",
    "PUBSUB_EMULATOR_HOST": "127.0.0.1:9",  # nobody needs to be asked for anything yet
}

LIST_MODULES = "; import json, sys; print(json.dumps(sorted(sys.modules)))"
FRAMEWORK = "import functions_framework, flask"
FUNCTION = (
    "import functions_framework\n"
    "app = functions_framework.create_app('receive_webhook', {main!r})\n"
    "import paceline.runtime as runtime\n"
    "runtime.current().receiving.is_ours(1)"
)


def modules(code: str, settings: Mapping[str, str], home: Path) -> set[str]:
    there = {"PACELINE_HOME": str(home), "PACELINE_SECRETS": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", code + LIST_MODULES],
        capture_output=True,
        check=True,
        env={**settings, **there},
        text=True,
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("settings", "clients", "ours"),
    [
        (SETTINGS, "import sqlite3", LOCAL),
        (IN_THE_CLOUD, "import grpc, google.pubsub_v1", GCP),
    ],
    ids=["local", "gcp"],
)
def test_the_webhook_loads_only_what_is_on_the_list(
    tmp_path: Path, settings: Mapping[str, str], clients: str, ours: set[str]
) -> None:
    main = str(ROOT / "functions/receive_webhook/main.py")
    loaded = modules(FUNCTION.format(main=main), settings, tmp_path)
    framework = modules(f"{FRAMEWORK}; {clients}", settings, tmp_path)

    expected = OURS | {f"paceline.{name}" for name in ours}
    assert {name for name in loaded if name.partition(".")[0] == "paceline"} == expected
    assert {name.partition(".")[0] for name in loaded - framework} - sys.stdlib_module_names <= {
        "paceline",
        "main",
        "receive_webhook",
        "grpc",  # what of it a channel needs once it is opened
        "google",  # an empty namespace package that functions-framework touches when it serves
    }
    assert not (HEAVY - heavy_of(clients)) & {name.partition(".")[0] for name in loaded}
    assert not CLOUD_CLIENTS & loaded


def heavy_of(clients: str) -> set[str]:
    """What Google's own client brings along."""
    return {"requests"} if "google" in clients else set()
