"""A console that has all its input from the beginning, and what runs a firmware with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.board.board_file import load_board
from harness.board.virtual.image import Image, read_image
from harness.board.virtual.run_board import BoardRun
from harness.board.virtual.run_ending import Ending, RunPlan
from harness.board.virtual.run_watch import RunFigures
from tests.board.board_firmware import test_firmware

BOARD = "nucleo_l4r5zi"


class ScriptedHost:
    """A `HostPort`: its input is over once it has been read; output is kept."""

    def __init__(self, script: bytes) -> None:
        self.where = "a test"
        self.ended = False
        self.heard = b""
        self._script = script

    def read(self, seconds: float) -> bytes:  # noqa: ARG002
        data, self._script = self._script, b""
        self.ended = True
        return data

    def write(self, data: bytes) -> None:
        self.heard += data

    def stand_by(self) -> None:
        """Input waits."""


@dataclass(frozen=True)
class Done:
    """A run that is over."""

    ending: Ending
    figures: RunFigures
    heard: bytes
    image: Image


def run(plan: RunPlan, script: bytes = b"", image: Path | None = None, board: str = BOARD) -> Done:
    """Run an image, by default the test firmware, to its end."""
    spec = load_board(board)
    loaded = read_image(image or test_firmware(board), spec)
    host = ScriptedHost(script)
    running = BoardRun(spec, loaded, plan, host)
    ending = running.run()
    return Done(ending, running.figures(), host.heard, loaded)


def raw_image(path: Path, *half_words: int, entry: int = 0x0800_0009) -> Path:
    """A binary of a stack pointer, a reset vector, and code behind them."""
    words = (0x2000_1000).to_bytes(4, "little") + entry.to_bytes(4, "little")
    path.write_bytes(words + b"".join(one.to_bytes(2, "little") for one in half_words))
    return path
