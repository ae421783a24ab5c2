"""Blocks with unaligned accesses are translated anew once, also where they overlap."""

from __future__ import annotations

import unicorn

from harness.board.virtual.engine import Engine
from harness.board.virtual.events import Cause
from harness.board.virtual.timing.cores import timing_model
from harness.deploy.target import Core
from tests.board.timing.assembly import machine_code

FLASH, RAM, SIZE = 0x0800_0000, 0x2000_0000, 0x1_0000
NOP_BYTES = 2


def test_blocks_that_overlap_do_not_undo_each_other() -> None:
    engine = Engine(Core.CORTEX_M4, timing_model(Core.CORTEX_M4))
    engine.map_memory(FLASH, SIZE, writable=False)
    engine.map_memory(RAM, SIZE, writable=True)
    engine.write(FLASH, machine_code(Core.CORTEX_M4, "nop; nop; ldr r0, [r1]; adds r0, r0, #1; str r0, [r1, #4]; wfi"))
    # Unicorn tells of new blocks only where another one leads to them.
    engine.write(FLASH + 0x100, machine_code(Core.CORTEX_M4, "bx r2"))
    translated: list[int] = []
    engine.uc.hook_add(unicorn.UC_HOOK_EDGE_GENERATED, lambda _uc, block, _before, _data: translated.append(block.pc))

    def enter_everywhere() -> None:
        for entry in (FLASH, FLASH + NOP_BYTES, FLASH + 2 * NOP_BYTES):
            engine.state.registers[1], engine.state.registers[2] = RAM + 0x101, entry | 1
            assert engine.run(FLASH + 0x100, 2**63).cause is Cause.WAIT

    enter_everywhere()
    enter_everywhere()
    assert translated
    translated.clear()
    enter_everywhere()
    assert not translated
