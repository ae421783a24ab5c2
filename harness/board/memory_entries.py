"""The banks that a board file's memories consist of, each with a bus port of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from harness.board.spec import MemoryBank
from harness.deploy.target import MemoryKind


def memory_banks(memories: Iterable[Any]) -> tuple[MemoryBank, ...]:
    """Banks and aliases of validated `memories` entries, in their order."""
    return tuple(bank for memory in memories for bank in _banks_of(memory))


def _banks_of(memory: Any) -> Iterator[MemoryBank]:
    origin = memory.origin
    for bank in memory.banks or (memory,):
        path = bank.path or memory.path
        yield MemoryBank(bank.name, origin, bank.size, path, _is_ram(memory), _wait_states(bank, memory))
        if bank is not memory:
            yield from _aliases(bank, origin, memory)
        origin += bank.size
    yield from _aliases(memory, memory.origin, memory)


def _aliases(bank: Any, origin: int, memory: Any) -> Iterator[MemoryBank]:
    """A bank, or a whole memory, at its other addresses."""
    for alias in bank.also_at:
        yield MemoryBank(
            f"{bank.name}_at_{alias.origin:08x}",
            alias.origin,
            bank.size,
            alias.path,
            _is_ram(memory),
            _wait_states(bank, memory),
            alias_of=origin,
        )


def _is_ram(memory: Any) -> bool:
    return bool(memory.kind is not MemoryKind.FLASH)


def _wait_states(bank: Any, memory: Any) -> int | None:
    """What the file says; otherwise flash waits as its interface's register says, and RAM does not."""
    stated = bank.wait_states if bank.wait_states is not None else memory.wait_states
    return 0 if stated is None and _is_ram(memory) else stated
