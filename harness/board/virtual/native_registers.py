"""Windows of registers whose reads pass a native function first, and the state that it shares with Python."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from harness.board.virtual.native_hook import load_hook


class Receiver(ctypes.Structure):
    """`receiver_t`: bytes on their way to the console UART; see `HostLine`, which looks after it."""

    _fields_ = (
        ("status_address", ctypes.c_uint64),
        ("data_address", ctypes.c_uint64),
        ("idle_status", ctypes.c_uint64),
        ("ready_status", ctypes.c_uint64),
        ("arrival", ctypes.c_uint64),
        ("line_free", ctypes.c_uint64),
        ("cycles_a_byte", ctypes.c_uint64),
        ("last_look", ctypes.c_uint64),
        ("cycles", ctypes.POINTER(ctypes.c_uint64)),
        ("horizon", ctypes.POINTER(ctypes.c_uint64)),
        ("taken", ctypes.c_uint64),
        ("fed", ctypes.c_uint64),
        ("bytes", ctypes.c_char_p),
    )


class _Window(ctypes.Structure):
    """`register_window_t`."""

    _fields_ = (("read", ctypes.c_void_p), ("origin", ctypes.c_uint64), ("receiver", ctypes.POINTER(Receiver)))


def map_registers(
    uc: Any,
    origin: int,
    size: int,
    read: Callable[[int, int], int],
    write: Callable[[int, int, int], None],
    receiver: Receiver,
) -> tuple[object, ...]:
    """Hand every access of an address range to two functions, (address, bytes) and (address, bytes, value), but for
    reads that the receiver can answer; what is returned has to be kept as long as the engine.
    """
    from unicorn import UcError
    from unicorn.unicorn_py3.unicorn import MMIO_READ_CFUNC, MMIO_WRITE_CFUNC, uccallback, uclib

    @uccallback(uc, MMIO_READ_CFUNC)
    def on_read(_uc: Any, offset: int, width: int, _data: Any) -> int:
        return read(origin + offset, width)

    @uccallback(uc, MMIO_WRITE_CFUNC)
    def on_write(_uc: Any, offset: int, width: int, value: int, _data: Any) -> None:
        write(origin + offset, width, value)

    window = _Window(ctypes.cast(on_read, ctypes.c_void_p), origin, ctypes.pointer(receiver))
    native_read = ctypes.cast(load_hook().on_register_read, ctypes.c_void_p)
    status = uclib.uc_mmio_map(uc._uch, origin, size, native_read, ctypes.addressof(window), on_write, 0)
    if status != 0:
        raise UcError(status)
    return on_read, on_write, window
