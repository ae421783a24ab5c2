"""The virtual clock: a table of what each basic block costs, filled as code first runs, summed by the native hook."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any, Final

from harness.board.virtual.native_hook import DECODE, Block, ClockState, Region
from harness.board.virtual.timing.block import TimingModel, block_flags
from harness.board.virtual.timing.instruction import Instruction, decode, disassembler

NEVER = 2**64 - 1


class BlockClock:
    """Counts cycles by basic blocks.

    Attributes:
        state: shared with the native hook; `state.cycles` is the time.
        may_run: asked once for every new block; a block that it refuses ends the run and stays untimed.
    """

    def __init__(self, timing: TimingModel, read_code: Callable[[int, int], bytes]) -> None:
        from unicorn.unicorn_py3.unicorn import uclib

        self.may_run: Callable[[Sequence[Instruction]], bool] = lambda _block: True
        self._timing = timing
        self._read_code = read_code
        self._tables: list[ctypes.Array[Block]] = []
        self._decode_callback = DECODE(self._decode)
        self.disassembler: Final[Any] = disassembler()
        rules = timing.transitions
        self.state: Final = ClockState(
            deadline=NEVER,
            predicts_branches=int(rules.predicts_branches),
            taken_cycles=rules.taken,
            indirect_cycles=rules.indirect,
            mispredicted_cycles=rules.mispredicted,
            pipelined_load_saves=rules.pipelined_load_saves,
            stop=ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value,
            decode=self._decode_callback,
        )
        self.state.last = ctypes.pointer(self.state.elsewhere)

    def add_code_memory(self, origin: int, size: int) -> None:
        """Keep a table for a memory that code runs from; code elsewhere is decoded again every time."""
        table = (Block * (size // 2))()
        self.state.regions[len(self._tables)] = Region(origin, size, table)
        self._tables.append(table)

    def forget(self, address: int, size: int) -> None:
        """Time these addresses anew when next run."""
        width = ctypes.sizeof(Block)
        for table, region in zip(self._tables, self.state.regions, strict=False):
            first, last = max(address, region.origin), min(address + size, region.origin + region.size)
            if first < last:
                start, end = (first - region.origin) // 2, (last - region.origin + 1) // 2
                ctypes.memset(ctypes.addressof(table) + start * width, 0, (end - start) * width)

    def jump(self, address: int) -> None:
        """Tell the clock that `address` is reached by an exception, whose cycles are counted elsewhere."""
        self.state.fall_through = address
        self.state.elsewhere.flags = 0
        self.state.last = ctypes.pointer(self.state.elsewhere)

    def _decode(self, address: int, size: int, entry: Any) -> int:
        block = list(decode(self.disassembler, self._read_code(address, size), address))
        if not self.may_run(block):
            return 1
        target = entry.contents
        target.size, target.instructions = size, len(block)
        target.cycles = min(self._timing.cycles(block), 0xFFFF)
        target.flags, target.taken_counter = block_flags(block), 1
        return 0
