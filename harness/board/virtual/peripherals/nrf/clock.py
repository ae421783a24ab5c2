"""CLOCK, POWER and RESET, which share their registers' page (PS 4.11, 4.9, 4.8): oscillators start at once."""

from __future__ import annotations

from typing import ClassVar, Final

from harness.board.virtual.clock_tree import CORE
from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.nrf.events import EventBlock
from harness.board.virtual.resets import ResetCause

_HFCLKSTARTED, _LFCLKSTARTED, _CALIBRATED, _AUDIO_STARTED, _192M_STARTED = 0x100, 0x104, 0x11C, 0x120, 0x124
_RESETREAS, _HFCLKRUN, _HFCLKSTAT, _LFCLKRUN, _LFCLKSTAT = 0x400, 0x408, 0x40C, 0x414, 0x418
_AUDIORUN, _AUDIOSTAT, _192MRUN, _192MSTAT = 0x450, 0x454, 0x458, 0x45C
_LFCLKSRC, _HFCLKCTRL, _192MCTRL = 0x518, 0x558, 0x5B8
_RUNNING, _CRYSTAL = 1 << 16, 1
_FASTEST_HZ, _PERIPHERAL_HZ, _LOW_HZ = 128_000_000, 16_000_000, 32_768
_REASONS: Final = {
    ResetCause.PIN: 1 << 0,
    ResetCause.INDEPENDENT_WATCHDOG: 1 << 1,
    ResetCause.SOFTWARE: 1 << 3,
}


class Clock(EventBlock):
    """HFCLKCTRL sets the core clock, 128 MHz or half of it; everything else only tells that it runs."""

    tasks: ClassVar = {
        0x000: "start_high",
        0x004: "stop_high",
        0x008: "start_low",
        0x00C: "stop_low",
        0x010: "calibrate",
        0x018: "start_audio",
        0x020: "start_192m",
    }

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Set the chip's clock tree."""
        super().__init__(connections, entry, {_HFCLKCTRL: 1, _192MCTRL: 2})
        self._tree: Final = connections.clocks
        self._reasons = 0
        connections.resets.listen(self._note_cause)

    def reset(self) -> None:
        """64 MHz from the internal oscillator."""
        super().reset()
        self._set_clocks()

    def read(self, offset: int) -> int:
        """Storage; RESETREAS keeps its flags over resets."""
        return self._reasons if offset == _RESETREAS else super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Storage; ones clear flags of RESETREAS."""
        if offset == _RESETREAS:
            self._reasons &= ~value
            return
        super().write(offset, value)
        if offset == _HFCLKCTRL:
            self._set_clocks()

    def start_high(self) -> None:
        """HFCLK from the crystal."""
        self._run(_HFCLKRUN, _HFCLKSTAT, _RUNNING | _CRYSTAL, _HFCLKSTARTED)

    def stop_high(self) -> None:
        """HFCLK from the internal oscillator, which always runs for the core."""
        self._stop(_HFCLKRUN, _HFCLKSTAT)

    def start_low(self) -> None:
        """LFCLK from the chosen source."""
        self._run(_LFCLKRUN, _LFCLKSTAT, _RUNNING | self.stored(_LFCLKSRC) & 3, _LFCLKSTARTED)

    def stop_low(self) -> None:
        """LFCLK off."""
        self._stop(_LFCLKRUN, _LFCLKSTAT)

    def calibrate(self) -> None:
        """The low-frequency RC oscillator is right."""
        self.raise_event(_CALIBRATED)

    def start_audio(self) -> None:
        """HFCLKAUDIO."""
        self._run(_AUDIORUN, _AUDIOSTAT, _RUNNING, _AUDIO_STARTED)

    def start_192m(self) -> None:
        """HFCLK192M."""
        self._run(_192MRUN, _192MSTAT, _RUNNING | _CRYSTAL, _192M_STARTED)

    def _run(self, run: int, status: int, value: int, event: int) -> None:
        self._values[run], self._values[status] = 1, value
        self.raise_event(event)

    def _stop(self, run: int, status: int) -> None:
        self._values[run] = self._values[status] = 0

    def _set_clocks(self) -> None:
        core = _FASTEST_HZ >> (self.stored(_HFCLKCTRL) & 1)
        self._tree.update({CORE: core, "pclk16m": _PERIPHERAL_HZ, "lfclk": _LOW_HZ})

    def _note_cause(self, cause: ResetCause) -> None:
        self._reasons |= _REASONS.get(cause, 0)


def build(connections: Connections, entry: PeripheralEntry) -> Clock:
    """Make the block."""
    return Clock(connections, entry)
