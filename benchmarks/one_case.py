"""How long one case takes: DS-CNN in int8 on a virtual NUCLEO-L4R5ZI, from conversion to ten timed inferences.

    python benchmarks/one_case.py [ROUNDS]

Each round starts from a cache that holds the tools (trained weights, the virtual board's native code) and nothing of
the firmware, runs the case, and runs it again. Times are wall seconds, of the case (as its record has them: convert,
compile, link, flash, boot, measure) and of the whole pytest process with its report. The best round counts, since
whatever else the machine does can only slow a round down.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness.paths import REPOSITORY, cache_directory
from harness.results.store import RunDirectory

CASE = "testsuites/quickstart/test_quickstart.py::test_candidate[kws_ds_cnn-int8-nucleo_l4r5zi]"
FIRMWARE_CACHES = ("variants", "firmware", "reference")


def run_case(cache: Path, runs: Path) -> tuple[float, float]:
    """Seconds of one run: of the case, and of the process."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "pytest", "-q", CASE, "--runs", str(runs), "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, cwd=REPOSITORY, env={**os.environ, "HARNESS_CACHE": str(cache)}, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise SystemExit(done.stdout)
    seconds = time.perf_counter() - started
    (record,) = RunDirectory.open("latest", runs).records()
    return record.origin.seconds, seconds


def entries(cache: Path) -> set[Path]:
    """Everything that was made."""
    return {entry for kind in cache.iterdir() for entry in kind.iterdir()}


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    cold, warm = [], []
    with tempfile.TemporaryDirectory() as name:
        runs, cache = Path(name, "runs"), Path(name, "cache")
        if cache_directory().is_dir():
            shutil.copytree(cache_directory(), cache)
        run_case(cache, runs)
        for _ in range(rounds):
            for kind in FIRMWARE_CACHES:
                shutil.rmtree(cache / kind, ignore_errors=True)
            cold.append(run_case(cache, runs))
            made = entries(cache)
            warm.append(run_case(cache, runs))
            if entries(cache) != made:
                raise SystemExit("the second run made something again")
    for index, what in enumerate(("case", "process")):
        best, cached = min(one[index] for one in cold), min(one[index] for one in warm)
        print(f"{what:8} cold firmware cache {best:6.2f} s, everything cached {cached:6.2f} s: {best / cached:.2f} x")


if __name__ == "__main__":
    main()
