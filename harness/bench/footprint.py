"""What an image takes of a board's memories, and which part of the firmware takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.deploy.firmware import Firmware
from harness.deploy.image import open_image, symbol_at
from harness.deploy.target import Memory
from harness.value import Value

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

__all__ = ["Footprint", "read_footprint", "symbol_at"]

# The linker script (firmware/bench.ld.template) names its sections so; all others are the base firmware's.
_FLASH_SHARES = {
    "model.text": "flash_kernels",
    "kernels.text": "flash_kernels",
    "kernels.data": "flash_kernels",
    "model.rodata": "flash_weights",
    "model.data": "flash_weights",
    "runtime.text": "flash_runtime",
    "runtime.data": "flash_runtime",
}
_RAM_SHARES = {
    "model.rodata": "ram_model",
    "kernels.data": "ram_model",
    "model.data": "ram_model",
    "model.bss": "ram_model",
    "runtime.data": "ram_runtime",
    "runtime.bss": "ram_runtime",
}
STACK_SECTION = "stack"
PARTS = {section: share.partition("_")[2] for section, share in {**_RAM_SHARES, **_FLASH_SHARES}.items()}
"""What a section of the image belongs to; any other belongs to the base firmware."""


@dataclass(frozen=True)
class Footprint(Value):
    """Bytes.

    Attributes:
        image: what is counted in the image: `flash`, its four shares (which add up to it), and the three shares of
            static RAM, by their names in `QUANTITIES`.
        stack: the most of the stack that was in use.
    """

    image: Mapping[str, int]
    stack: int

    @property
    def ram(self) -> int:
        """Static RAM and stack."""
        return sum(size for quantity, size in self.image.items() if quantity.startswith("ram_")) + self.stack


@dataclass(frozen=True)
class _Section:
    """A section that takes up memory: where it runs, where it is stored, what precedes it only to align it.

    Attributes:
        load_address: None where the image stores nothing, as for `.bss`.
    """

    name: str
    address: int
    load_address: int | None
    size: int
    alignment: int


def read_footprint(firmware: Firmware, stack_bytes: int) -> Footprint:
    """Count the image; the stack's use is the board's to tell (`Device.stack_bytes`).

    Raises:
        BuildError: the file is no whole ELF image.
    """
    with open_image(firmware.elf) as elf:
        sections = list(_sections(elf))
    image = dict.fromkeys(("flash", *_FLASH_SHARES.values(), "flash_base", *_RAM_SHARES.values(), "ram_base"), 0)
    stored = [(one.load_address, one) for one in sections if one.load_address is not None]
    for section, size in _sizes(stored, firmware.target.flash):
        image[_FLASH_SHARES.get(section.name, "flash_base")] += size
        image["flash"] += size
    running = [(one.address, one) for one in sections if one.name != STACK_SECTION]
    for section, size in _sizes(running, firmware.target.ram):
        image[_RAM_SHARES.get(section.name, "ram_base")] += size
    return Footprint(image, stack_bytes)


def _sections(elf: ELFFile) -> Iterator[_Section]:
    segments = [segment for segment in elf.iter_segments() if segment["p_type"] == "PT_LOAD"]
    for section in elf.iter_sections():
        is_allocated = section["sh_flags"] & 2  # SHF_ALLOC
        if not is_allocated or section["sh_size"] == 0:
            continue
        address, size = section["sh_addr"], section["sh_size"]
        home = next((one for one in segments if one["p_vaddr"] <= address < one["p_vaddr"] + one["p_memsz"]), None)
        load_address = None
        if home is not None and section["sh_type"] != "SHT_NOBITS":
            load_address = address - home["p_vaddr"] + home["p_paddr"]
        yield _Section(section.name, address, load_address, size, section["sh_addralign"])


def _sizes(placed: list[tuple[int, _Section]], memory: Memory) -> Iterator[tuple[_Section, int]]:
    """What each section takes of a memory, in the order of addresses: its own size, and the gap that aligns it."""
    end = memory.origin
    for address, section in sorted(placed, key=lambda item: item[0]):
        if memory.origin <= address < memory.origin + memory.size:
            gap = address - end
            yield section, section.size + (gap if 0 < gap < section.alignment else 0)
            end = address + section.size
