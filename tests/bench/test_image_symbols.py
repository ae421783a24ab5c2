"""The sizes of symbols add up to the shares of flash and RAM that the footprint tells."""

from __future__ import annotations

from collections import Counter

import pytest

from harness.bench.footprint import read_footprint
from harness.bench.image_symbols import MOST, read_symbol_sizes
from harness.board.board_file import load_board
from harness.deploy.build import build_firmware
from harness.deploy.options import BuildOptions
from tests.deploy.identity_backend import IdentityBackend, identity_variant

L4R5 = load_board("nucleo_l4r5zi").target
BACKEND = IdentityBackend("sums[0] = (int8_t)++arena[second[0] & 127];", "static uint8_t arena[5000];")


@pytest.mark.parametrize("build", ["O2", "Os-ram_weights", "lto"])
def test_symbols_add_up_to_the_shares(build: str) -> None:
    firmware = build_firmware(identity_variant(), L4R5, BACKEND, BuildOptions.parse(build))
    image = read_footprint(firmware, 0).image
    symbols = read_symbol_sizes(firmware)
    flash, ram = Counter[str](), Counter[str]()
    for one in symbols:
        flash[one.part] += one.flash
        ram[one.part] += one.ram
    # The footprint counts the gaps that align sections, too.
    assert abs(sum(flash.values()) - image["flash"]) < 64
    for part in ("kernels", "weights", "runtime", "base"):
        assert abs(flash[part] - image[f"flash_{part}"]) < 64, part
    assert abs(sum(ram.values()) - sum(size for name, size in image.items() if name.startswith("ram_"))) < 64


def test_functions_and_tables_are_told_by_name_and_file() -> None:
    symbols = read_symbol_sizes(build_firmware(identity_variant(), L4R5, BACKEND))
    found = {one.name: one for one in symbols}
    assert found["arena"].ram == 5000
    assert found["arena"].flash == 0
    assert found["arena"].file == "libmodel.a(identity.c.obj)"
    assert found["model_run"].part == "kernels"
    assert found["model_run"].flash > 50
    assert len([one for one in symbols if one.name != "(others)"]) == MOST
    assert symbols[0].name == "arena", "the largest comes first"
