"""The virtual clock: what each basic block costs, found out as code first runs, summed by the native hook."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from harness.board.virtual.native_state import (
    COMPILE,
    DECODE,
    ELSEWHERE,
    ENTER,
    NOT_COMPILED,
    Block,
    ClockState,
    Entry,
    Profile,
    Step,
)
from harness.board.virtual.timing.block import EMPTY, BlockCost, Pipeline, TimingModel, block_flags
from harness.board.virtual.timing.decode import Decoder, disassembler
from harness.board.virtual.timing.instruction import Instruction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEVER = 2**64 - 1
_BLOCKS, _STEPS = 1 << 16, 1 << 19
_ENTRY_BITS = 17
_PIPELINE_BITS = 16
_NOTHING, _FIRST = 0, 2
_WEAKLY_NOT_TAKEN = 1


class BlockClock:
    """Counts cycles by basic blocks.

    Attributes:
        state: shared with the native hook; `state.cycles` is the time.
        may_run: asked once for every new block; a block that it refuses ends the run and stays untimed.
    """

    def __init__(self, timing: TimingModel, read_code: Callable[[int, int], bytes]) -> None:
        from unicorn.unicorn_py3.unicorn import uclib

        self.may_run: Callable[[Sequence[Instruction]], bool] = lambda _block: True
        self._timing: Final = timing
        self._read_code = read_code
        self._indices: list[tuple[int, int, ctypes.Array[ctypes.c_uint32]]] = []
        self._blocks = (Block * _BLOCKS)()
        self._steps = (Step * _STEPS)()
        self._block_count, self._step_count = _FIRST, 0
        self._entries = (Entry * (1 << _ENTRY_BITS))()
        self._pipelines: list[Pipeline] = [EMPTY]
        self._pipeline_numbers: dict[Pipeline, int] = {EMPTY: 0}
        self._located: dict[int, tuple[int, int]] = {}
        self._callbacks = DECODE(self._decode), COMPILE(self._compile), ENTER(self._enter)
        self.disassembler: Final[Any] = disassembler()
        self._decoder: Final = Decoder(self.disassembler)
        rules, division = timing.transitions, timing.transitions.division
        self.state: Final = ClockState(
            deadline=NEVER,
            predicts_branches=int(rules.predicts_branches),
            straddling_target_cycles=rules.straddling_target,
            pipelined_load_saves=rules.pipelined_load_saves,
            bank_conflict_cycles=rules.bank_conflict,
            unaligned_cycles=rules.unaligned,
            unaligned_store_cycles=rules.unaligned_store,
            divide_zero=division.zero,
            divide_smaller=division.smaller,
            divide_base=division.base,
            divide_bits=division.bits_per_cycle,
            divide_maximum=division.maximum,
            block=self._blocks,
            step=self._steps,
            entry=self._entries,
            entry_mask=len(self._entries) - 1,
            entry_shift=64 - _ENTRY_BITS,
            stop=ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value,
            decode=self._callbacks[0],
            compile=self._callbacks[1],
            enter=self._callbacks[2],
        )

    def index_code(self, origin: int, size: int) -> ctypes.Array[ctypes.c_uint32]:
        """An index of the blocks in a memory that code runs from; code elsewhere is decoded again every time."""
        index = (ctypes.c_uint32 * (size // 2))()
        self._indices.append((origin, size, index))
        return index

    def forget(self, address: int, size: int) -> None:
        """Time these addresses anew when next run."""
        for origin, length, index in self._indices:
            first, last = max(address, origin), min(address + size, origin + length)
            if first < last:
                start, end = (first - origin) // 2, (last - origin + 1) // 2
                ctypes.memset(ctypes.addressof(index) + start * 4, 0, (end - start) * 4)

    def jump(self, address: int) -> None:
        """Tell the clock that `address` is reached by an exception, whose cycles are counted elsewhere."""
        self.state.fall_through = address
        self.state.last, self.state.exit = _NOTHING, self._pipeline_numbers[EMPTY]

    def forget_branches(self) -> None:
        """Begin branch history anew."""
        if self.state.predicts_branches:
            for index in range(self._block_count):
                self._blocks[index].taken_counter, self._blocks[index].last_target = _WEAKLY_NOT_TAKEN, 0

    def entered(self) -> tuple[int, int]:
        """Address and size of the block that was entered last."""
        return self._located[self.state.last]

    def continue_block(self) -> None:
        """Have the next run begin with what is left of the block that was entered last, whose cycles are counted."""
        self.state.deadline_behind, self.state.deadline, self.state.continues = self.state.deadline, 0, 1

    # ---- where cycles went

    def profile(self, enabled: bool) -> None:
        """Begin anew, or cease, to keep for every block where its cycles go, while the clock is timed."""
        self._entry_runs()[:] = 0
        self._profiles = (Profile * _BLOCKS)() if enabled else None
        self.state.profile = self._profiles if enabled else None

    def profiled(self) -> list[tuple[int, int, BlockCost, Profile]]:
        """Address, size, own cost and profile of every block that ran while profiles were kept."""
        found = []
        for index, (address, size) in self._located.items():
            profile = self._profiles[index] if self._profiles is not None else Profile()
            if profile.runs:
                found.append((address, size, self._timing.cost(self._instructions(address, size)), profile))
        return found

    def profiled_entries(self) -> list[tuple[int, int, BlockCost, int]]:
        """Address and size of every block that found something in the pipeline while profiles were kept, what it then
        costs, and how often it found that.
        """
        found = []
        for slot in self._entry_runs().nonzero()[0].tolist():
            entry = self._entries[slot]
            address, size = self._located[entry.key >> _PIPELINE_BITS]
            pipeline = self._pipelines[entry.key & (1 << _PIPELINE_BITS) - 1]
            found.append((address, size, self._timing.cost(self._instructions(address, size), pipeline), entry.runs))
        return found

    def _entry_runs(self) -> NDArray[np.uint64]:
        """How often each entry was met, as an array over the native table."""
        import numpy as np

        words = ctypes.sizeof(Entry) // ctypes.sizeof(ctypes.c_uint64)
        table: NDArray[np.uint64] = np.frombuffer(memoryview(self._entries).cast("B"), np.uint64)
        return table[Entry.runs.offset // ctypes.sizeof(ctypes.c_uint64) :: words]

    # ---- called by the hook

    def _decode(self, address: int, size: int) -> int:
        block = self._instructions(address, size)
        if not self.may_run(block):
            return 0
        index = self._new_block(address)
        target = self._blocks[index]
        target.size, target.instructions, target.last_target = size, len(block), 0
        cost = self._timing.cost(block)
        target.cycles, target.taken, target.mispredicted = min(cost.cycles, 0xFFFF), cost.taken, cost.mispredicted
        target.exit, target.exit_taken = self._pipeline_number(cost.exit), self._pipeline_number(cost.exit_taken)
        target.flags, target.taken_counter, target.steps = block_flags(block), _WEAKLY_NOT_TAKEN, NOT_COMPILED
        self._located[index] = address, size
        return index

    def _compile(self, address: int, size: int, index: int) -> None:
        from harness.board.virtual.timing.address_program import compile_block

        code = self._read_code(address, size)
        cost = self._timing.cost(self._instructions(address, size))
        steps = compile_block(self.disassembler.disasm(code, address), cost)
        if self._step_count + len(steps) > _STEPS:
            self._step_count = 0
            for block in self._blocks:
                block.steps = NOT_COMPILED
        target = self._blocks[index]
        target.first_step, target.steps = self._step_count, len(steps)
        for step in steps:
            self._steps[self._step_count] = Step(
                step.kind, step.target, step.left, step.right, step.shift, step.bytes, step.flags, 0, step.offset
            )
            self._step_count += 1

    def _enter(self, address: int, size: int, pipeline: int, entry: Any) -> None:
        found = self._timing.cost(self._instructions(address, size), self._pipelines[pipeline])
        index = entry[0].key >> _PIPELINE_BITS
        entry[0].extra = found.cycles - self._blocks[index].cycles
        entry[0].exit, entry[0].exit_taken = self._pipeline_number(found.exit), self._pipeline_number(found.exit_taken)

    def _pipeline_number(self, pipeline: Pipeline) -> int:
        """The number by which native code knows a pipeline; when there is none left, it counts as empty."""
        number = self._pipeline_numbers.get(pipeline)
        if number is None:
            if len(self._pipelines) == 1 << _PIPELINE_BITS:
                return self._pipeline_numbers[EMPTY]
            number = self._pipeline_numbers[pipeline] = len(self._pipelines)
            self._pipelines.append(pipeline)
        return number

    def _instructions(self, address: int, size: int) -> list[Instruction]:
        return list(self._decoder.decode(self._read_code(address, size), address))

    def _new_block(self, address: int) -> int:
        """The index for a block; when there is none left, all blocks are forgotten."""
        if not any(origin <= address < origin + size for origin, size, _ in self._indices):
            return ELSEWHERE
        if self._block_count == _BLOCKS:
            for origin, size, _ in self._indices:
                self.forget(origin, size)
            self._block_count, self.state.last, self.state.entry_count = _FIRST, _NOTHING, 0
            ctypes.memset(self._entries, 0, ctypes.sizeof(self._entries))
            self._located.clear()
        self._block_count += 1
        return self._block_count - 1
