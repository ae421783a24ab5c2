"""Maps a board file's memories into the engine, and times them."""

from __future__ import annotations

import ctypes

from harness.board.spec import BoardSpec
from harness.board.virtual.engine import Engine, MappedMemory
from harness.board.virtual.memory_timing import MappedBank, MemoryTiming
from harness.deploy.target import MemoryKind

_ERASED = b"\xff"


def map_memories(engine: Engine, spec: BoardSpec) -> tuple[MappedMemory, MemoryTiming]:
    """Map all memories, flash erased, with their aliases; the flash that firmware is linked to, and the timing."""
    mapped: dict[int, MappedMemory] = {}
    for memory in spec.target.memories:
        is_flash = memory.kind is MemoryKind.FLASH
        mapped[memory.origin] = engine.map_memory(memory.origin, memory.size, writable=not is_flash)
        if is_flash:
            engine.write(memory.origin, _ERASED * memory.size)
    for bank in spec.memory_timing.banks:
        if bank.alias_of is not None:
            whole = engine.memory_at(bank.alias_of, bank.size)
            assert whole is not None
            offset = bank.alias_of - whole.origin
            engine.map_memory(bank.origin, bank.size, writable=bank.writable, alias=whole, offset=offset)
    timing = MemoryTiming(spec.memory_timing, engine.clock.state, _banks(engine, spec))
    return mapped[spec.target.flash.origin], timing


def _banks(engine: Engine, spec: BoardSpec) -> list[MappedBank]:
    banks = []
    for bank in spec.memory_timing.banks:
        memory = engine.memory_at(bank.origin)
        assert memory is not None
        start = memory.offset + bank.origin - memory.origin
        pointer = ctypes.addressof(ctypes.c_char.from_buffer(memory.buffer)) + start
        banks.append(MappedBank(bank, pointer, engine.clock.index_code(bank.origin, bank.size)))
    return banks
