"""Each deployed function, ready for its first request, against the clients that it talks through.

Ready: functions-framework's app made of what its zip holds, the part of the runtime that it uses
built, and stravalib imported where that reads. The baseline imports functions-framework and makes
the same clients; neither connects. Fresh processes, in turns, with bytecode on disk as a deployed
function has it. Time is that of the CPU, and the least of each, since a busy machine only ever
adds. Memory is the most that was resident.
"""

import compileall
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from py_compile import PycInvalidationMode

from paceline.cli.bundles import deployed_steps, files_of

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
ROOT = Path(__file__).parents[1]

MEASURED = """
import time
began = time.process_time()
{code}
print((time.process_time() - began) * 1000)
(kilobytes,) = (line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(kilobytes) / 1024)
"""
READY = """
import functions_framework
functions_framework.create_app({step!r}, "main.py")
import paceline.runtime
paceline.runtime.current().{part}
"""

ABLE_TO_READ = """
import paceline.adapters.strava.client
paceline.adapters.strava.client.strava_client(None, "token")
"""

FRAMEWORK = "import flask, functions_framework"
PUBSUB = """
import grpc
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
channel = grpc.insecure_channel("127.0.0.1:9")
publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
"""
FIRESTORE = """
from google.cloud import firestore
state = firestore.Client(project="p")
"""
STORAGE = """
from google.cloud import storage
objects = storage.Client(project="p")
"""
BIGQUERY = "from google.cloud import bigquery"
STRAVA = "import requests"
CIPHER = "from cryptography.hazmat.primitives.ciphers.aead import AESGCM"
PARSER = "import pydantic"
STRAVALIB = "from stravalib import Client"
ARROW = "import numpy, pyarrow"
LOCAL_BUS = "import paceline.adapters.local.bus"

_READS_STRAVA = (FIRESTORE, STORAGE, PUBSUB, STRAVA, CIPHER, STRAVALIB)
CLIENTS = {
    "receive_webhook": (PUBSUB,),
    "connect_athlete": (FIRESTORE, STRAVA, CIPHER),
    "fetch_activity": _READS_STRAVA,
    "load_silver": (STORAGE, BIGQUERY, PARSER, ARROW),
    "forget_athlete": (FIRESTORE, STRAVA, CIPHER),
    "release_work": _READS_STRAVA,
    "reconcile": _READS_STRAVA,
}

LAPTOP = {
    "PACELINE_STRAVA_CLIENT_ID": "1",
    "PACELINE_STRAVA_CLIENT_SECRET": "x",
    "PACELINE_VERIFY_TOKEN": "x",
    "PACELINE_WEBHOOK_SECRET": "0123456789abcdef",
}
NOBODY = "127.0.0.1:9"  # nobody is asked for anything yet
CLOUD = LAPTOP | {
    "PACELINE_RUNTIME": "gcp",
    "PACELINE_PROJECT": "some-project",
    "PACELINE_BUCKET": "some-bucket",
    "PACELINE_PREFIX": "paceline-dev",
    "PACELINE_DATASET_PREFIX": "paceline_dev_",
    "PACELINE_SECRETS": ".",
    "PUBSUB_EMULATOR_HOST": NOBODY,
    "FIRESTORE_EMULATOR_HOST": NOBODY,
    "STORAGE_EMULATOR_HOST": f"http://{NOBODY}",
    "BIGQUERY_EMULATOR_HOST": f"http://{NOBODY}",
}


@dataclass
class Program:
    """Python code that is run in fresh processes, and what each run took."""

    code: str
    folder: Path
    env: dict[str, str]
    times_ms: list[float] = field(default_factory=list)
    peaks_mb: list[float] = field(default_factory=list)

    def run(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", MEASURED.format(code=self.code)],
            capture_output=True,
            check=True,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], **self.env},
            text=True,
        )
        time_ms, peak_mb = map(float, done.stdout.split())
        self.times_ms.append(time_ms)
        self.peaks_mb.append(peak_mb)


@dataclass
class Case:
    name: str
    clients: Program
    function: Program

    def report(self) -> None:
        time_ms, bare_ms = min(self.function.times_ms), min(self.clients.times_ms)
        peak_mb, bare_mb = min(self.function.peaks_mb), min(self.clients.peaks_mb)
        print(
            f"cold start: {self.name:22} clients {bare_ms:4.0f} ms {bare_mb:4.0f} MB,"
            f" ready {time_ms:4.0f} ms {peak_mb:4.0f} MB,"
            f" ratio {time_ms / bare_ms:.2f} of time, {peak_mb / bare_mb:.2f} of memory"
        )


def case(step: str, clients: tuple[str, ...], env: dict[str, str], folder: Path) -> Case:
    """In a folder that holds what the zip of the function holds."""
    for name in files_of(step):
        target = folder / name.removeprefix("shared/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    shutil.copy(ROOT / "functions" / step / "main.py", folder)
    keyring = folder / "keyring/value"
    keyring.parent.mkdir()
    keyring.write_text(json.dumps({"primary": "k1", "keys": {"k1": "A" * 43 + "="}}))
    compileall.compile_dir(folder, quiet=1, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    (part,) = re.findall(r"current\(\)\.(\w+)", (folder / "main.py").read_text())
    ready = READY.format(step=step, part=part) + (ABLE_TO_READ if STRAVALIB in clients else "")
    bare = "\n".join((FRAMEWORK, *clients))
    return Case(step, Program(bare, folder, env), Program(ready, folder, env))


def cases(home: Path) -> list[Case]:
    found = [case(step, CLIENTS[step], CLOUD, home / step) for step in deployed_steps()]
    webhook = ROOT / "functions/receive_webhook"
    compileall.compile_dir(ROOT / "shared", quiet=1)
    compileall.compile_dir(webhook, quiet=1)
    laptop = LAPTOP | {"PACELINE_HOME": str(home / "laptop")}
    ready = READY.format(step="receive_webhook", part="receiving")
    bare = Program(f"{FRAMEWORK}\n{LOCAL_BUS}", webhook, laptop)
    return [*found, Case("receive_webhook, local", bare, Program(ready, webhook, laptop))]


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        found = cases(Path(home))
        for _ in range(ROUNDS):
            for each in found:
                each.clients.run()
                each.function.run()
    print(f"cold start: CPU time, the least of {ROUNDS} fresh processes; ratios at most 1.2")
    for each in found:
        each.report()


if __name__ == "__main__":
    main()
