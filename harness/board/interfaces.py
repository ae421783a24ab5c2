"""The three instruments by which the harness reaches a board, silicon or virtual alike."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from harness.board.trace import EnergyTrace


class Probe(Protocol):
    """A debug probe. All verbs raise `ProbeError` when the probe or the board does not answer."""

    def flash(self, image: Path) -> None:
        """Program the image and leave the core halted at its reset vector; pages that hold it already are skipped."""

    def reset(self) -> None:
        """Reset the board and let it run."""

    def program_counter(self) -> int:
        """Halt the core and tell where it was: how a hang is located."""

    def close(self) -> None:
        """Let go of the probe; the board runs on."""


class Console(Protocol):
    """The board's serial line. All verbs raise `ConsoleError` when the port is gone."""

    def write(self, data: bytes) -> None:
        """Send all bytes."""

    def read(self, size: int, timeout: float) -> bytes:
        """At most `size` bytes; fewer, or none, when `timeout` seconds pass first."""

    def discard_input(self) -> None:
        """Throw away what has arrived and was not read."""

    def close(self) -> None:
        """Close the port."""


class EnergyAnalyzer(Protocol):
    """Samples the board's supply current and its trigger pin. Verbs raise `InfrastructureError` on failure."""

    def start(self) -> None:
        """Begin to record."""

    def stop(self) -> EnergyTrace:
        """End the recording and hand it over."""

    def close(self) -> None:
        """Let go of the instrument."""
