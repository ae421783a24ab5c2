"""Bench firmware on a virtual board, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness.bench.device import Device
from harness.bench.protocol import Frame, FrameDecoder, encode
from harness.board.dut import Dut, open_dut
from harness.board.interfaces import Console
from harness.board.rack import Kind, RackEntry
from harness.deploy.backend import Backend
from harness.deploy.build import build_firmware
from tests.deploy.identity_backend import identity_variant

BOARDS = ("nucleo_l4r5zi", "nucleo_f746zg")


@contextmanager
def virtual_board(name: str, uart_noise: str = "") -> Iterator[Dut]:
    """A virtual board of its own, for the length of the block."""
    with open_dut(RackEntry("test", name, Kind.VIRTUAL, uart_noise=uart_noise)) as dut:
        yield dut


def load(dut: Dut, backend: Backend, inference_timeout: float = 20.0) -> Device:
    """Build, flash and start firmware; the device is not connected yet."""
    firmware = build_firmware(identity_variant(), dut.spec.target, backend)
    dut.probe.flash(firmware.elf)
    dut.probe.reset()
    return Device(dut.console, firmware, inference_timeout)


class Wire:
    """Frames to and from the firmware, without the safeguards of `Device`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._decoder = FrameDecoder()

    def send(self, data: bytes) -> None:
        """Raw bytes."""
        self._console.write(data)

    def receive(self, timeout: float = 10.0) -> list[Frame]:
        """The next frames; none when time is up."""
        frames: list[Frame] = []
        while not frames:
            data = self._console.read(1, timeout)
            if not data:
                break
            frames = self._decoder.feed(data + self._console.read(1 << 12, 0))
        return frames

    def ask(self, kind: int, sequence: int, payload: bytes = b"") -> Frame:
        """The one frame that answers."""
        self.send(encode(Frame(kind, sequence, payload)))
        (answer,) = self.receive()
        return answer
