"""What lies between the core and its memories: a flash accelerator, level 1 caches, tightly coupled memory.

Firmware switches these by registers; whoever models the registers calls `flash`, `level1` and the invalidations here.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Final, NamedTuple

from harness.board.spec import CacheGeometry, MemoryBank, MemoryTimingSpec, Path
from harness.board.virtual.data_ranges import special_ranges
from harness.board.virtual.memory_protection import MemoryProtection
from harness.board.virtual.native_state import CACHES, RANGES, REGIONS, Cache, ClockState, Range

_INSTRUCTIONS, _DATA, _LEVEL1_INSTRUCTIONS, _LEVEL1_DATA = range(CACHES)
_FETCH_BYTES = 8
"""What the Cortex-M7 fetches at once, into a queue of four times as much ahead of execution (Cortex-M7 TRM 1.2)."""


@dataclass(frozen=True)
class MappedBank:
    """A bank of memory with its bytes and the index of the blocks that run from it."""

    bank: MemoryBank
    pointer: int
    index: ctypes.Array[ctypes.c_uint32]


class _ReadAhead(NamedTuple):
    """When the line behind the one that is read is asked for: see `reads_ahead` and `ahead_after` of `cache_t`."""

    whom: int
    after: int


_NEVER, _BEHIND_A_MISS = _ReadAhead(0, 0), _ReadAhead(1, 1)


@dataclass(frozen=True)
class _FlashInterface:
    """What the flash interface is set to; see `MemoryTiming.flash`."""

    wait_states: int | None
    prefetch: bool | None = False
    instruction_cache: bool | None = False
    data_cache: bool | None = False
    dual_bank: bool | None = False
    cache_ways: int | None = 0


class MemoryTiming:
    """Sets up the regions and caches of the native clock."""

    def __init__(self, spec: MemoryTimingSpec, state: ClockState, banks: Iterable[MappedBank]) -> None:
        """Time these banks; nothing is switched on, and flash has no wait states."""
        self.spec: Final = spec
        self._state: Final = state
        self._banks: Final = list(banks)
        self._kept: dict[int, tuple[object, ...]] = {}
        self._flash = _FlashInterface(0)
        self._map()
        self.reset()

    def reset(self) -> None:
        """Everything off and empty, as after a reset."""
        self.flash(wait_states=0, prefetch=False, instruction_cache=False, data_cache=False, dual_bank=False)
        self.level1(instructions=False, data=False)

    def flash(
        self,
        *,
        wait_states: int | None = None,
        prefetch: bool | None = None,
        instruction_cache: bool | None = None,
        data_cache: bool | None = None,
        dual_bank: bool | None = None,
        cache_ways: int | None = None,
    ) -> None:
        """Take what the flash interface is set to; what is None, and another register's matter, stays as it was.

        Args:
            wait_states: of a read of the flash array, in cycles of the core.
            dual_bank: a read of the array gives the narrower line.
            cache_ways: of the instruction cache, where that can be chosen; 0: as the board file says.
        """
        told = _FlashInterface(wait_states, prefetch, instruction_cache, data_cache, dual_bank, cache_ways)
        flash = self._flash = _FlashInterface(
            *(new if new is not None else old for new, old in zip(astuple(told), astuple(self._flash), strict=True))
        )
        accelerator = self.spec.accelerator
        if accelerator is not None:
            line = accelerator.dual_bank_line if flash.dual_bank and accelerator.dual_bank_line else accelerator.line
            instructions, data = accelerator.instructions, accelerator.data
            # Without the cache, the line that was read last remains at hand.
            whole = CacheGeometry(instructions.size, flash.cache_ways or instructions.ways)
            used = whole if flash.instruction_cache else CacheGeometry(line, 0)
            self._set_cache(_INSTRUCTIONS, line, used, _BEHIND_A_MISS if flash.prefetch else _NEVER)
            self._state.caches[_INSTRUCTIONS].refill = accelerator.refill_cycles if flash.instruction_cache else 0
            self._set_cache(_DATA, line, data if flash.data_cache else CacheGeometry(0, 0), _NEVER)
            if accelerator.unified:
                self._point_data_at(_INSTRUCTIONS if flash.instruction_cache else _DATA)
        self._set_stalls()

    def level1(self, *, instructions: bool, data: bool) -> None:
        """Switch the level 1 caches; what they held is gone when they are switched on again."""
        level1 = self.spec.level1
        if level1 is None:
            return
        if instructions:
            # The queue asks for the next line, whether that is held or not, once it has taken all words of this one.
            queue = _ReadAhead(2, level1.line // _FETCH_BYTES)
            self._set_cache(_LEVEL1_INSTRUCTIONS, level1.line, level1.instructions, queue)
        else:
            self._set_cache(_LEVEL1_INSTRUCTIONS, _FETCH_BYTES, CacheGeometry(_FETCH_BYTES, 0), _BEHIND_A_MISS)
        self._set_cache(_LEVEL1_DATA, level1.line, level1.data if data else CacheGeometry(0, 0), _NEVER)
        self._set_stalls()

    def follow(self, protection: MemoryProtection) -> None:
        """Keep data as the memory protection unit says; code is fetched through the cache whatever it says."""
        banks = [mapped.bank for mapped in self._banks if mapped.bank.path is Path.LEVEL1]
        ranges = special_ranges(protection, banks)[:RANGES] if self.spec.level1 is not None else []
        self._state.range_count = len(ranges)
        for number, one in enumerate(ranges):
            self._state.ranges[number] = Range(*one)

    def invalidate(self, *, instructions: bool = False, data: bool = False) -> None:
        """Empty the level 1 caches."""
        for wanted, number in ((instructions, _LEVEL1_INSTRUCTIONS), (data, _LEVEL1_DATA)):
            if wanted:
                self._empty(number)

    def invalidate_data_line(self, address: int) -> None:
        """Drop the line of the level 1 data cache that holds this address."""
        cache: Cache = self._state.caches[_LEVEL1_DATA]
        line = address >> cache.line_shift
        for slot in range(cache.lines):
            if cache.tags[slot] == line + 1:
                cache.tags[slot] = cache.stamps[slot] = 0
        cache.last_line = 2**64 - 1
        cache.epoch += 1

    def invalidate_accelerator(self) -> None:
        """Empty the flash accelerator."""
        self._empty(_INSTRUCTIONS)
        self._empty(_DATA)

    def empty(self) -> None:
        """Empty whatever holds lines, as if no code had run before."""
        for number in range(CACHES):
            self._empty(number)
        self._state.last_bank = self._state.last_address = 0

    def counts(self) -> dict[str, tuple[int, int]]:
        """Hits and misses of every cache that there is."""
        names = ("accelerator instructions", "accelerator data", "L1 instructions", "L1 data")
        caches = zip(names, self._state.caches, strict=True)
        return {name: (cache.hits, cache.misses) for name, cache in caches if cache.hits or cache.misses}

    # ---- native structures

    def _map(self) -> None:
        if len(self._banks) > REGIONS:
            raise ValueError(f"at most {REGIONS} memory banks")
        for number, mapped in enumerate(self._banks):
            bank, region = mapped.bank, self._state.regions[number]
            region.origin, region.size, region.bank = bank.origin, bank.size, number
            region.memory = mapped.pointer
            region.block_index = mapped.index
            caches = self._caches_of(bank)
            if caches is not None:
                region.fetch_cache, region.data_cache = (ctypes.pointer(self._state.caches[one]) for one in caches)
        self._state.region_count = len(self._banks)

    def _caches_of(self, bank: MemoryBank) -> tuple[int, int] | None:
        if bank.path is Path.ACCELERATOR and self.spec.accelerator is not None:
            return _INSTRUCTIONS, _DATA
        if bank.path is Path.LEVEL1 and self.spec.level1 is not None:
            return _LEVEL1_INSTRUCTIONS, _LEVEL1_DATA
        return None

    def _point_data_at(self, cache: int) -> None:
        for number, mapped in enumerate(self._banks):
            if mapped.bank.path is Path.ACCELERATOR:
                self._state.regions[number].data_cache = ctypes.pointer(self._state.caches[cache])

    def _set_stalls(self) -> None:
        for number, mapped in enumerate(self._banks):
            bank, region = mapped.bank, self._state.regions[number]
            waits = bank.wait_states if bank.wait_states is not None else self._flash.wait_states or 0
            if bank.path is Path.LEVEL1 and self.spec.level1 is not None:
                waits += self.spec.level1.bus_cycles
            region.fetch_stall = region.read_stall = 0 if bank.path is Path.DIRECT else waits

    def _set_cache(self, number: int, line: int, geometry: CacheGeometry, ahead: _ReadAhead) -> None:
        """Make a cache of this shape, empty; of no size: switched off."""
        cache: Cache = self._state.caches[number]
        lines = geometry.size // line if geometry.size else 0
        shape = (line.bit_length() - 1, lines, geometry.ways or lines)
        cache.enabled, cache.reads_ahead, cache.ahead_after = int(lines > 0), ahead.whom, ahead.after
        if not lines or (cache.line_shift, cache.lines, cache.ways) == shape:
            return
        cache.line_shift, cache.lines, cache.ways = shape
        tags, stamps = (ctypes.c_uint32 * lines)(), (ctypes.c_uint64 * lines)()
        slots = (ctypes.c_uint16 * self._slot_count(line))() if cache.ways == lines > 1 else None
        order = (ctypes.c_uint16 * (2 * (lines + 1)))()
        cache.tags, cache.stamps, cache.slots, cache.order = tags, stamps, slots, order
        cache.slot_mask = len(slots) - 1 if slots is not None else 0
        # Sets are a power of two on every core.
        cache.set_mask = lines // cache.ways - 1
        self._kept[number] = tags, stamps, slots, order
        self._empty(number)

    def _slot_count(self, line: int) -> int:
        """One for each line of the largest memory behind the accelerator, so that no two share one."""
        largest = max(mapped.bank.size for mapped in self._banks if mapped.bank.path is not Path.DIRECT)
        return 1 << (largest // line - 1).bit_length()

    def _empty(self, number: int) -> None:
        cache: Cache = self._state.caches[number]
        for array in self._kept.get(number, ()):
            if isinstance(array, ctypes.Array):
                ctypes.memset(array, 0, ctypes.sizeof(array))
        ring = int(cache.lines) + 1 if cache.lines else 0
        for slot in range(ring):
            # Slot 0 is taken first.
            cache.order[2 * slot], cache.order[2 * slot + 1] = (slot + 1) % ring, (slot - 1) % ring
        cache.last_line = cache.ahead_line = 2**64 - 1
        cache.epoch += 1
