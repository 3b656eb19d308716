"""Importing the webhook against importing functions-framework and the publisher alone.

Fresh processes, in turns, with bytecode on disk as a deployed function has it; the median of each,
and their ratio.
"""

import compileall
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 21
ROOT = Path(__file__).parents[1]
MAIN = ROOT / "functions/receive_webhook/main.py"

TIMED = """
import time
began = time.perf_counter()
{code}
print((time.perf_counter() - began) * 1000)
"""
BARE = """
import functions_framework
import paceline.adapters.local.bus
"""
WEBHOOK = f"""
import importlib.util
spec = importlib.util.spec_from_file_location("main", {str(MAIN)!r})
spec.loader.exec_module(importlib.util.module_from_spec(spec))
import paceline.adapters.local.bus
"""


def import_ms(code: str) -> float:
    program = TIMED.format(code=code)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    return float(done.stdout)


def main() -> None:
    compileall.compile_dir(ROOT / "shared", quiet=1)
    times: dict[str, list[float]] = {BARE: [], WEBHOOK: []}
    for _ in range(ROUNDS):
        for code, taken in times.items():
            taken.append(import_ms(code))
    bare, webhook = (statistics.median(times[code]) for code in (BARE, WEBHOOK))
    print(f"cold start: functions-framework and publisher {bare:.0f} ms, webhook {webhook:.0f} ms")
    print(f"cold start: ratio {webhook / bare:.2f} (at most 1.15)")


if __name__ == "__main__":
    main()
