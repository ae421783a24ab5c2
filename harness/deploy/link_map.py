"""The map that GNU ld writes beside an image: from which object file each piece of it came."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from harness.errors import BuildError

_HEAD = "Linker script and memory map"
_PIECE = re.compile(r"^ (\S+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$", re.MULTILINE)
"""A name, which may have a line of its own where it is long, an address, a size, and the file."""


@dataclass(frozen=True)
class Piece:
    """An input section that the linker placed.

    Attributes:
        section: its name in the object file, such as `.text.arm_convolve_s8`.
        address: where it runs.
        size: in bytes, more than 0.
        file: the object file, as `archive.a(object)` where it came from one; without folders.
    """

    section: str
    address: int
    size: int
    file: str


def read_link_map(path: Path) -> list[Piece]:
    """All pieces of an image, in the order of the map.

    Raises:
        BuildError: the file can't be read, or is no map of GNU ld's.
    """
    try:
        text = path.read_text(errors="replace")
    except OSError as error:
        raise BuildError(f"{path}: {error.strerror}") from error
    _, found, placed = text.partition(_HEAD)
    if not found:
        raise BuildError(f"{path}: is no link map of GNU ld; build the firmware again")
    pieces = (
        Piece(section, int(address, 16), int(size, 16), _without_folders(file))
        for section, address, size, file in _PIECE.findall(placed)
        if not section.startswith("*")
    )
    return [piece for piece in pieces if piece.size]


def _without_folders(file: str) -> str:
    archive, bracket, member = file.partition("(")
    return archive.rpartition("/")[2] + bracket + member.rpartition("/")[2]
