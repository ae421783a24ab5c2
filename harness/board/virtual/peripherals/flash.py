"""The flash controllers of STM32: key sequence, erasing, programming, option bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from harness.board.virtual.engine import Engine, MappedMemory
from harness.board.virtual.flash_layout import FlashLayout
from harness.board.virtual.peripherals.register_block import RegisterBlock

ACCESS_CONTROL: Final = 0x00
KEYS: Final = (0x4567_0123, 0xCDEF_89AB)


class FlashController(RegisterBlock):
    """Erases to ones, programs ones to zeros, as `FlashLayout` says.

    A write to flash that was not announced by PG in the control register is dropped, and an error flag set, as silicon
    does.

    Attributes:
        on_access_control: called whenever the register of wait states, prefetch and caches may have changed.
    """

    def __init__(self, engine: Engine, flash: MappedMemory, layout: FlashLayout) -> None:
        """Make the controller of one memory."""
        self._stride: Final = layout.bank_stride or 0x400
        self._banks: Final = 2 if layout.bank_stride else 1
        locked = {bank * self._stride + layout.control: layout.lock for bank in range(self._banks)}
        super().__init__("FLASH", layout.origin, values={**layout.values, **locked})
        self._engine = engine
        self._flash = flash
        self._layout: Final = layout
        self._runs: Final = layout.runs(flash.size)
        self._keys: list[tuple[int, ...]] = [()] * self._banks
        self.on_access_control: Callable[[], None] = lambda: None
        engine.write_protected = self.program

    def reset(self) -> None:
        """Locked, flags cleared; the content stays."""
        super().reset()
        self._keys = [()] * self._banks
        self.on_access_control()

    def write(self, offset: int, value: int) -> None:
        """Keys unlock the control register; that one erases; flags are cleared by writing ones."""
        layout = self._layout
        bank, register = divmod(offset, self._stride)
        base = offset - register
        if bank >= self._banks:
            super().write(offset, value)
        elif register == layout.key:
            self._take_key(bank, value)
        elif register == layout.clear:
            super().write(base + layout.status, self.stored(base + layout.status) & ~value)
        elif register == layout.control:
            self._control(bank, value)
        elif register != layout.status:
            super().write(offset, value)
            if offset == ACCESS_CONTROL:
                self.on_access_control()

    def program(self, address: int, size: int, value: int) -> None:
        """A store to flash by the core or the debugger."""
        if not self._flash.holds(address, size):
            return
        layout, start = self._layout, address - self._flash.origin
        base = self._stride * (start * self._banks // self._flash.size)
        control = self.stored(base + layout.control)
        if control & layout.lock or not control & layout.program:
            self._raise_flag(base, layout.sequence_error)
            return
        old = int.from_bytes(self._flash.buffer[start : start + size], "little")
        if layout.needs_erased and old != (1 << 8 * size) - 1:
            self._raise_flag(base, layout.programming_error)
            return
        self._flash.buffer[start : start + size] = (old & value).to_bytes(size, "little")

    def _take_key(self, bank: int, value: int) -> None:
        """Unlock after both keys; a wrong one keeps the controller locked until the next reset."""
        offset = bank * self._stride + self._layout.control
        control, taken = self.stored(offset), self._keys[bank]
        if control & self._layout.lock and taken == KEYS[: len(taken)]:
            self._keys[bank] = taken = (*taken, value)
        if taken == KEYS:
            super().write(offset, control & ~self._layout.lock)
            self._keys[bank] = ()

    def _control(self, bank: int, value: int) -> None:
        layout, base = self._layout, bank * self._stride
        if self.stored(base + layout.control) & layout.lock:
            return
        super().write(base + layout.control, value & ~layout.start)
        if not value & layout.start:
            return
        parts = self._banks * len(layout.mass_erase)
        part = self._flash.size // parts
        chosen = [index for index, bit in enumerate(layout.mass_erase) if value & bit]
        for index in chosen:
            self._erase((bank * len(layout.mass_erase) + index) * part, part)
        if value & layout.erase and not chosen:
            self._erase_sector(bank, value)

    def _erase_sector(self, bank: int, control: int) -> None:
        layout = self._layout
        for run in self._runs:
            index = ((control & layout.selection) - run.select) >> layout.number_bit
            if run.bank == bank and 0 <= index < run.count:
                self._erase(run.offset + index * run.size, run.size)
                return
        self._raise_flag(bank * self._stride, layout.sequence_error)

    def _erase(self, start: int, size: int) -> None:
        self._engine.write(self._flash.origin + start, b"\xff" * size)

    def _raise_flag(self, base: int, flag: int) -> None:
        status = base + self._layout.status
        super().write(status, self.stored(status) | flag)
