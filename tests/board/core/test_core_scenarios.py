"""Exceptions, faults and memory protection, scenario by scenario: what firmware sees here is what it sees in QEMU."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.deploy.target import Core
from tests.board.core.core_program import run_on_board, run_on_qemu, scenarios

# What QEMU 7.2 can't tell: it does not model CCR.BFHFNMIGN, and its Cortex-M0 has neither privileges nor a memory map.
_EXPECTED = {
    "bus_faults_can_be_ignored": [0xE000_0002, 0x1, 0xF000_0002, 0x0],
    "unprivileged_code_can_not_mask": [0x1, 0x0, 0x0, 0xE000_000B, 0xF000_000B, 0x0, 0x0],
    "jump_to_registers": [0xFA00_0003, 0x18, 0x803, 0x1],
}


def _is_beyond_qemu(core: Core, scenario: str) -> bool:
    return scenario == "bus_faults_can_be_ignored" or (core is Core.CORTEX_M0PLUS and scenario in _EXPECTED)


@pytest.mark.skipif(shutil.which("qemu-system-arm") is None, reason="needs qemu-system-arm (apt-get install it)")
@pytest.mark.parametrize("core", Core)
def test_what_happens_is_what_happens_in_qemu(core: Core, tmp_path: Path) -> None:
    different = {}
    for scenario in scenarios(core):
        if not _is_beyond_qemu(core, scenario):
            found = run_on_board(core, scenario)
            expected = run_on_qemu(core, scenario, tmp_path)
            if found != expected[: len(found)] or any(expected[len(found) :]):
                different[scenario] = (list(map(hex, expected[: len(found) + 8])), list(map(hex, found)))
    assert not different


@pytest.mark.parametrize("core", Core)
def test_what_qemu_does_not_model_is_as_the_architecture_says(core: Core) -> None:
    for scenario in scenarios(core):
        if _is_beyond_qemu(core, scenario):
            assert run_on_board(core, scenario) == _EXPECTED[scenario], scenario
