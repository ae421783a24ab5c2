"""The functions of an ELF image, by address: read once, asked often."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.deploy.image import open_image

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

_MOST_SYMBOLS = 1_000_000
_SHORTEST = 2


@dataclass(frozen=True)
class Function:
    """A function's code: `size` bytes from `start` on."""

    name: str
    start: int
    size: int


class Symbols:
    """All functions of an image, sorted."""

    def __init__(self, functions: Iterable[Function] = ()) -> None:
        """Know these; without any, every address is just an address."""
        self._functions: Final = sorted(functions, key=lambda one: (one.start, one.size))
        self._starts: Final = [one.start for one in self._functions]

    @classmethod
    def of(cls, path: Path) -> Symbols:
        """Those of an ELF file.

        Raises:
            BuildError: not a whole ELF image.
        """
        with open_image(path) as image:
            return cls(_sized(sorted(_functions(image), key=lambda one: (one.start, one.size))))

    def __len__(self) -> int:
        return len(self._functions)

    def at(self, address: int) -> Function | None:
        """The function that holds a code address."""
        address &= ~1  # the Thumb bit
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        found = self._functions[index]
        return found if address < found.start + found.size else None

    def name(self, address: int) -> str:
        """A code address for people: `function+0x12`, or the bare address where no function is."""
        found, address = self.at(address), address & ~1
        return f"{found.name}+{address - found.start:#x}" if found else f"{address:#010x}"

    def named(self, name: str) -> Function | None:
        """The function of this name."""
        return next((one for one in self._functions if one.name == name), None)


def _functions(image: ELFFile) -> Iterator[Function]:
    table = image.get_section_by_name(".symtab")
    if table is None:
        return
    if table.num_symbols() > _MOST_SYMBOLS:
        raise ValueError(f"{table.num_symbols()} symbols")
    for symbol in table.iter_symbols():
        if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_shndx"] != "SHN_UNDEF":
            yield Function(symbol.name, symbol["st_value"] & ~1, symbol["st_size"])


def _sized(functions: list[Function]) -> Iterator[Function]:
    """Functions written in assembly often say no size: they reach to the next one."""
    starts = [one.start for one in functions]
    for one in functions:
        following = bisect_right(starts, one.start)
        end = starts[following] if following < len(starts) else one.start + _SHORTEST
        yield one if one.size else Function(one.name, one.start, end - one.start)
