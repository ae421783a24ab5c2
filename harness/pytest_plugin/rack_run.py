"""A measurement on whatever board of the rack is free, and on another one when that board fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from harness.board.dut import Dut, open_dut
from harness.board.lease import lease
from harness.board.rack import Rack
from harness.errors import InfrastructureError

ATTEMPTS = 2
"""A board that fails twice in a row wants a person, not a third try."""

Result = TypeVar("Result")


def run_on_rack(rack: Rack, board: str, lease_timeout: float, work: Callable[[Dut], Result]) -> Result:
    """Do the work on a leased board; when the board fails, once more, on another if the rack has one.

    Raises:
        InfrastructureError: every attempt failed; the last one's error.
    """
    failed: list[str] = []
    last: InfrastructureError | None = None
    for _ in range(ATTEMPTS):
        others = [entry.name for entry in rack.duts if entry.board == board and entry.name not in failed]
        with lease(rack, board, lease_timeout, exclude=failed if others else ()) as entry:
            try:
                with open_dut(entry) as dut:
                    return work(dut)
            except InfrastructureError as error:
                failed.append(entry.name)
                last = error
    assert last is not None
    raise last
