"""The system control block: vector table, coprocessor access, caches, traps, reset (Armv7-M ARM B3.2).

The registers of exceptions among them are in `exception_registers`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from harness.board.virtual.engine import Engine
from harness.board.virtual.exception_state import FIRST_INTERRUPT
from harness.board.virtual.exceptions import ExceptionModel
from harness.board.virtual.memory_interface import CacheControl
from harness.board.virtual.peripherals.core_debug import CoreDebug
from harness.board.virtual.peripherals.exception_registers import ExceptionRegisters
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.deploy.target import Core

_LOG = logging.getLogger(__name__)

_ICIALLU, _DCCISW = 0xF50, 0xF74
_VTOR, _AIRCR, _SCR, _CCR, _DFSR, _CCSIDR, _CSSELR, _CPACR, _STIR = (
    *(0xD08, 0xD0C, 0xD10, 0xD14, 0xD30),
    *(0xD80, 0xD84, 0xD88, 0xF00),
)
_KEY, _KEY_READ, _PRIORITY_GROUP, _SYSRESETREQ, _VECTRESET = 0x5FA, 0xFA05_0000, 8, 1 << 2, 1 << 0
_SLEEPONEXIT, _SEVONPEND = 1 << 1, 1 << 4
_NONBASETHRDENA, _UNALIGN_TRP, _DIV_0_TRP, _BFHFNMIGN, _STKALIGN = (1 << bit for bit in (0, 3, 4, 8, 9))
_VTOR_IGNORED = 0x7F
_PRIVILEGED_ACCESS, _FULL_ACCESS = 0b01, 0b11


class SystemControl(RegisterBlock):
    """SCB. Its fault and exception registers are those of the exception model."""

    def __init__(
        self,
        engine: Engine,
        exceptions: ExceptionModel,
        debug: CoreDebug,
        request_reset: Callable[[], None],
        values: Mapping[int, int],
        cache_sizes: tuple[int, int] = (0, 0),
        caches: CacheControl | None = None,
    ) -> None:
        """Make the block.

        Args:
            request_reset: called when AIRCR asks for a system reset.
            values: CPUID and the other constants, by offset.
            cache_sizes: CCSIDR of the data and the instruction cache.
            caches: told of what is done to them.
        """
        # Armv6-M always traps unaligned accesses.
        fixed = _STKALIGN | (_UNALIGN_TRP if exceptions.architecture.version == 6 else 0)
        super().__init__("SCB", 0xE000_E000, 0x1000, {_CCR: fixed, **values})
        self._constants = frozenset(values)
        self._engine = engine
        self._exceptions = exceptions
        self._registers = ExceptionRegisters(exceptions, engine.interrupt)
        self._debug = debug
        self._request_reset = request_reset
        self._cache_sizes = cache_sizes
        self._caches = caches

    def reset(self) -> None:
        """Coprocessors off, no traps, caches off."""
        super().reset()
        if self._caches is not None:
            self._caches.configure(0)
        self._engine.float_unit_enabled = False
        self._engine.trap_division_by_zero(False)
        self._engine.trap_unaligned_accesses(False)

    def stored(self, offset: int) -> int:
        """What a register keeps, for accesses narrower than a word."""
        return self._registers.read(offset) if self._registers.has(offset) else super().stored(offset)

    def read(self, offset: int) -> int:
        """A register; those of exceptions as the model has them."""
        if self._registers.has(offset):
            return self._registers.read(offset)
        if offset == _VTOR:
            return self._exceptions.vector_table
        if offset == _AIRCR:
            return _KEY_READ | self._exceptions.group_bit << _PRIORITY_GROUP
        if offset == _DFSR:
            return self._debug.reasons
        if offset == _CCSIDR:
            return self._cache_sizes[self.stored(_CSSELR) & 1]
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Take a register, with what it does."""
        if self._registers.has(offset):
            self._registers.write(offset, value)
        elif offset == _VTOR:
            self._exceptions.vector_table = value & ~_VTOR_IGNORED
            if value & _VTOR_IGNORED:
                _LOG.warning("VTOR is set to %#010x, no multiple of 128: what is below that is ignored", value)
        elif offset == _AIRCR:
            self._control_application(value)
        elif offset == _CCR:
            self._configure(value)
        elif offset == _SCR:
            super().write(offset, value)
            self._exceptions.sleeps_on_exit = bool(value & _SLEEPONEXIT)
            self._exceptions.wakes_on_pending = bool(value & _SEVONPEND)
        elif offset == _CPACR:
            super().write(offset, value & 0xF0_0000)
            # Unicorn can't tell unprivileged code from other here: it may use a unit that is for privileged code.
            self._engine.float_unit_enabled = value >> 20 & 0b11 in (_PRIVILEGED_ACCESS, _FULL_ACCESS)
        elif offset == _STIR:
            self._exceptions.pending.add(FIRST_INTERRUPT + (value & 0x1FF))
            self._engine.interrupt()
        elif offset == _DFSR:
            self._debug.reasons &= ~value
        elif _ICIALLU <= offset <= _DCCISW and self._caches is not None:
            self._caches.maintain(offset, value)
        elif offset not in self._constants:
            super().write(offset, value)

    def _control_application(self, value: int) -> None:
        if value >> 16 != _KEY:
            return
        if self._exceptions.architecture.configurable_faults:
            self._exceptions.group_bit = value >> _PRIORITY_GROUP & 7
        if value & (_SYSRESETREQ | _VECTRESET):
            self._request_reset()

    def _configure(self, value: int) -> None:
        """CCR."""
        exceptions, version = self._exceptions, self._exceptions.architecture.version
        if version == 6:
            return
        if version == 8 or self._engine.core is Core.CORTEX_M7:
            value |= _STKALIGN
        super().write(_CCR, value)
        exceptions.returns_to_thread_from_anywhere = bool(value & _NONBASETHRDENA)
        exceptions.ignores_bus_faults = bool(value & _BFHFNMIGN)
        exceptions.frames.aligns = bool(value & _STKALIGN)
        self._engine.trap_division_by_zero(bool(value & _DIV_0_TRP))
        self._engine.trap_unaligned_accesses(bool(value & _UNALIGN_TRP))
        if self._caches is not None:
            self._caches.configure(value)
