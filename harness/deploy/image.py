"""ELF images, read with the distrust that any file deserves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import BuildError

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

_MOST_SECTIONS = 10_000
_RECORD_MARK = 9
"""Bytes of a HEX record's head: a colon, its size and its address."""


@contextmanager
def open_image(path: Path) -> Iterator[ELFFile]:
    """The image, opened; whatever goes wrong while the body reads it is one error.

    Raises:
        BuildError: the file can't be read or is not a whole ELF image; the text names it.
    """
    from elftools.elf.elffile import ELFFile

    try:
        with path.open("rb") as stream:
            image = ELFFile(stream)
            if image.num_sections() > _MOST_SECTIONS:
                raise ValueError(f"{image.num_sections()} sections")
            yield image
    except OSError as error:
        raise BuildError(f"{path}: {error.strerror}") from error
    except (BuildError, MemoryError):
        raise
    # On bytes that are not what they claim pyelftools raises nearly anything.
    except Exception as error:
        raise BuildError(f"{path}: not a whole ELF image ({error!r}); build it again") from error


def image_format(path: Path) -> str:
    """`elf`, `hex` (Intel) or `bin`, by what the file holds, whatever it is called.

    Raises:
        BuildError: the file can't be read, or is empty.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_RECORD_MARK)
    except OSError as error:
        raise BuildError(f"{path}: {error.strerror}") from error
    if not head:
        raise BuildError(f"{path}: the image is empty")
    if head.startswith(b"\x7fELF"):
        return "elf"
    return "hex" if re.fullmatch(rb":[0-9A-Fa-f]{8}", head) else "bin"


def read_build_id(path: Path) -> str:
    """The GNU build id, in hexadecimal.

    Raises:
        BuildError: not an ELF image, or one without a build id.
    """
    with open_image(path) as image:
        section = image.get_section_by_name(".note.gnu.build-id")
        for note in section.iter_notes() if section is not None else ():
            if note["n_type"] == "NT_GNU_BUILD_ID":
                return str(note["n_desc"])
    raise BuildError(f"{path}: has no GNU build id")


def symbol_at(path: Path, address: int) -> str:
    """The function that holds a code address, as `function+0x12`; the bare address where there is none.

    Raises:
        BuildError: not an ELF image.
    """
    address &= ~1  # the Thumb bit
    with open_image(path) as image:
        table = image.get_section_by_name(".symtab")
        for symbol in table.iter_symbols() if table is not None else ():
            start = symbol["st_value"] & ~1
            is_function = symbol["st_info"]["type"] == "STT_FUNC"
            if is_function and start <= address < start + max(symbol["st_size"], 1):
                return f"{symbol.name}+{address - start:#x}"
    return f"{address:#010x}"
