"""Firmware images for a virtual board: ELF, Intel HEX or raw bytes, checked against the board's memories."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from harness.board.spec import BoardSpec, MemoryBank
from harness.board.virtual.machine import Machine
from harness.deploy.image import image_format, open_image
from harness.deploy.symbols import Symbols
from harness.errors import BuildError, ConfigError

_MOST_BYTES = 1 << 26
_MOST_SEGMENTS = 10_000
_ERASED = b"\xff" * 8


@dataclass(frozen=True)
class Segment:
    """Bytes that belong at an address."""

    address: int
    data: bytes


@dataclass(frozen=True)
class Image:
    """What is to be in a board's memories when it is switched on.

    Attributes:
        format: `elf`, `hex` or `bin`.
        symbols: the functions of an ELF image; none of another.
    """

    path: Path
    format: str
    segments: tuple[Segment, ...]
    symbols: Symbols

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(len(segment.data) for segment in self.segments)


def read_image(path: Path, board: BoardSpec, address: int | None = None) -> Image:
    """Read an image of any format.

    Args:
        address: of raw bytes; otherwise they begin where the flash does.

    Raises:
        BuildError: the file can't be read, or is not what its beginning claims.
        ConfigError: `address` for a file that brings its own, or bytes that no memory of the board can take.
    """
    kind = image_format(path)
    if address is not None and kind != "bin":
        raise ConfigError(f"{path}: --address is for raw bytes; this {kind.upper()} file has addresses of its own")
    if path.stat().st_size > _MOST_BYTES:
        raise BuildError(f"{path}: {path.stat().st_size:,} bytes are no firmware image")
    symbols = Symbols.of(path) if kind == "elf" else Symbols()
    origin = board.target.flash.origin if address is None else address
    segments = {"elf": _elf, "hex": _hex}[kind](path) if kind != "bin" else (Segment(origin, path.read_bytes()),)
    if not segments:
        raise BuildError(f"{path}: holds nothing to load")
    for segment in segments:
        _check_place(path, segment, board)
    return Image(path, kind, segments, symbols)


def load_image(machine: Machine, image: Image, board: BoardSpec) -> None:
    """Put an image into the machine's memories, and reset it.

    Raises:
        BuildError: there is no vector table where the core looks for it.
    """
    engine = machine.chip.engine
    for segment in image.segments:
        engine.write(segment.address, segment.data)
    origin = board.target.flash.origin
    vectors = engine.read(origin, 8)
    stack, entry = struct.unpack("<II", vectors)
    if vectors == _ERASED or not any(bank.writable and _holds(bank, stack - 4) for bank in board.memory_timing.banks):
        raise BuildError(
            f"{image.path}: no vector table at {origin:#010x}, where {board.title} boots "
            f"(found stack {stack:#010x}, entry {entry:#010x}): is it linked for this board?"
        )
    machine.reset()


def _holds(bank: MemoryBank, address: int) -> bool:
    return bank.origin <= address < bank.origin + bank.size


def _elf(path: Path) -> tuple[Segment, ...]:
    """By physical addresses: where the bytes lie before start-up code copies them."""
    with open_image(path) as image:
        if image["e_machine"] != "EM_ARM" or image.elfclass != 32:
            raise BuildError(f"{path}: not an image for a 32-bit Arm core (machine {image['e_machine']})")
        if image.num_segments() > _MOST_SEGMENTS:
            raise ValueError(f"{image.num_segments()} segments")
        loaded = [one for one in image.iter_segments("PT_LOAD") if one["p_filesz"]]
        segments = tuple(Segment(one["p_paddr"], one.data()) for one in loaded)
        if any(len(one.data) != header["p_filesz"] for one, header in zip(segments, loaded, strict=True)):
            raise ValueError("a segment reaches beyond the end of the file")
        return segments


def _hex(path: Path) -> tuple[Segment, ...]:
    from intelhex import HexReaderError, IntelHex  # type: ignore[import-untyped]

    content = IntelHex()
    try:
        content.loadhex(str(path))
    except (HexReaderError, OSError, ValueError) as error:
        raise BuildError(f"{path}: not a whole Intel HEX file ({error})") from error
    if len(content.segments()) > _MOST_SEGMENTS:
        raise BuildError(f"{path}: {len(content.segments()):,} pieces are no firmware image")
    return tuple(Segment(begin, content.tobinstr(begin, end - 1)) for begin, end in content.segments())


def _check_place(path: Path, segment: Segment, board: BoardSpec) -> None:
    at = segment.address
    for memory in _memories(board):
        if memory[0] <= at < memory[0] + memory[1]:
            if at + len(segment.data) > memory[0] + memory[1]:
                missing = at + len(segment.data) - memory[0] - memory[1]
                raise ConfigError(
                    f"{path}: {len(segment.data):,} bytes at {at:#010x} are {missing:,} more than fit there"
                )
            return
    known = ", ".join(f"{one.name} at {one.origin:#010x} ({one.size:,} bytes)" for one in board.target.memories)
    raise ConfigError(
        f"{path}: {len(segment.data):,} bytes belong at {at:#010x}, where {board.title} has no memory: "
        f"it has {known}; is the image for another board?"
    )


def _memories(board: BoardSpec) -> list[tuple[int, int]]:
    """Origins and sizes, aliases included."""
    banks = board.memory_timing.banks
    return [(one.origin, one.size) for one in board.target.memories] + [
        (bank.origin, bank.size) for bank in banks if bank.alias_of is not None
    ]
