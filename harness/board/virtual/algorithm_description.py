"""What pyOCD is told of a flash algorithm that runs from RAM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

PAGE: Final = 0x4000
"""Bytes in a call: calls cost round trips, and our algorithms take any length."""
_STACK, _ANALYZER, _BUFFERS = 0x1000, 0x1000, (0x4000, 0x8000)


def describe(ram: int, code: Sequence[int], entries: Mapping[str, int], *, least_bytes: int) -> dict[str, Any]:
    """The keywords of pyOCD's `flash_algo`.

    Args:
        ram: where 48 KiB of memory are, for code, stack and data.
        code: words of position-independent Thumb code.
        entries: offset of each function, by pyOCD's name for it.
        least_bytes: that can be programmed at once.
    """
    return {
        "load_address": ram,
        "instructions": list(code),
        **{name: ram + offset | 1 for name, offset in entries.items()},
        "static_base": ram,
        "begin_stack": ram + _STACK,
        "page_size": PAGE,
        "page_buffers": [ram + buffer for buffer in _BUFFERS],
        "min_program_length": least_bytes,
        "analyzer_supported": True,
        "analyzer_address": ram + _ANALYZER,
    }
