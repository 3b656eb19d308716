"""receive_webhook starts cold inside two seconds: what it may load is a list, and held here."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# What the webhook needs of us. Everything else it loads, functions-framework loads anyway.
OURS = {
    "paceline",
    "paceline.adapters",
    "paceline.adapters.local",
    "paceline.adapters.local.bus",
    "paceline.adapters.local.sqlite",
    "paceline.adapters.local.system",
    "paceline.errors",
    "paceline.model",
    "paceline.model.event",
    "paceline.model.outcome",
    "paceline.model.routes",
    "paceline.ports",
    "paceline.runtime",
    "paceline.spool",
    "paceline.runtime.local",
    "paceline.runtime.logs",
    "paceline.runtime.parts",
    "paceline.runtime.settings",
    "paceline.runtime.web",
    "paceline.steps",
    "paceline.steps.receive_webhook",
}
HEAVY = {"stravalib", "pydantic", "numpy", "pyarrow", "duckdb", "sqlglot", "yaml", "requests"}

SETTINGS = {
    "PACELINE_STRAVA_CLIENT_ID": "1",
    "PACELINE_STRAVA_CLIENT_SECRET": "x",
    "PACELINE_VERIFY_TOKEN": "x",
    "PACELINE_WEBHOOK_SECRET": "0123456789abcdef",
}

LIST_MODULES = "; import json, sys; print(json.dumps(sorted(sys.modules)))"
FRAMEWORK = "import functions_framework, flask, sqlite3"
FUNCTION = (
    "import functions_framework\n"
    "app = functions_framework.create_app('receive_webhook', {main!r})\n"
    "import paceline.runtime as runtime\n"
    "runtime.current().receiving.subscription_id()"
)


def modules(code: str, home: Path) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code + LIST_MODULES],
        capture_output=True,
        check=True,
        env=SETTINGS | {"PACELINE_HOME": str(home)},
        text=True,
    )
    return set(json.loads(done.stdout))


def test_the_webhook_loads_only_what_is_on_the_list(tmp_path: Path) -> None:
    main = str(ROOT / "functions/receive_webhook/main.py")
    loaded = modules(FUNCTION.format(main=main), tmp_path)
    framework = modules(FRAMEWORK, tmp_path)

    assert {name for name in loaded if name.partition(".")[0] == "paceline"} == OURS
    assert {name.partition(".")[0] for name in loaded - framework} - sys.stdlib_module_names <= {
        "paceline",
        "main",
        "receive_webhook",
        "google",  # an empty namespace package that functions-framework touches when it serves
    }
    assert not HEAVY & loaded
