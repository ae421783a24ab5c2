"""One core with the memories of a board file and nothing else: runs snippets, and counts their cycles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache, cached_property

from harness.board.board_file import load_board
from harness.board.virtual.block_clock import NEVER
from harness.board.virtual.engine import Engine
from harness.board.virtual.events import Cause
from harness.board.virtual.memory_map import map_memories
from harness.board.virtual.memory_timing import MemoryTiming
from harness.board.virtual.timing.cores import timing_model
from harness.deploy.target import Core
from tests.board.timing.assembly import machine_code

SRAM = 0x2000_0000
"""On the M7's board, its data tightly coupled memory."""
DATA = SRAM + 0x1000
_board = cache(load_board)
_BKPT = b"\x00\xbe"
_COUNTER = "r7"
_BOARDS = {Core.CORTEX_M7: "nucleo_f746zg"}
_CODE = {Core.CORTEX_M7: 0x0000_0100}
"""In the M7's instruction tightly coupled memory; the other cores run from SRAM."""


@dataclass
class BareCore:
    """A core in front of an M4's or M7's memories, none of which has wait states until told so."""

    core: Core
    registers: dict[str, int] = field(default_factory=lambda: {f"r{number}": DATA for number in range(13)})
    deadline: int = NEVER
    """Longest stretch of cycles to run at once."""
    board: str = ""
    """Whose memories; empty: the usual board's."""

    def __post_init__(self) -> None:
        spec = _board(self.board or _BOARDS.get(self.core, "nucleo_l4r5zi"))
        self.spec = replace(spec, target=replace(spec.target, core=self.core))
        self.engine = Engine(self.core, timing_model(self.core))
        self.memory: MemoryTiming = map_memories(self.engine, self.spec)[1]
        self.engine.float_unit_enabled = True
        self.engine.clock.state.timed = 1

    @cached_property
    def code(self) -> int:
        """Where code goes that must not be late."""
        return _CODE.get(self.core, SRAM)

    def set(self, values: Mapping[str, int]) -> None:
        """Write core registers."""
        from unicorn import arm_const

        for name, value in values.items():
            self.engine.uc.reg_write(getattr(arm_const, f"UC_ARM_REG_{name.upper()}"), value)

    def place(self, source: str, at: int | None = None) -> int:
        """Put a snippet, and a breakpoint behind it, into memory."""
        address = self.code if at is None else at
        self.engine.write(address, machine_code(self.core, source) + _BKPT)
        return address

    def run(self, address: int, **registers: int) -> int:
        """The cycles from there to the breakpoint."""
        from unicorn import arm_const

        self.set({"sp": SRAM + 0x8000, **self.registers, **registers})
        if self.core is not Core.CORTEX_M0PLUS:
            self.engine.uc.reg_write(arm_const.UC_ARM_REG_FPEXC, 1 << 30)
        state, pc = self.engine.clock.state, address
        self.engine.clock.jump(address)
        began = state.cycles
        while True:
            event = self.engine.run(pc, min(NEVER, state.cycles + self.deadline))
            if event.cause is Cause.BREAKPOINT:
                return int(state.cycles - began)
            assert event.cause is Cause.DEADLINE, event
            pc = event.pc

    def loop(self, body: str, at: int | None = None, **registers: int) -> Fraction:
        """The cycles of one pass of a loop, once it has settled: the body, a decrement and a conditional branch."""
        address = self.place(f"1: {body}; subs {_COUNTER}, #1; bne 1b", at)
        _first, short, long = (self.run(address, **{_COUNTER: passes}, **registers) for passes in (24, 24, 48))
        return Fraction(long - short, 24)


_kept = cache(BareCore)


def bare_core(core: Core) -> BareCore:
    """A core as new, though the engine is one that was used before: a new one takes longer than most tests."""
    made = _kept(core)
    made.memory.reset()
    made.memory.empty()
    made.engine.clock.forget_branches()
    made.engine.write(DATA, bytes(0x1000))
    return made
