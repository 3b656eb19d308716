"""`python -m paceline.cli.emulators`: Google's services on this machine, until Ctrl-C."""

import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from paceline.cli.emulators.bigquery import bigquery
from paceline.cli.emulators.google import firestore, pubsub, storage
from paceline.cli.emulators.process import EmulatorFailed, EmulatorMissing


def main(home: Path) -> int:
    """Prints what to export for a client to find them; makes what has to be made first."""
    home.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for emulator in (
            pubsub(),
            firestore(),
            storage(home / "storage"),
            bigquery(home / "bigquery"),
        ):
            stack.enter_context(emulator)
            for name, value in emulator.env.items():
                print(f"export {name}={value}", flush=True)
        print("# Ctrl-C stops them.", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        sys.exit(main(Path(".paceline/emulators")))
    except (EmulatorMissing, EmulatorFailed) as error:
        sys.exit(f"paceline: {error}")
