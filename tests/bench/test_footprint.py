"""Sizes read from the image, against what other tools say of the same image."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.bench.footprint import read_footprint, symbol_at
from harness.board.board_file import load_board
from harness.deploy.build import build_firmware
from harness.deploy.firmware import Firmware
from harness.deploy.image import read_build_id
from harness.errors import BuildError
from tests.deploy.identity_backend import IdentityBackend, identity_variant

FLASH_SHARES = ("flash_weights", "flash_kernels", "flash_runtime", "flash_base")
RAM_SHARES = ("ram_model", "ram_runtime", "ram_base")

# Odd sizes and alignments, initialised data, a library function: all that makes gaps between sections.
AWKWARD = IdentityBackend(
    "sums[0] = (int8_t)(table[first[0] & 3] + (state += 1) + (int8_t)expf(second[0]) + ++aligned[first[1] & 7]);",
    """
    #include <math.h>
    static const int8_t table[5] = {1, 2, 3, 4, 5};
    static int8_t state = 42;
    _Alignas(64) static int8_t aligned[13];
    """,
)


@pytest.fixture(scope="module", params=["nucleo_l4r5zi", "nucleo_f746zg"])
def firmware(request: pytest.FixtureRequest) -> Firmware:
    return build_firmware(identity_variant(), load_board(request.param).target, AWKWARD)


@pytest.fixture(scope="module")
def image_bytes() -> bytes:
    target = load_board("nucleo_l4r5zi").target
    return build_firmware(identity_variant(), target, IdentityBackend()).elf.read_bytes()


def symbols(elf: Path) -> dict[str, int]:
    lines = subprocess.check_output(["arm-none-eabi-nm", str(elf)], text=True).splitlines()
    return {line.split()[2]: int(line.split()[0], 16) for line in lines if len(line.split()) == 3}


def test_the_shares_of_flash_add_up_to_the_bytes_that_are_programmed(firmware: Firmware, tmp_path: Path) -> None:
    image = read_footprint(firmware, 0).image
    assert sum(image[share] for share in FLASH_SHARES) == image["flash"]
    programmed = tmp_path / "firmware.bin"
    subprocess.check_call(["arm-none-eabi-objcopy", "-O", "binary", str(firmware.elf), str(programmed)])
    assert image["flash"] == programmed.stat().st_size


def test_the_shares_of_ram_add_up_to_all_that_lies_above_the_stack(firmware: Firmware) -> None:
    footprint = read_footprint(firmware, stack_bytes=300)
    addresses = symbols(firmware.elf)
    static = addresses["bss_end"] - addresses["stack_end"]
    # The gap between the stack and the first section serves only to align that section.
    assert sum(footprint.image[share] for share in RAM_SHARES) <= static
    assert static - sum(footprint.image[share] for share in RAM_SHARES) < 64
    assert footprint.ram == sum(footprint.image[share] for share in RAM_SHARES) + 300
    assert footprint.stack == 300


def test_every_share_holds_what_it_is_named_for(firmware: Firmware) -> None:
    image = read_footprint(firmware, 0).image
    plain = read_footprint(build_firmware(identity_variant(), firmware.target, IdentityBackend()), 0).image
    assert image["flash_weights"] > plain["flash_weights"]
    assert image["flash_runtime"] - plain["flash_runtime"] > 300  # expf
    assert image["ram_model"] >= plain["ram_model"] + 4 + 13
    assert image["flash_base"] == pytest.approx(plain["flash_base"], abs=16)
    assert image["ram_base"] == pytest.approx(plain["ram_base"], abs=16)


def test_an_initialised_variable_costs_flash_and_ram() -> None:
    target = load_board("nucleo_l4r5zi").target
    with_data = IdentityBackend("sums[0] = (int8_t)++state[first[0] & 63];", "static int8_t state[64] = {1};")
    without = IdentityBackend("sums[0] = (int8_t)++state[first[0] & 63];", "static int8_t state[64];")
    ours, theirs = (
        read_footprint(build_firmware(identity_variant(), target, backend), 0).image for backend in (with_data, without)
    )
    assert ours["flash_weights"] - theirs["flash_weights"] == 64
    assert ours["ram_model"] == theirs["ram_model"]


def test_an_address_is_told_as_a_function_and_an_offset(firmware: Firmware) -> None:
    start = symbols(firmware.elf)["bench_loop"]
    assert symbol_at(firmware.elf, start) == "bench_loop+0x0"
    assert symbol_at(firmware.elf, start + 7) == "bench_loop+0x6"  # the Thumb bit is no part of the address
    assert symbol_at(firmware.elf, 0x1234_5678) == "0x12345678"


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"not an image at all" * 100])
def test_what_is_no_image_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "hostile.elf"
    path.write_bytes(content)
    with pytest.raises(BuildError, match=r"hostile\.elf: not a whole ELF image"):
        read_build_id(path)


def read_all(firmware: Firmware, address: int) -> None:
    read_footprint(firmware, 0)
    symbol_at(firmware.elf, address)
    read_build_id(firmware.elf)


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_truncated_image_is_one_clear_error(
    image_bytes: bytes, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("elf") / "cut.elf"
    path.write_bytes(image_bytes[: data.draw(st.integers(0, len(image_bytes) - 1))])
    with pytest.raises(BuildError, match=r"cut\.elf"):
        read_all(hostile_firmware(path), 0x0800_0000)


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_a_corrupt_image_gives_sizes_or_one_clear_error(
    image_bytes: bytes, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    corrupt = bytearray(image_bytes)
    tables = st.one_of(st.integers(0, 300), st.integers(len(corrupt) - 1000, len(corrupt) - 1))
    for position in data.draw(st.lists(tables, min_size=1, max_size=4)):
        corrupt[position] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("elf") / "corrupt.elf"
    path.write_bytes(corrupt)
    with suppress(BuildError):
        read_all(hostile_firmware(path), 0x0800_0000)


def hostile_firmware(path: Path) -> Firmware:
    target = load_board("nucleo_l4r5zi").target
    return replace(build_firmware(identity_variant(), target, IdentityBackend()), elf=path)
