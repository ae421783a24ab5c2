"""The flash algorithms that are kept as words are what their sources assemble to."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from harness.board.virtual import flash_algorithm, flexspi_algorithm, nvmc_algorithm
from harness.paths import REPOSITORY

FUNCTIONS = {
    "pc_init": "init",
    "pc_unInit": "uninit",
    "pc_erase_sector": "erase_sector",
    "pc_eraseAll": "erase_all",
    "pc_program_page": "program_page",
}


@pytest.mark.parametrize(
    "algorithm",
    [flash_algorithm, flexspi_algorithm, nvmc_algorithm],
    ids=lambda module: str(module.__name__).rpartition(".")[2],
)
def test_an_algorithm_is_what_its_source_assembles_to(algorithm: ModuleType, tmp_path: Path) -> None:
    source = REPOSITORY / "harness/board/virtual/native" / f"{algorithm.__name__.rpartition('.')[2]}.s"
    assembled, image = tmp_path / "algorithm.o", tmp_path / "algorithm.bin"
    subprocess.run(["arm-none-eabi-as", str(source), "-o", str(assembled)], check=True)
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", str(assembled), str(image)], check=True)
    assert image.read_bytes() == b"".join(word.to_bytes(4, "little") for word in algorithm.CODE)
    symbols = subprocess.run(["arm-none-eabi-nm", str(assembled)], check=True, capture_output=True, text=True).stdout
    addresses = {name: int(value, 16) for value, _, name in (line.split() for line in symbols.splitlines())}
    # The NVMC needs nothing undone: `init` serves there, too.
    addresses.setdefault("uninit", addresses["init"])
    assert {entry: addresses[name] for entry, name in FUNCTIONS.items()} == algorithm.ENTRIES
