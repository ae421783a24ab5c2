"""Where Unicorn keeps the registers of the emulated core, so that native code can read them at the cost of a load.

Its interface hands registers out by a function call each, which is too slow for every block. Its core state begins
with R0 to R15 as 32-bit words, and is found by writing a pattern through the interface and looking for it in the
memory that the engine's structures point to.
"""

from __future__ import annotations

import ctypes
import struct
from bisect import bisect_right
from pathlib import Path
from typing import Any

from harness.errors import InfrastructureError

_HANDLE_BYTES = 4096
_STATE_BYTES = 1 << 16
_GENERAL = 13


def registers_address(engine: Any) -> int:
    """The address of R0 in this process; R1 to R15 follow it.

    Raises:
        InfrastructureError: this build of Unicorn keeps its registers in some other way.
    """
    from unicorn import arm_const as arm

    names = [arm.UC_ARM_REG_R0 + index for index in range(_GENERAL)]
    before = [engine.reg_read(name) for name in names]
    try:
        candidates = _search(engine, names, 0x5A5A_0000)
        found = [address for address in candidates if _holds(address, _write_pattern(engine, names, 0x3C3C_0000))]
    finally:
        for name, value in zip(names, before, strict=True):
            engine.reg_write(name, value)
    if not found:
        raise InfrastructureError("this build of unicorn keeps its registers elsewhere: install unicorn==2.1.4")
    return found[0]


def _write_pattern(engine: Any, names: list[int], seed: int) -> bytes:
    values = [seed + 0x1111 * index for index in range(_GENERAL)]
    for name, value in zip(names, values, strict=True):
        engine.reg_write(name, value)
    return struct.pack(f"<{_GENERAL}I", *values)


def _search(engine: Any, names: list[int], seed: int) -> list[int]:
    """Addresses of the pattern, in what the pointers of the engine's handle point to."""
    pattern = _write_pattern(engine, names, seed)
    readable = _readable_spans()
    handle = engine._uch.value
    words = struct.unpack(f"<{_HANDLE_BYTES // 8}Q", _peek(handle, _HANDLE_BYTES, readable).ljust(_HANDLE_BYTES, b"\0"))
    found = []
    for pointer in dict.fromkeys(words):
        offset = _peek(pointer, _STATE_BYTES, readable).find(pattern) if pointer % 8 == 0 else -1
        if offset >= 0:
            found.append(pointer + offset)
    return found


def _holds(address: int, pattern: bytes) -> bool:
    return ctypes.string_at(address, len(pattern)) == pattern


def _readable_spans() -> list[tuple[int, int]]:
    """Writable memory of this process; neighbours joined."""
    spans: list[tuple[int, int]] = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, permissions, *_ = line.split()
        first, last = (int(part, 16) for part in addresses.split("-"))
        if not permissions.startswith("rw"):
            continue
        if spans and spans[-1][1] == first:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans


def _peek(address: int, size: int, spans: list[tuple[int, int]]) -> bytes:
    """At most `size` bytes, as far as memory goes; nothing where there is none."""
    index = bisect_right(spans, (address, 1 << 64)) - 1
    if index < 0 or not spans[index][0] <= address < spans[index][1]:
        return b""
    return ctypes.string_at(address, min(size, spans[index][1] - address))
