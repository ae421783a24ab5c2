"""The instruction set as our engine runs it, against QEMU's: registers, flags, floating point state and memory."""

from __future__ import annotations

import shutil
from itertools import islice
from pathlib import Path

import pytest

from harness.deploy.target import Core
from tests.board.instruction_set.comparison import compare
from tests.board.instruction_set.machines import MACHINES

pytestmark = pytest.mark.skipif(
    shutil.which("qemu-system-arm") is None, reason="needs qemu-system-arm (apt-get install qemu-system-arm)"
)


@pytest.mark.parametrize("core", Core)
def test_random_sequences_give_what_they_give_in_qemu(core: Core, tmp_path: Path) -> None:
    found = list(islice(compare(MACHINES[core], 500, 1, tmp_path), 5))
    assert not found, "\n\n".join(map(str, found))


@pytest.mark.slow
@pytest.mark.parametrize("core", Core)
def test_a_hundred_thousand_random_sequences_give_what_they_give_in_qemu(core: Core, tmp_path: Path) -> None:
    found = list(islice(compare(MACHINES[core], 25_000, 2, tmp_path), 5))
    assert not found, "\n\n".join(map(str, found))
