"""Flash controllers of STM32L4 and F7, enough for pyOCD's builtin flash algorithms of the STM32L475 and STM32F767."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from harness.board.virtual.engine import Engine, MappedMemory
from harness.board.virtual.peripherals.register_block import RegisterBlock

ACCESS_CONTROL, OPTIONS_STM32L4 = 0x00, 0x20
_KEYS = (0x4567_0123, 0xCDEF_89AB)
_PG, _PER, _MER, _START, _LOCK = 1 << 0, 1 << 1, 1 << 2, 1 << 16, 1 << 31


@dataclass(frozen=True)
class Layout:
    """Where a family's controller has its registers and flags, and how its flash is divided.

    Attributes:
        key, status, control: register offsets.
        sector_mask: of the sector number in CR, from bit 3 on.
        sectors: sizes in bytes, in the order of their numbers.
        sequence_error: flag in SR for a write that was not announced; `programming_error` for one that can't be done.
        needs_erased: programming what is not erased is an error; otherwise ones turn to zeros.
    """

    key: int
    status: int
    control: int
    sector_mask: int
    sectors: tuple[int, ...]
    sequence_error: int
    programming_error: int
    needs_erased: bool


class FlashController(RegisterBlock):
    """What both families share: the key sequence, erasing to ones, programming ones to zeros.

    A write to flash that was not announced by CR.PG is dropped, and an error flag set, as silicon does.

    Attributes:
        on_access_control: called whenever the register of wait states, prefetch and caches may have changed.
    """

    def __init__(
        self, origin: int, engine: Engine, flash: MappedMemory, layout: Layout, values: dict[int, int]
    ) -> None:
        """Make a controller for one memory; `values` are reset values of its registers."""
        super().__init__("FLASH", origin, values={**values, layout.control: _LOCK | values.get(layout.control, 0)})
        self._engine = engine
        self._flash = flash
        self._layout: Final = layout
        self._keys: tuple[int, ...] = ()
        self.on_access_control: Callable[[], None] = lambda: None
        engine.write_protected = self.program

    def reset(self) -> None:
        """Locked, flags cleared; the content stays."""
        super().reset()
        self._keys = ()
        self.on_access_control()

    def write(self, offset: int, value: int) -> None:
        """Keys unlock CR; CR erases; SR's flags are cleared by writing ones."""
        layout = self._layout
        if offset == layout.key:
            self._take_key(value)
        elif offset == layout.status:
            super().write(offset, self.stored(offset) & ~value)
        elif offset == layout.control:
            self._control(value)
        else:
            super().write(offset, value)
            if offset == ACCESS_CONTROL:
                self.on_access_control()

    def program(self, address: int, size: int, value: int) -> None:
        """A store to flash by the core or the debugger."""
        layout, control = self._layout, self.stored(self._layout.control)
        if control & _LOCK or not control & _PG or not self._flash.holds(address, size):
            self._raise_flag(layout.sequence_error)
            return
        start = address - self._flash.origin
        old = int.from_bytes(self._flash.buffer[start : start + size], "little")
        if layout.needs_erased and old != (1 << 8 * size) - 1:
            self._raise_flag(layout.programming_error)
            return
        self._flash.buffer[start : start + size] = (old & value).to_bytes(size, "little")

    def _take_key(self, value: int) -> None:
        """Unlock after both keys; a wrong one keeps the controller locked until the next reset."""
        control = self.stored(self._layout.control)
        if control & _LOCK and self._keys == _KEYS[: len(self._keys)]:
            self._keys += (value,)
        if self._keys == _KEYS:
            super().write(self._layout.control, control & ~_LOCK)
            self._keys = ()

    def _control(self, value: int) -> None:
        layout = self._layout
        if self.stored(layout.control) & _LOCK:
            return
        super().write(layout.control, value & ~_START)
        if value & _START and value & _MER:
            self._erase(0, self._flash.size)
        elif value & _START and value & _PER:
            number = value >> 3 & layout.sector_mask
            if number < len(layout.sectors):
                self._erase(sum(layout.sectors[:number]), layout.sectors[number])
            else:
                self._raise_flag(layout.sequence_error)

    def _erase(self, start: int, size: int) -> None:
        self._engine.write(self._flash.origin + start, b"\xff" * size)

    def _raise_flag(self, flag: int) -> None:
        super().write(self._layout.status, self.stored(self._layout.status) | flag)


def flash_stm32l4(engine: Engine, flash: MappedMemory) -> FlashController:
    """FLASH of the STM32L4, as the L475's flash algorithm knows it: 2 KiB pages, numbered in CR[12:3].

    The L4R5 has 4 KiB pages and 8 bits for their number; OPTR reads with DB1M = 0, or the algorithm would take the
    second half-megabyte for a second bank.
    """
    layout = Layout(
        key=0x08,
        status=0x10,
        control=0x14,
        sector_mask=0x3FF,
        sectors=(0x800,) * (flash.size // 0x800),
        sequence_error=1 << 7,
        programming_error=1 << 3,
        needs_erased=True,
    )
    return FlashController(0x4002_2000, engine, flash, layout, {0x00: 0x600, 0x20: 0xFFCF_F8AA})


def flash_stm32f7(engine: Engine, flash: MappedMemory) -> FlashController:
    """FLASH of the STM32F7 in single-bank mode: four sectors of 32 KiB, one of 128 KiB, the rest 256 KiB."""
    sectors = [0x8000] * 4 + [0x2_0000]
    sectors += [0x4_0000] * ((flash.size - sum(sectors)) // 0x4_0000)
    layout = Layout(
        key=0x04,
        status=0x0C,
        control=0x10,
        sector_mask=0x1F,
        sectors=tuple(sectors),
        sequence_error=1 << 7,
        programming_error=1 << 6,
        needs_erased=False,
    )
    return FlashController(0x4002_3C00, engine, flash, layout, {0x14: 0xFFFF_AAFD})
