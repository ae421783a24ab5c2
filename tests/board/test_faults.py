"""Faults: what goes wrong in firmware becomes the exception, the registers and the frame that silicon gives."""

from __future__ import annotations

import pytest

from harness.board.virtual.machine import Pause
from tests.board.board_firmware import Bench, both_boards, fields, symbol, test_firmware

FORCED, DEBUG_EVENT = 1 << 30, 1 << 31
PRECISE, BFAR_VALID, INSTRUCTION_BUS, STACKING = 1 << 9, 1 << 15, 1 << 8, 1 << 12


def boot(board: str) -> Bench:
    bench = Bench.boot(board)
    bench.ask(b"")
    return bench


@both_boards
@pytest.mark.parametrize(
    ("kind", "cfsr", "bfar", "pc"),
    [
        ("r", PRECISE | BFAR_VALID, 0x7000_0000, None),
        ("w", PRECISE | BFAR_VALID, 0x7000_0010, None),
        ("u", 1 << 16, 0, None),
        ("x", INSTRUCTION_BUS, 0, 0x7000_0000),
        ("p", 1 << 0, 0, 0x4000_0000),
        ("n", 1 << 19, 0, None),
        ("d", 1 << 25, 0, None),
    ],
    ids=["read", "write", "undefined", "jump to nowhere", "jump to registers", "no FPU", "division by zero"],
)
def test_a_fault_is_reported_by_the_firmwares_own_handler(
    board: str, kind: str, cfsr: int, bfar: int, pc: int | None
) -> None:
    report = fields(boot(board).ask(b"f" + kind.encode(), until=b"end\n"))
    assert report["hardfault"] == cfsr
    assert report["hfsr"] == FORCED
    assert report["bfar"] == bfar
    if pc is not None:
        assert report["pc"] == pc
    else:
        address, size = symbol(test_firmware(board), "main")
        assert address <= report["pc"] < address + size


@both_boards
def test_a_branch_to_arm_code_is_an_invalid_state_at_its_target(board: str) -> None:
    report = fields(boot(board).ask(b"fa", until=b"end\n"))
    assert report["hardfault"] == 1 << 17
    assert report["pc"] == symbol(test_firmware(board), "multiply")[0]


@both_boards
def test_an_enabled_bus_fault_handler_takes_its_own(board: str) -> None:
    report = fields(boot(board).ask(b"fB", until=b"end\n"))
    assert report["busfault"] == PRECISE | BFAR_VALID
    assert report["hfsr"] == 0


@both_boards
def test_a_breakpoint_without_a_debugger_is_a_hard_fault(board: str) -> None:
    report = fields(boot(board).ask(b"fb", until=b"end\n"))
    assert report["hardfault"] == 0
    assert report["hfsr"] == DEBUG_EVENT


@both_boards
def test_a_stack_that_leaves_ram_can_still_be_reported(board: str) -> None:
    report = fields(boot(board).ask(b"fs", until=b"end\n"))
    assert report["hardfault"] == PRECISE | BFAR_VALID | STACKING
    assert 0x1FFF_F000 < report["bfar"] < 0x2000_0000


@both_boards
def test_division_by_zero_gives_zero_until_the_trap_is_set(board: str) -> None:
    bench = boot(board)
    assert fields(bench.ask(b"d")) == {"quotient": 0}
    assert "hardfault" in fields(bench.ask(b"fd", until=b"end\n"))


@both_boards
def test_a_fault_in_the_fault_handler_locks_the_core_up(board: str) -> None:
    bench = boot(board)
    # A vector table of all ones: every handler is at an address that nothing answers.
    bench.machine.chip.exceptions.vector_table = 0x0804_0000
    bench.ask(b"fu")
    assert bench.machine.run(1000) is Pause.HALTED
    assert bench.machine.chip.exceptions.locked_up
    assert bench.machine.chip.debug.read(0x0) & 1 << 19, "DHCSR.S_LOCKUP"
