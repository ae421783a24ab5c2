"""The system control block: vector table, fault status, coprocessor access, caches, reset (Armv7-M ARM B3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.board.virtual.engine import Engine
from harness.board.virtual.exceptions import PENDSV, SYSTICK, ExceptionModel
from harness.board.virtual.memory_interface import CacheControl
from harness.board.virtual.peripherals.core_debug import CoreDebug
from harness.board.virtual.peripherals.register_block import RegisterBlock

_ICIALLU, _DCCISW = 0xF50, 0xF74
_ICSR, _VTOR, _AIRCR, _CCR, _SHPR1, _SHPR3 = 0xD04, 0xD08, 0xD0C, 0xD14, 0xD18, 0xD20
_SHCSR, _CFSR, _HFSR, _DFSR, _MMFAR, _BFAR = 0xD24, 0xD28, 0xD2C, 0xD30, 0xD34, 0xD38
_CCSIDR, _CSSELR, _CPACR = 0xD80, 0xD84, 0xD88
_AIRCR_KEY, _SYSRESETREQ, _VECTRESET = 0x5FA, 1 << 2, 1 << 0
_DIV_0_TRP, _STKALIGN = 1 << 4, 1 << 9
_PRIORITY_BITS = 0xF0


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
        super().__init__("SCB", 0xE000_E000, 0x1000, {_CCR: _STKALIGN, **values})
        self._engine = engine
        self._exceptions = exceptions
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

    def read(self, offset: int) -> int:
        """A register; those of exceptions as the model has them."""
        model = self._exceptions
        if _SHPR1 <= offset <= _SHPR3:
            first = 4 + offset - _SHPR1
            return sum(model.priorities.get(first + index, 0) << 8 * index for index in range(4))
        values: dict[int, Callable[[], int]] = {
            _ICSR: self._interrupt_state,
            _VTOR: lambda: model.vector_table,
            _AIRCR: lambda: 0xFA05_0000 | self.stored(_AIRCR) & 0x700,
            _SHCSR: self._handlers,
            _CFSR: lambda: model.cfsr,
            _HFSR: lambda: model.hfsr,
            _DFSR: lambda: self._debug.reasons,
            _MMFAR: lambda: model.bfar,
            _BFAR: lambda: model.bfar,
            _CCSIDR: lambda: self._cache_sizes[self.stored(_CSSELR) & 1],
        }
        return values[offset]() if offset in values else super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Take a register, with what it does."""
        model = self._exceptions
        super().write(offset, value)
        if _SHPR1 <= offset <= _SHPR3:
            for index in range(4):
                model.priorities[4 + offset - _SHPR1 + index] = value >> 8 * index & _PRIORITY_BITS
        elif offset == _ICSR:
            self._set_pending(value)
        elif offset == _VTOR:
            model.vector_table = value & ~0x7F
        elif offset == _AIRCR and value >> 16 == _AIRCR_KEY and value & (_SYSRESETREQ | _VECTRESET):
            self._request_reset()
        elif offset == _CCR:
            self._engine.trap_division_by_zero(bool(value & _DIV_0_TRP))
            if self._caches is not None:
                self._caches.configure(value)
        elif _ICIALLU <= offset <= _DCCISW and self._caches is not None:
            self._caches.maintain(offset, value)
        elif offset == _SHCSR:
            model.enabled -= {4, 5, 6}
            model.enabled |= {4 + index for index in range(3) if value >> 16 + index & 1}
        elif offset == _CFSR:
            model.cfsr &= ~value
        elif offset == _HFSR:
            model.hfsr &= ~value
        elif offset == _DFSR:
            self._debug.reasons &= ~value
        elif offset == _CPACR:
            self._engine.float_unit_enabled = value >> 20 & 0xF == 0xF

    def _interrupt_state(self) -> int:
        model = self._exceptions
        pending = (1 << 28 if PENDSV in model.pending else 0) | (1 << 26 if SYSTICK in model.pending else 0)
        return pending | (model.active[-1] if model.active else 0)

    def _set_pending(self, value: int) -> None:
        pending = self._exceptions.pending
        for bit, number in ((28, PENDSV), (26, SYSTICK)):
            if value >> bit & 1:
                pending.add(number)
            if value >> bit - 1 & 1:
                pending.discard(number)
        self._engine.interrupt()

    def _handlers(self) -> int:
        return sum(1 << 16 + index for index in range(3) if 4 + index in self._exceptions.enabled)
