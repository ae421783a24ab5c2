"""Looks at files in a process of its own, which libraries in C may crash, and tells what it took.

As `python -m tests.model.intake.watched` it is that process: it reads a path a line, and answers a line each.
"""

from __future__ import annotations

import ctypes
import re
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from harness.errors import ModelError
from harness.model.intake import limits
from harness.paths import REPOSITORY
from tests.model.intake.look import look

ADDRESS_SPACE = 8 * 2**30
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Seen:
    """What became of one file.

    Attributes:
        words: of the error; empty where there was none.
        seconds: of processor time.
        peak: bytes by which the process grew at most, freed ones included.
        ended: the signal that ended the process; empty where it went on.
    """

    words: str
    seconds: float = 0.0
    peak: int = 0
    ended: str = ""


class Watcher:
    """The other side of the process, which is started anew where a file ends it."""

    def __enter__(self) -> Self:
        self._start()
        return self

    def _start(self) -> None:
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(
            command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def look(self, path: Path) -> Seen:
        """Look at one file.

        Raises:
            AssertionError: it raised another error than `ModelError`.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{path}\n")
        stdin.flush()
        while not (line := stdout.readline()).startswith("seen\t"):  # Libraries may print, too.
            if not line:
                code = self._process.wait()
                self._process.communicate()
                self._start()
                return Seen("ended the process", ended=signal.Signals(-code).name if code < 0 else str(code))
        _, peak, seconds, words = line.rstrip("\n").split("\t", 3)
        assert not words.startswith("Traceback"), words
        return Seen(words, float(seconds), int(peak))


def _memory(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", _STATUS.read_text())
    assert found
    return int(found[1]) * 1024


def _answer(path: Path) -> str:
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # The peak counts from here (man proc_pid_clear_refs).
    before, began, words = _memory("VmRSS"), time.process_time(), ""
    try:
        look(path)
    except ModelError as error:
        words = str(error)
    except BaseException as error:
        words = f"Traceback {error!r}"
        if error.__traceback__:
            import traceback

            words += "".join(traceback.format_tb(error.__traceback__)[-3:])
    seconds = time.process_time() - began
    shown = " ".join(words[:2000].split())
    shown = shown.encode(errors="backslashreplace").decode()
    return f"seen\t{_memory('VmHWM') - before}\t{seconds}\t{shown}"


def main() -> None:
    """Answer until there are no more paths."""
    limits.SECONDS = 5  # Instead of a minute, for a library that reads in circles.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    for line in sys.stdin:
        print(_answer(Path(line.rstrip("\n"))), flush=True)


if __name__ == "__main__":
    main()
