"""Family files: a part has what the family has, but for what its entry says."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.board.virtual import family_file
from harness.board.virtual.family_file import load_family
from harness.errors import ConfigError
from tests.board.registers import Registers

FAMILY = """
title: a family
windows: [[0x4000_0000, 0x1000]]
sources: [its manual]
flash_size_at: 0x1000
unmodelled: {OLD: 0x4000_0800, KEPT: 0x4000_0C00}
peripherals: [{name: RCC, origin: 0x4000_0000}, {name: ETH, origin: 0x4000_0400}]
parts:
  PART7:
    sources: [the part's manual]
    absent: [ETH, OLD]
    flash_size_at: 0x2000
    unmodelled: {NEW: 0x4000_0800}
    peripherals: [{name: RCC, origin: 0x4000_0000, size: 0x200}, {name: EXTRA, origin: 0x4000_0400}]
"""


@pytest.fixture
def families(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(family_file, "FAMILIES", tmp_path)
    (tmp_path / "mine.yaml").write_text(FAMILY)
    return tmp_path


@pytest.mark.usefixtures("families")
def test_a_part_adds_replaces_and_leaves_out() -> None:
    family, part = load_family("mine", "other"), load_family("mine", "part7x")
    assert {one.name: one.size for one in family.peripherals} == {"RCC": 0x400, "ETH": 0x400}
    assert {one.name: one.size for one in part.peripherals} == {"RCC": 0x200, "EXTRA": 0x400}
    assert (family.flash_size_at, part.flash_size_at) == (0x1000, 0x2000)
    assert (set(family.unmodelled), set(part.unmodelled)) == ({"OLD", "KEPT"}, {"NEW", "KEPT"})
    assert part.sources == ("its manual", "the part's manual")


def test_only_what_the_family_has_can_be_absent(families: Path) -> None:
    (families / "mine.yaml").write_text(FAMILY.replace("absent: [ETH", "absent: [ETHERNET"))
    with pytest.raises(ConfigError, match=r"mine: PART7: absent: the family has no ETHERNET"):
        load_family("mine", "PART7")


def test_the_h7a3_keeps_its_signature_where_its_manual_says() -> None:
    for board, size_at, id_at in (
        ("nucleo_h743zi", 0x1FF1_E880, 0x1FF1_E800),
        ("nucleo_h7a3zi_q", 0x08FF_F80C, 0x08FF_F800),
    ):
        chip = Registers.of(board)
        assert chip.read(size_at) & 0xFFFF == 2048
        assert chip.read(id_at) == 0x0045_0030
