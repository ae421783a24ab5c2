"""How Unicorn gets from an address to memory, such that stores to RAM are as fast as loads.

Unicorn sends a store the slow way, six times as slow, if the page may be executed, for it may hold translated code, and
if any hook for invalid accesses covers it. So a page of RAM may be executed here only once code is fetched from it, and
the hooks leave RAM out. While a memory protection unit is on, QEMU's model of it decides instead.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable
from typing import Any, Final

from harness.board.virtual.native_hook import native_hook, structure

_PAGE_BITS, _ADDRESS_BITS = 10, 32
_ANY, _DATA_IN_RAM = 0, 1
_TLB_FLUSH, _WRITE_SHIFT = 11, 30

InvalidAccess = Callable[[Any, int, int, int, int, Any], bool]


def may_execute(address: int) -> bool:
    """Whether code may be there by the default memory map (Armv7-M ARM B3.1): in code, SRAM and external RAM."""
    return address >> 29 in (0, 1, 3, 4)


class _Translation(ctypes.Structure):
    """`translation_t`."""

    _fields_ = (
        ("control", ctypes.c_void_p),
        ("flush", ctypes.c_uint64),
        *structure(ctypes.c_void_p, "kinds it_state"),
    )


class AddressTranslation:
    """The table of pages of one engine.

    Attributes:
        protected: a memory protection unit decides about accesses.
    """

    def __init__(self, uc: Any, function: Any, on_invalid_access: InvalidAccess, it_state: int) -> None:
        """Look after an engine.

        Args:
            function: the native `on_translate`.
            on_invalid_access: a callback for `UC_HOOK_MEM_INVALID`.
            it_state: where the core keeps it.
        """
        import unicorn
        from unicorn.unicorn_py3.unicorn import uclib

        self.protected = False
        self._uc: Final = uc
        self._on_invalid_access: Final = on_invalid_access
        self._kinds: Final = mmap.mmap(-1, 1 << _ADDRESS_BITS - _PAGE_BITS)
        self._ram: Final[list[tuple[int, int]]] = []
        self._hooks: list[Any] = []
        control = ctypes.cast(uclib.uc_ctl, ctypes.c_void_p).value
        kinds = ctypes.addressof(ctypes.c_char.from_buffer(self._kinds))
        self._native: Final = _Translation(control, _TLB_FLUSH | 1 << _WRITE_SHIFT, kinds, it_state)
        self._handle: Final = native_hook(uc, unicorn.UC_HOOK_TLB_FILL, function, ctypes.byref(self._native), 1, 0)
        self._hook_invalid_accesses()
        self.protect(False)

    def add_ram(self, origin: int, size: int) -> None:
        """A memory that the core may write."""
        self._ram.append((origin, size))
        self._ram.sort()
        self._hook_invalid_accesses()
        self._mark(_DATA_IN_RAM)

    def may_hold_code(self, address: int, size: int) -> bool:
        """Whether code may have been translated from these bytes."""
        kinds = self._kinds[address >> _PAGE_BITS : (address + size - 1 >> _PAGE_BITS) + 1]
        return kinds.count(_DATA_IN_RAM) != len(kinds)

    def forget_code(self) -> None:
        """Take all RAM for data again, and forget what was translated from it; not while code runs."""
        if any(self.may_hold_code(origin, size) for origin, size in self._ram):
            self._uc.ctl_flush_tb()
            self._mark(_DATA_IN_RAM)
            self.flush()

    def protect(self, enabled: bool) -> None:
        """A memory protection unit decides about accesses from now on, or no longer."""
        import unicorn

        self.protected = enabled
        if enabled:
            # Fetches are not seen from here on.
            self._mark(_ANY)
        self._uc.ctl_set_tlb_mode(unicorn.UC_TLB_CPU if enabled else unicorn.UC_TLB_VIRTUAL)
        self.flush()

    def flush(self) -> None:
        """Look up every page anew."""
        import unicorn

        self._uc.ctl(_TLB_FLUSH, unicorn.UC_CTL_IO_WRITE)

    def _mark(self, kind: int) -> None:
        for origin, size in self._ram:
            first, last = origin >> _PAGE_BITS, origin + size >> _PAGE_BITS
            self._kinds[first:last] = bytes([kind]) * (last - first)

    def _hook_invalid_accesses(self) -> None:
        import unicorn

        for hook in self._hooks:
            self._uc.hook_del(hook)
        ends = [0, *(origin + size for origin, size in self._ram)]
        begins = [*(origin for origin, _ in self._ram), 1 << _ADDRESS_BITS]
        self._hooks = [
            self._uc.hook_add(unicorn.UC_HOOK_MEM_INVALID, self._on_invalid_access, begin=first, end=last - 1)
            for first, last in zip(ends, begins, strict=True)
            if first < last
        ]
