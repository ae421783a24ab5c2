"""The linker's map is read whole, and what is none is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.deploy.link_map import Piece, read_link_map
from harness.errors import BuildError

MAP = """
Discarded input sections

 .text.gone     0x00000000       0x10 libmodel.a(a.c.obj)

Linker script and memory map

LOAD /usr/lib/libc_nano.a

model.text      0x08000064       0x8c
 *libmodel.a:*(.text .text.*)
 .text.short    0x08000064        0x4 libmodel.a(identity.c.obj)
                0x08000064                short
 .text.a_name_that_needs_a_line
                0x08000068       0x88 /somewhere/else/libmodel.a(folder/conv.o)
 .text.empty    0x080000f0        0x0 main.c.obj
                0x080000f0                        . = ALIGN (0x4)
 *fill*         0x080000f0        0x2
"""


def test_pieces_have_addresses_sizes_and_files_without_folders(tmp_path: Path) -> None:
    (tmp_path / "firmware.map").write_text(MAP)
    assert read_link_map(tmp_path / "firmware.map") == [
        Piece(".text.short", 0x08000064, 4, "libmodel.a(identity.c.obj)"),
        Piece(".text.a_name_that_needs_a_line", 0x08000068, 0x88, "libmodel.a(conv.o)"),
    ]


@given(st.binary(max_size=200))
@settings(max_examples=50)
def test_what_is_no_map_is_one_clear_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.map"
    path.write_bytes(content)
    with pytest.raises(BuildError, match=r"noise\.map: is no link map"):
        read_link_map(path)


def test_a_missing_map_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"gone\.map: No such file"):
        read_link_map(tmp_path / "gone.map")
