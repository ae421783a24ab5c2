"""Targets of virtual boards never touch silicon."""

from __future__ import annotations

import pytest

from harness.board.board_file import list_boards, load_board
from harness.board.virtual.machine import Machine
from harness.board.virtual.pyocd_targets import register_virtual_target
from harness.board.virtual.turnstile import Turnstile


@pytest.mark.parametrize("board", list_boards())
def test_a_virtual_target_refuses_any_probe_that_is_not_a_virtual_boards(board: str) -> None:
    from pyocd.core.exceptions import TargetSupportError
    from pyocd.core.session import Session

    from harness.board.virtual.debug_port import VirtualProbe

    class StLink(VirtualProbe):
        """A probe that could be soldered to anything."""

        vendor_name = "STMicroelectronics"
        product_name = "ST-LINK/V2-1"

    spec = load_board(board)
    register_virtual_target(spec)
    machine = Machine(spec)
    probe = StLink("066B", machine, Turnstile(machine.chip.engine.interrupt, machine.runnable))
    session = Session(probe, options={"target_override": spec.debug.virtual_target}, no_config=True)
    with pytest.raises(TargetSupportError, match="virtual boards only"):
        session.open()
    session.close()


def test_silicon_and_virtual_targets_of_a_board_differ() -> None:
    for name in list_boards():
        debug = load_board(name).debug
        assert debug.virtual_target.startswith("virtual_")
        assert not debug.silicon_target.startswith("virtual_")
