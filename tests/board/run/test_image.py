"""Images of any format, and what is refused."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.board.board_file import load_board
from harness.board.virtual.image import load_image, read_image
from harness.board.virtual.machine import Machine
from harness.deploy.symbols import Symbols
from harness.errors import BuildError, ConfigError, HarnessError
from tests.board.board_firmware import test_firmware
from tests.board.run.scripted_host import BOARD

SPEC = load_board(BOARD)


def converted(directory: Path, kind: str) -> Path:
    output = directory / f"image.{kind}"
    form = {"hex": "ihex", "bin": "binary"}[kind]
    subprocess.run(["arm-none-eabi-objcopy", "-O", form, test_firmware(BOARD), output], check=True)
    return output


def flash(path: Path, address: int | None = None) -> bytes:
    machine = Machine(SPEC)
    load_image(machine, read_image(path, SPEC, address), SPEC)
    return machine.chip.engine.read(SPEC.target.flash.origin, 16384)


@pytest.mark.parametrize("kind", ["hex", "bin"])
def test_every_format_puts_the_same_bytes_into_flash(kind: str, tmp_path: Path) -> None:
    assert flash(converted(tmp_path, kind)) == flash(test_firmware(BOARD))


def test_raw_bytes_go_where_they_are_told_to(tmp_path: Path) -> None:
    """The flash shows at 0 too."""
    assert flash(converted(tmp_path, "bin"), 0) == flash(test_firmware(BOARD))


def test_only_raw_bytes_can_be_told_where_to_go() -> None:
    with pytest.raises(ConfigError, match="--address is for raw bytes"):
        read_image(test_firmware(BOARD), SPEC, 0x0800_0000)


@pytest.mark.parametrize(
    ("address", "message"),
    [(0x0820_0000 - 4, "more than fit"), (0x6000_0000, "has no memory: it has flash at 0x08000000")],
)
def test_bytes_that_no_memory_takes_are_refused(address: int, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        read_image(converted(tmp_path, "bin"), SPEC, address)


@pytest.mark.parametrize("content", [b"\xff" * 64, bytes(64)])
def test_an_image_without_a_vector_table_is_refused(content: bytes, tmp_path: Path) -> None:
    image = tmp_path / "image.bin"
    image.write_bytes(content)
    with pytest.raises(BuildError, match="no vector table at 0x08000000, where NUCLEO-L4R5ZI boots"):
        load_image(Machine(SPEC), read_image(image, SPEC), SPEC)


def test_an_image_for_another_kind_of_machine_is_refused(tmp_path: Path) -> None:
    image = tmp_path / "image.elf"
    content = bytearray(test_firmware(BOARD).read_bytes())
    content[18] = 0x3E  # e_machine: x86-64
    image.write_bytes(content)
    with pytest.raises(BuildError, match="not an image for a 32-bit Arm core"):
        read_image(image, SPEC)


@pytest.mark.parametrize("kind", ["elf", "hex"])
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), cut=st.booleans())
def test_a_damaged_file_is_an_image_or_one_clear_error(
    kind: str, seed: int, cut: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("damaged")
    source = test_firmware(BOARD) if kind == "elf" else converted(directory, kind)
    content, chance = bytearray(source.read_bytes()), random.Random(seed)
    for _ in range(chance.randrange(1, 8)):
        place = chance.randrange(64) if kind == "elf" and chance.random() < 0.5 else chance.randrange(len(content))
        content[place] = chance.randrange(256)
    damaged = directory / f"damaged.{kind}"
    damaged.write_bytes(content[: chance.randrange(1, len(content))] if cut else content)
    try:
        size = read_image(damaged, SPEC).size
    except HarnessError as error:
        size = len(str(error).partition("damaged")[2])
    assert size > 0


def test_every_address_of_a_function_is_told_by_its_name() -> None:
    symbols = Symbols.of(test_firmware(BOARD))
    main = symbols.named("main")
    assert main is not None
    for offset in range(main.size):
        assert symbols.name(main.start + offset) == f"main+{offset & ~1:#x}"
    assert symbols.name(0x2000_0001) == "0x20000000"
    assert symbols.at(0) is None
