"""Builds the firmware of this directory with ST's HAL, which comes out of a wheel on the package index."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from harness.cache import cached, sha256_of_files

WHEEL = "aidge-export-arm-cortexm==0.9.1.post2"
SOURCES = Path(__file__).parent


@dataclass(frozen=True)
class HalPart:
    """A part whose HAL the wheel has.

    Attributes:
        folder: of the wheel.
        family: in the names of HAL's files.
        define: that selects the part in its CMSIS header.
        flags: of the compiler, for the core.
        linker_script, startup: in the folder; our own file for the part is `part_<name>.c`.
    """

    name: str
    folder: str
    family: str
    define: str
    flags: tuple[str, ...]
    linker_script: str
    startup: str


PARTS = {
    "nucleo_l4r5zi": HalPart(
        name="l4r5",
        folder="L4",
        family="stm32l4xx",
        define="STM32L4R5xx",
        flags=("-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16"),
        linker_script="STM32L4R5ZITX_FLASH.ld",
        startup="startup_stm32l4r5zitx.s",
    ),
    "nucleo_f746zg": HalPart(
        name="f746",
        folder="F7",
        family="stm32f7xx",
        define="STM32F746xx",
        flags=("-mcpu=cortex-m7", "-mfpu=fpv5-sp-d16"),
        linker_script="STM32F746ZGTx_FLASH.ld",
        startup="startup_stm32f746xx.s",
    ),
    "nucleo_h743zi": HalPart(
        name="h743",
        folder="H7",
        family="stm32h7xx",
        define="STM32H743xx",
        # The configuration in the wheel is another board's, with a crystal of 25 MHz.
        flags=("-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-DHSE_VALUE=8000000"),
        linker_script="STM32H743ZITx_FLASH.ld",
        startup="startup_stm32h743xx.s",
    ),
}


@cache
def hal_firmware(board: str, *defines: str) -> Path:
    """The ELF file for a board, from the cache where it was built before; skips the test where the HAL can't be had."""
    part = PARTS[board]
    hal = _vendor_sources() / part.folder
    drivers = hal / "Drivers"
    upper = part.family[:-2].upper() + "xx"
    driver = drivers / f"{upper}_HAL_Driver"
    command = [
        "arm-none-eabi-gcc",
        *part.flags,
        *("-mfloat-abi=hard", "-mthumb", "-Os", "-g", "-ffunction-sections", "-Wl,--gc-sections", "--specs=nano.specs"),
        *("--specs=nosys.specs", "-Wl,--no-warn-rwx-segments", "-w", "-DUSE_HAL_DRIVER", f"-D{part.define}"),
        *(f"-D{define}" for define in defines),
        *(f"-I{folder}" for folder in (SOURCES, hal / "Inc", driver / "Inc", drivers / "CMSIS" / "Include")),
        f"-I{drivers / 'CMSIS' / 'Device' / 'ST' / upper / 'Include'}",
        f"-T{hal / part.linker_script}",
        *map(str, (SOURCES / "main.c", SOURCES / f"part_{part.name}.c", hal / "Startup" / part.startup)),
        str(hal / "Src" / f"system_{part.family}.c"),
        *map(str, sorted((driver / "Src").glob(f"{part.family}_hal*.c"))),
    ]

    def make(directory: Path) -> None:
        subprocess.run([*command, "-o", str(directory / "hal.elf")], check=True)

    key = {"command": command, "sources": sha256_of_files(*SOURCES.glob("*.[ch]"))}
    return cached("hal-firmware", key, make) / "hal.elf"


def _vendor_sources() -> Path:
    """The wheel's folder of boards, downloaded once."""
    try:
        directory = cached("vendor-wheel", {"wheel": WHEEL}, _download)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"{WHEEL} can't be downloaded: {error.stderr.strip().splitlines()[-1:]}")
    return directory / "aidge_export_arm_cortexm" / "boards" / "stm32"


def _download(directory: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(directory), WHEEL]
    subprocess.run(pip, check=True, capture_output=True, text=True)
    (wheel,) = directory.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(directory)
