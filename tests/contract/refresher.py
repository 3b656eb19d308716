"""A process that asks the vault for a token each time it is told to: `python -m` this module.

Arguments: the folder of the state, the simulator's address, the athlete. Each line on standard
input is the simulator's time minus ours, in seconds; each line out is a token, how often we looked
whether the other process was done, and why there is no token.
"""

import base64
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from paceline.adapters.cipher import AesGcmCipher
from paceline.adapters.local.sqlite import Database
from paceline.adapters.local.state import SqliteState
from paceline.adapters.local.system import RandomIds
from paceline.adapters.strava.oauth import StravaTokenEndpoint
from paceline.adapters.strava.session import StravaSession
from paceline.errors import PacelineError
from paceline.vault import Vault

HURRY = 50  # a look that takes half a second in life takes 10 ms here


class ShiftedClock:
    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)


class Pauses:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self, pause_s: float) -> None:
        self.count += 1
        time.sleep(pause_s / HURRY)


def vault_over(database: Database, base_url: str, clock: ShiftedClock, pauses: Pauses) -> Vault:
    session = StravaSession(f"{base_url}/api/v3", f"{base_url}/oauth")
    oauth = StravaTokenEndpoint(session, 12_345, "simulated-secret")
    cipher = AesGcmCipher("k1", {"k1": base64.b64decode(b"a" * 43 + b"=")})
    return Vault(SqliteState(database), cipher, oauth, clock, RandomIds(), pause=pauses)


def main(folder: str, base_url: str, athlete_id: str) -> None:
    clock, pauses = ShiftedClock(), Pauses()
    with Database(Path(folder) / "state.sqlite") as database:
        vault = vault_over(database, base_url, clock, pauses)
        for line in sys.stdin:
            clock.ahead_s = float(line)
            answer: dict[str, str | None] = {"token": None, "error": None}
            try:
                answer["token"] = vault.access_token(int(athlete_id))
            except PacelineError as error:
                answer["error"] = repr(error)
            sys.stdout.write(json.dumps(answer | {"looks": pauses.count}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
