"""The names of builds, and what the options that they stand for do to an image."""

from __future__ import annotations

from itertools import product

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given
from hypothesis import strategies as st

from harness.bench.footprint import read_footprint
from harness.board.board_file import load_board
from harness.deploy.build import build_firmware
from harness.deploy.firmware import Firmware
from harness.deploy.options import O2, BuildOptions, FloatUnit, Kernels, LinkTime, Optimization, Weights
from harness.errors import ConfigError
from tests.deploy.identity_backend import IdentityBackend, identity_variant

L4R5 = load_board("nucleo_l4r5zi").target
ALL = [
    BuildOptions(level, float_unit=unit, link_time=link_time, weights=weights, kernels=kernels)
    for level, unit, link_time, weights, kernels in product(Optimization, FloatUnit, LinkTime, Weights, Kernels)
]


@given(st.sampled_from(ALL), st.randoms(use_true_random=False))
def test_a_build_is_known_by_its_name_whatever_the_order_of_words(options: BuildOptions, random: object) -> None:
    words = str(options).split("-")
    random.shuffle(words)  # type: ignore[attr-defined]
    assert BuildOptions.parse("-".join(words)) == options


def test_no_two_builds_have_one_name() -> None:
    assert len({str(options) for options in ALL}) == len(ALL)
    assert str(O2) == "O2"


@pytest.mark.parametrize("name", ["", "O4", "O2-", "O2-O3", "lto-lto", "soft_float-hard_float", "--build"])
def test_a_name_that_says_nothing_or_too_much_is_refused_with_the_words_there_are(name: str) -> None:
    with pytest.raises(ConfigError, match=r"soft_float.*ram_weights"):
        BuildOptions.parse(name)


def built(name: str) -> Firmware:
    # The sums need the constants, and the quotient the compiler's library where there is no FPU.
    backend = IdentityBackend(
        "volatile float quotient = (float)first[0] / (float)(second[0] | 1); sums[0] = (int8_t)quotient;"
    )
    return build_firmware(identity_variant(), L4R5, backend, BuildOptions.parse(name))


def symbols(firmware: Firmware) -> dict[str, int]:
    with firmware.elf.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        return {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}


def test_soft_float_is_linked_from_the_library_and_leaves_the_fpu_alone() -> None:
    assert "__aeabi_fdiv" in symbols(built("soft_float"))
    assert "__aeabi_fdiv" not in symbols(built("O2"))
    assert "-mfloat-abi=soft" in built("soft_float").flags


def test_weights_in_ram_take_room_there_and_keep_their_copy_in_flash() -> None:
    in_flash, in_ram = (read_footprint(built(name), 0).image for name in ("O2", "ram_weights"))
    assert in_ram["ram_model"] - in_flash["ram_model"] >= 32, "the descriptions of the tensors alone are 32 bytes"
    assert in_ram["flash_weights"] == in_flash["flash_weights"]
    ram = L4R5.ram
    assert ram.origin <= symbols(built("ram_weights"))["model_inputs"] < ram.origin + ram.size
    assert symbols(built("O2"))["model_inputs"] < ram.origin


def test_code_that_is_optimized_at_link_time_still_counts_as_the_models() -> None:
    separate, whole = (read_footprint(built(name), 0).image for name in ("O2", "lto"))
    assert whole["flash_kernels"] > 0
    assert whole["flash_base"] == separate["flash_base"]
    assert whole["ram_model"] == separate["ram_model"]
