"""Bench firmware that speaks EEMBC's protocol on a virtual board, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness.board.dut import Dut, open_dut
from harness.board.interfaces import Console
from harness.board.rack import Kind, RackEntry
from harness.deploy.backend import Backend
from harness.deploy.build import build_firmware
from harness.deploy.firmware import Firmware
from harness.deploy.options import EEMBC_BAUD, BuildOptions, ConsoleProtocol
from harness.optimize.variant import Variant
from tests.deploy.identity_backend import identity_variant

EEMBC = BuildOptions(protocol=ConsoleProtocol.EEMBC)
BOOT = r"m-timestamp-mode-performance\r\nm-lap-us-\d+\r\nm-init-done\r\nm-ready\r\n"
READY = b"m-ready\r\n"


@contextmanager
def virtual_board(name: str = "nucleo_l4r5zi", uart_noise: str = "") -> Iterator[Dut]:
    """A virtual board of its own, for the length of the block."""
    with open_dut(RackEntry("test", name, Kind.VIRTUAL, uart_noise=uart_noise), EEMBC_BAUD) as dut:
        yield dut


def start(dut: Dut, backend: Backend, variant: Variant | None = None) -> Firmware:
    """Build, flash and start firmware; what it says at boot is still to be read."""
    firmware = build_firmware(variant or identity_variant(), dut.spec.target, backend, EEMBC)
    dut.probe.flash(firmware.elf)
    dut.console.discard_input()
    dut.probe.reset()
    return firmware


class Wire:
    """Bytes to and from the firmware, without the safeguards of `MlperfDevice`."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def send(self, data: bytes) -> None:
        """Raw bytes."""
        self._console.write(data)

    def receive(self, end: bytes = READY, timeout: float = 10.0) -> str:
        """All that comes up to `end`; it has to come."""
        data = b""
        while not data.endswith(end):
            piece = self._console.read(1, timeout)
            assert piece, f"silence after {data!r}"
            data += piece + self._console.read(1 << 12, 0)
        return data.decode("ascii")

    def wait_for_silence(self) -> None:
        """Read on until nothing comes."""
        while self._console.read(1 << 12, 0.05):
            pass

    def ask(self, command: str) -> list[str]:
        """The lines of the reply to one command, without the last, `m-ready`."""
        self.send(command.encode() + b"%")
        *lines, last = self.receive().split("\r\n")[:-1]
        assert last == "m-ready"
        return lines
