"""What single rules of the Cortex-M7's timing are worth: cycles of an inference without them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

from comparison.models import model_file
from comparison.simulated import simulate_on
from comparison.table import table
from harness.board.board_file import load_board
from harness.board.virtual.timing.cortex_m7 import CortexM7
from harness.board.virtual.timing.parameters import CortexM7Timing, load_parameters

BOARD = "nucleo_f746zg"
NETWORKS = (("LeNet5", "float32"), ("CNN_3", "float32"), ("KWS", "int8"), ("IC", "int8"))


@dataclass(frozen=True)
class Without:
    """A rule left out: figures of the core, or of the board's level 1 caches, that take the place of the right ones."""

    what: str
    core: dict[str, Any] = field(default_factory=dict)
    level1: dict[str, Any] = field(default_factory=dict)


CHANGES = (
    Without("the window behind a multiply-accumulate (`mac_window`)", core={"mac_window": -1}),
    Without("the wait for an accumulator (`fused_result`)", core={"fused_result": (5, 5, 5, 5, 1, 1, 3, 5)}),
    Without("the wait for a loaded addend (`loaded_float`)", core={"loaded_float": (1, 1, 1, 1, 1, 1, 1, 2)}),
    Without("the wait for a product (`product`)", core={"product": (1, 1, 1, 1, 1, 1, 0, 1)}),
    Without("conflicts of two loads (`bank_conflict`)", core={"bank_conflict": 0}),
    Without("mispredicted branches", core={"misprediction": 0, "early_misprediction": 0}),
    Without("the AXI bus (`bus_cycles`)", level1={"bus_cycles": 0}),
)


def effects_section() -> list[str]:
    """Cycles by all rules, and what they change by without each."""
    right = {network: _cycles(network, Without("")) for network in NETWORKS}
    lines = [("by all rules", *(f"{right[network]:,}" for network in NETWORKS))]
    for change in CHANGES:
        found = (_cycles(network, change) / right[network] - 1 for network in NETWORKS)
        lines.append((f"without {change.what}", *(f"{one:+.1%}" for one in found)))
    return table(["", *(f"{model} {quantization}:" for model, quantization in NETWORKS)], lines)


def _cycles(network: tuple[str, str], change: Without) -> int:
    spec = load_board(BOARD)
    level1 = spec.memory_timing.level1
    assert level1 is not None
    changed = replace(spec, memory_timing=replace(spec.memory_timing, level1=replace(level1, **change.level1)))
    with _core(change.core):
        return simulate_on(changed, model_file(*network)).cycles


@contextmanager
def _core(figures: dict[str, Any]) -> Iterator[None]:
    timing = replace(load_parameters("cortex-m7", CortexM7Timing), **figures)
    with patch("harness.board.virtual.chip.timing_model", lambda _core: CortexM7(timing)):
        yield
