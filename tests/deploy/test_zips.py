"""Each zip runs alone: unpacked, with its own requirements and nothing else, it answers."""

import json
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from paceline.adapters.gcp.pubsub_topology import create_bus
from paceline.cli.bundles import deployed_steps
from paceline.cli.emulators import google
from paceline.model.event import EventMessage
from paceline.ports import Delivery
from paceline.runtime.push import encode_push
from tests.builders import ATHLETE, NOW, event, message
from tests.deploy import hcl
from tests.deploy.bundling import Bundles, zipped
from tests.deploy.deployed import Deployed, install, serve, unpack
from tests.emulators import create_bucket, started, use

STEPS = deployed_steps()
PROJECT, PREFIX, BUCKET = "test-project", "paceline-test", "test-bronze"
SETTINGS = {
    "PACELINE_RUNTIME": "gcp",
    "PACELINE_PROJECT": PROJECT,
    "PACELINE_PREFIX": PREFIX,
    "PACELINE_DATASET_PREFIX": "paceline_test_",
    "PACELINE_BUCKET": BUCKET,
    "PACELINE_PUBLIC_URL": "https://example.com",
    "PACELINE_STRAVA_CLIENT_ID": "12345",
    "PACELINE_STRAVA_API_BASE": "http://127.0.0.1:9",
    "PACELINE_STRAVA_OAUTH_BASE": "http://127.0.0.1:9",
}
SECRETS = {
    "keyring": json.dumps({"primary": "k1", "keys": {"k1": b64encode(bytes(32)).decode()}}),
    "strava_client_secret": "secret",
    "subscription_id": "none",
    "verify_token": "verify-me",
    "webhook_secret": "0123456789abcdef",
}
MOUNTED = {
    step: each["secrets"] for step, each in hcl.local_values("functions.tf")["functions"].items()
}

# Imports every module that a zip holds, and says where the library came from.
_IMPORT_ALL = """
import importlib, pathlib, sys
names = [".".join(path.with_suffix("").parts) for path in pathlib.Path("paceline").rglob("*.py")]
for name in names:
    importlib.import_module(name.removesuffix(".__init__"))
print(sys.modules["paceline"].__file__)
"""


@pytest.fixture(scope="module")
def unpacked(
    bundles: Bundles, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[Path, Path]]:
    """A step's unpacked zip, and the bin folder of an environment with its requirements."""
    folder = tmp_path_factory.mktemp("deployed")
    environments: dict[str, Path] = {}  # the same requirements, the same environment

    def unpacked(step: str) -> tuple[Path, Path]:
        packed = folder / f"{step}.zip"
        packed.write_bytes(zipped(bundles[step]))
        source = unpack(packed, folder / step)
        wanted = (source / "requirements.txt").read_text()
        if wanted not in environments:
            environments[wanted] = install(
                source / "requirements.txt", folder / f"environment-{len(environments)}"
            )
        return source, environments[wanted]

    return unpacked


@pytest.fixture(scope="module")
def emulated() -> Iterator[Mapping[str, str]]:
    """Where Google's services are: the topics as Terraform makes them, and a bucket."""
    with (
        started(google.pubsub) as pubsub,
        started(google.firestore) as firestore,
        started(google.storage) as storage,
        pytest.MonkeyPatch.context() as patch,
    ):
        use(pubsub, patch)
        use(storage, patch)
        create_bus(PROJECT, PREFIX, endpoints={})
        create_bucket(PROJECT, BUCKET)
        yield {**pubsub.env, **firestore.env, **storage.env}


@pytest.fixture
def deployed(
    unpacked: Callable[[str], tuple[Path, Path]], emulated: Mapping[str, str], tmp_path: Path
) -> Iterator[Callable[[str], Deployed]]:
    with ExitStack() as running:

        def start(step: str) -> Deployed:
            source, bin_folder = unpacked(step)
            env = {**SETTINGS, **emulated, **mount(step, tmp_path / step)}
            return running.enter_context(serve(step, source, bin_folder, env))

        yield start


def mount(step: str, folder: Path) -> dict[str, str]:
    """The secrets that Terraform mounts for this step, and the setting that says where."""
    for name in MOUNTED[step]:
        (folder / name).mkdir(parents=True)
        (folder / name / "value").write_text(SECRETS[name])
    return {"PACELINE_SECRETS": str(folder)} if MOUNTED[step] else {}


def push(told: EventMessage) -> bytes:
    data, attributes = told.encode(), told.attributes()
    return encode_push(Delivery("any", "1", data, attributes, NOW, attempt=1, lease=""))


@pytest.mark.parametrize("step", STEPS)
def test_every_module_of_a_zip_imports_with_its_own_requirements(
    step: str, unpacked: Callable[[str], tuple[Path, Path]]
) -> None:
    source, bin_folder = unpacked(step)

    done = subprocess.run(
        [bin_folder / "python", "-c", _IMPORT_ALL],
        capture_output=True,
        check=False,
        cwd=source,
        env={},
        text=True,
    )

    assert done.stderr == ""
    assert done.stdout.strip() == str(source / "paceline/__init__.py")


def test_the_deployed_webhook_answers_the_handshake(deployed: Callable[[str], Deployed]) -> None:
    webhook = deployed("receive_webhook")
    asked = "hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=15f7d1a91c1f40f8a748"

    answer = webhook.get(f"/{SECRETS['webhook_secret']}?{asked}")

    assert answer.status == 200
    assert json.loads(answer.body) == {"hub.challenge": "15f7d1a91c1f40f8a748"}


def test_the_deployed_webhook_takes_an_event_and_refuses_a_stranger(
    deployed: Callable[[str], Deployed],
) -> None:
    webhook = deployed("receive_webhook")
    body = json.dumps(event().as_json()).encode()

    assert webhook.post(f"/{SECRETS['webhook_secret']}", body).status == 200
    assert webhook.post("/another-path", body).status == 403


def test_the_deployed_pages_send_an_athlete_to_strava(deployed: Callable[[str], Deployed]) -> None:
    pages = deployed("connect_athlete")

    assert pages.get("/connect_athlete/start").status == 302
    assert pages.get("/elsewhere/start").status == 404


def test_the_deployed_fetch_acknowledges_an_athlete_whom_nobody_knows(
    deployed: Callable[[str], Deployed],
) -> None:
    assert deployed("fetch_activity").post("/", push(message())).status == 204


def test_the_deployed_forgetting_acknowledges_an_athlete_whom_nobody_knows(
    deployed: Callable[[str], Deployed],
) -> None:
    gone = message(object_type="athlete", object_id=ATHLETE, updates={"authorized": "false"})

    assert deployed("forget_athlete").post("/", push(gone)).status == 204


def test_the_deployed_loading_is_built_and_refuses_what_is_no_push(
    deployed: Callable[[str], Deployed],
) -> None:
    answer = deployed("load_silver").post("/", b"{}")

    assert (answer.status, answer.body) == (400, "not a push envelope")


def test_the_deployed_release_has_nothing_to_do_at_first(
    deployed: Callable[[str], Deployed],
) -> None:
    answer = deployed("release_work").post("/", b"{}")

    assert answer.status == 200
    assert json.loads(answer.body) == {
        "outcome": "released",
        "released": 0,
        "listed": 0,
        "spooled": 0,
    }


@pytest.mark.parametrize(
    ("step", "outcome"), [("release_work", "released"), ("reconcile", "reconciled")]
)
def test_a_deployed_function_writes_its_ordinary_outcome_as_a_line_of_json(
    step: str, outcome: str, deployed: Callable[[str], Deployed]
) -> None:
    function = deployed(step)
    function.post("/", b"{}")

    (line,) = function.lines()
    assert (line["severity"], line["step"], line["outcome"]) == ("INFO", step, outcome)


def test_the_deployed_reconcile_has_nobody_to_compare_at_first(
    deployed: Callable[[str], Deployed],
) -> None:
    answer = deployed("reconcile").post("/", b"{}")

    assert answer.status == 200
    assert json.loads(answer.body)["outcome"] == "reconciled"
