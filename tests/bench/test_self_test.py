"""The self-test that `harness board check` boots: what is in order passes, what is not is found."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from harness.bench.bare_test import bare_test
from harness.bench.self_test import self_test
from harness.bench.self_test_model import GOOD, RANGES, checksum, pack_inputs, unpack_outputs
from harness.board.board_file import list_boards, load_board
from harness.cli import main
from harness.deploy.board_files import list_families
from harness.paths import BOARDS

QUICK = ("nucleo_l4r5zi", "nucleo_g0b1re")


def check_all(board: str) -> None:
    findings = self_test(board, load_board(board))
    assert [finding for finding in findings if not finding.good] == []
    assert len(findings) >= 6


@pytest.mark.parametrize("board", QUICK)
def test_boards_pass(board: str) -> None:
    check_all(board)


@pytest.mark.slow
@pytest.mark.parametrize("board", [board for board in list_boards() if board not in QUICK])
def test_all_other_boards_pass(board: str) -> None:
    check_all(board)


@pytest.mark.parametrize("board", ["nucleo_f746zg"])
def test_boards_pass_without_bench_firmware(board: str) -> None:
    """As a family does that has none yet."""
    findings = bare_test(board, load_board(board))
    assert [finding.what for finding in findings if not finding.good] == []
    assert findings[-1].what == "core and SysTick"


def test_there_is_bench_firmware_for_every_board_of_the_lab() -> None:
    assert {load_board(board).target.family for board in list_boards()} <= set(list_families())


def test_a_wrong_oscillator_is_found(tmp_path: Path) -> None:
    """The firmware believes in 8 MHz; with 16, all that it clocks runs twice as fast."""
    text = (BOARDS / "nucleo_f746zg.yaml").read_text()
    text = text.replace("name: nucleo_f746zg", "name: hasty").replace("  hse_hz: 8_000_000", "  hse_hz: 16_000_000")
    path = tmp_path / "hasty.yaml"
    path.write_text(text.replace("virtual_target: ", "virtual_target: my_"))
    bad = [finding for finding in self_test(path, load_board(path)) if not finding.good]
    assert [finding.what for finding in bad] == ["cycle counter and clock"]
    assert "43" in bad[0].seen


@given(st.binary(max_size=64))
def test_the_checksum_tells_any_two_orders_apart(data: bytes) -> None:
    swapped = data[::-1]
    assert (checksum(swapped) == checksum(data)) == (weighted(data) == weighted(swapped))


def weighted(data: bytes) -> int:
    return sum(byte * (len(data) - index) for index, byte in enumerate(data))


def test_outputs_are_unpacked_as_the_firmware_packs_them() -> None:
    echo = bytes(range(256)) * 2
    assert len(pack_inputs([(0x2000_0000, 64)], (0x0800_0000, 8), echo)) == 8 * (RANGES + 1) + 512
    words = [GOOD] * RANGES + [7]
    data = b"".join(word.to_bytes(4, "little") for word in words) + bytes(~byte & 0xFF for byte in echo)
    assert unpack_outputs(data) == ([GOOD] * RANGES, 7, echo)


def test_check_prints_what_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    # Showing progress, our pytest plugin would undo click's capture of the output.
    monkeypatch.setattr("harness.progress._terminal", lambda: nullcontext(None))
    done = CliRunner().invoke(main, ["board", "check", "nucleo_l4r5zi"])
    assert done.exit_code == 0, done.output
    for what in ("flash programming", "RAM sram3", "console", "trigger pin", "cycle counter and clock"):
        assert what in done.output


def test_check_of_a_bad_file_lists_its_problems_and_fails(tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text("name: odd\ncore: cortex-m99\n")
    done = CliRunner().invoke(main, ["board", "check", str(path)])
    assert done.exit_code == 1
    assert f"{path}: core: " in done.output
    assert f"{path}: memories: Field required" in done.output
    assert "problems; nothing was run" in done.output
