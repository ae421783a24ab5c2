"""Reads what each function and table of an image takes: the drill-down behind the shares of flash and RAM."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from harness.bench.footprint import PARTS, STACK_SECTION
from harness.bench.symbol_size import SymbolSize
from harness.deploy.firmware import Firmware
from harness.deploy.image import open_image
from harness.deploy.link_map import Piece, read_link_map
from harness.deploy.target import Memory

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

MOST = 40
"""Symbols that are told by name; the smaller ones of a part are told together."""
_OTHERS = "(others)"
_UNNAMED = "(unnamed)"


def read_symbol_sizes(firmware: Firmware) -> tuple[SymbolSize, ...]:
    """All that is in the image, largest first; the small ones of each part together.

    Raises:
        BuildError: image or map are not whole.
    """
    pieces = sorted(read_link_map(firmware.elf.with_suffix(".map")), key=lambda piece: piece.address)
    with open_image(firmware.elf) as elf:
        sized = list(_sizes(elf, pieces, firmware.target.ram))
    ordered = sorted(_joined(sized), key=lambda one: (-max(one.flash, one.ram), one.name, one.file))
    others = _joined(SymbolSize(_OTHERS, "", one.part, one.flash, one.ram) for one in ordered[MOST:])
    return (*ordered[:MOST], *others)


def _sizes(elf: ELFFile, pieces: list[Piece], ram: Memory) -> Iterator[SymbolSize]:
    names = _symbols(elf)
    starts = [piece.address for piece in pieces]
    for section in elf.iter_sections():
        start, size = section["sh_addr"], section["sh_size"]
        is_allocated = section["sh_flags"] & 2  # SHF_ALLOC
        if not is_allocated or not size or section.name == STACK_SECTION:
            continue
        part = PARTS.get(section.name, "base")
        in_ram = ram.origin <= start < ram.origin + ram.size
        in_flash = section["sh_type"] != "SHT_NOBITS"
        inside = [(address, name) for address, name in names if start <= address < start + size]
        edges = sorted({start, start + size, *(a for a, _ in inside), *(s for s in starts if start < s < start + size)})
        named = dict(inside)
        for here, there in pairwise(edges):
            place = bisect_right(starts, here) - 1
            file = pieces[place].file if place >= 0 and here < pieces[place].address + pieces[place].size else ""
            taken = there - here
            yield SymbolSize(named.get(here, _UNNAMED), file, part, taken * in_flash, taken * in_ram)


def _symbols(elf: ELFFile) -> list[tuple[int, str]]:
    """Addresses of functions and tables, with the name that comes first where several share one."""
    table = elf.get_section_by_name(".symtab")
    found: dict[int, str] = {}
    for symbol in table.iter_symbols() if table is not None else ():
        if symbol["st_info"]["type"] in ("STT_FUNC", "STT_OBJECT") and symbol["st_shndx"] != "SHN_UNDEF":
            address = symbol["st_value"] & ~1 if symbol["st_info"]["type"] == "STT_FUNC" else symbol["st_value"]
            found[address] = min(found.get(address, symbol.name), symbol.name)
    return sorted(found.items())


def _joined(sizes: Iterable[SymbolSize]) -> list[SymbolSize]:
    """One entry for all of the same name, file and part."""
    sums: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for one in sizes:
        total = sums[one.name, one.file, one.part]
        total[0] += one.flash
        total[1] += one.ram
    return [SymbolSize(*key, flash, ram) for key, (flash, ram) in sums.items()]
