"""What the firmware's C code and the linker learn of a board: `board.h` and the linker script."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from harness.deploy.options import BuildOptions, Weights
from harness.deploy.target import Target
from harness.errors import ConfigError
from harness.paths import FIRMWARE

FAMILIES = FIRMWARE / "families"
_LINKER_SCRIPT = FIRMWARE / "bench.ld.template"


def list_families() -> list[str]:
    """Names of the families that there is bench firmware for."""
    return sorted(file.parent.name for file in FAMILIES.glob("*/family.cmake"))


def check_family(target: Target) -> None:
    """See that the firmware knows the target's family of microcontrollers.

    Raises:
        ConfigError: it does not; the text lists those it knows.
    """
    known = list_families()
    if target.family not in known:
        raise ConfigError(f"board {target.name}: unknown family {target.family!r}; known are {', '.join(known)}")


def board_header(target: Target) -> str:
    """The text of `board.h`.

    Raises:
        ConfigError: a define's name is not a C constant's, or its value is not of 32 bits.
    """
    defines = {"BOARD_CLOCK_HZ": target.clock_hz, "BOARD_CONSOLE_BAUD": target.console_baud, **target.defines}
    for name, value in defines.items():
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name) or not 0 <= value < 2**32:
            raise ConfigError(f"board {target.name}: define {name!r} = {value}: want NAME_LIKE_THIS and 32 bits")
    lines = "".join(f"#define {name} {value:#x}u\n" for name, value in defines.items())
    return f"#ifndef BOARD_H\n#define BOARD_H\n\n{lines}\n#endif\n"


def linker_script(target: Target, options: BuildOptions) -> str:
    """The text of the linker script."""
    return Template(_LINKER_SCRIPT.read_text()).substitute(
        flash_origin=f"{target.flash.origin:#010x}",
        flash_size=target.flash.size,
        ram_origin=f"{target.ram.origin:#010x}",
        ram_size=target.ram.size,
        stack_size=options.stack_bytes,
        weights_memory="RAM AT > FLASH" if options.weights is Weights.RAM else "FLASH",
    )


def write_board_files(target: Target, options: BuildOptions, directory: Path) -> None:
    """Write `board.h` and `bench.ld` into a directory."""
    (directory / "board.h").write_text(board_header(target))
    (directory / "bench.ld").write_text(linker_script(target, options))
