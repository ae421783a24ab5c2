"""Where an M7's code, literals and stack lie, and how calls get there: what each costs (docs/timing.md)."""

from __future__ import annotations

from fractions import Fraction

from harness.deploy.target import Core
from tests.board.timing.assembly import cost
from tests.board.timing.bare_core import BareCore, bare_core

FLASH, SYSTEM_RAM, SAFE = 0x0800_0000, 0x2001_0000, 0x2000_3000
WAITS = 7


def board(*, caches: bool = True) -> BareCore:
    made = bare_core(Core.CORTEX_M7)
    made.memory.flash(wait_states=WAITS)
    made.memory.level1(instructions=caches, data=caches)
    made.memory.empty()
    return made


def cold_and_warm(made: BareCore, source: str, at: int | None = None, **registers: int) -> tuple[int, int]:
    """Cycles of a snippet from empty caches, and once more."""
    address = made.place(source, at)
    made.memory.empty()
    return made.run(address, **registers), made.run(address, **registers)


def line_of_flash() -> int:
    level1 = board().spec.memory_timing.level1
    assert level1 is not None
    return WAITS + level1.bus_cycles


LITERAL = "ldr r0, 1f; b 2f; .align 2; 1: .word 1; 2: isb"
NO_LITERAL = "ldr r0, [r4]; b 2f; .align 2; 1: .word 1; 2: isb"


def test_a_literal_in_flash_is_a_line_of_data_once_though_the_code_beside_it_is_held() -> None:
    """Instructions and data have caches of their own: the line is read twice; afterwards literals cost nothing."""
    made = board()
    (cold, warm), (other_cold, other_warm) = (cold_and_warm(made, source, FLASH) for source in (LITERAL, NO_LITERAL))
    assert cold - other_cold == line_of_flash()
    assert warm == other_warm


def test_without_caches_a_constant_in_flash_waits_every_time() -> None:
    made = board(caches=False)
    costs = [cold_and_warm(made, "ldr r0, [r5]; isb", r5=where) for where in (FLASH + 0x100, SAFE)]
    assert [one - other for one, other in zip(*costs, strict=True)] == [line_of_flash()] * 2


PUSH_AND_POP = "push {r0, r1, r2, r3}; isb; pop {r0, r1, r2, r3}; isb"


def stack_costs(*, caches: bool) -> Fraction:
    """What a pass of pushes and pops takes more with the stack in system RAM than in tightly coupled memory."""
    made, costs = board(caches=caches), []
    for top in (SYSTEM_RAM + 0x100, SAFE):
        address = made.place(f"mov sp, r5; 1: {PUSH_AND_POP}; subs r7, #1; bne 1b")
        _, short, long = (made.run(address, r5=top, r7=passes) for passes in (8, 8, 16))
        costs.append(Fraction(long - short, 8))
    return costs[0] - costs[1]


def test_a_stack_in_system_ram_is_as_fast_as_in_tightly_coupled_memory_with_the_cache() -> None:
    assert stack_costs(caches=True) == 0


def test_a_stack_in_system_ram_waits_for_each_pop_without_the_cache() -> None:
    level1 = board().spec.memory_timing.level1
    assert level1 is not None
    assert stack_costs(caches=False) == level1.bus_cycles


def test_a_veneer_is_one_more_cycle_once_its_target_is_predicted() -> None:
    """A call too far for BL goes through LDR PC, which issues by itself."""
    direct, veneer = cost(Core.CORTEX_M7, "bl .+4"), cost(Core.CORTEX_M7, "ldr.w pc, [pc, #0]")
    assert (direct.cycles, direct.taken, veneer.cycles, veneer.taken) == (1, 0, 1, 0)
    assert veneer.mispredicted == 8
