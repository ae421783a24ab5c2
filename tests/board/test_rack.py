"""Rack files."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.board.rack import Kind, load_rack
from harness.board.timing_mode import TimingMode
from harness.errors import ConfigError
from harness.paths import RACKS


def test_the_default_rack_has_a_virtual_board_of_each_kind() -> None:
    rack = load_rack(RACKS / "virtual.yaml")
    assert {dut.board for dut in rack.duts} == {"nucleo_l4r5zi", "nucleo_f746zg"}
    assert {dut.kind for dut in rack.duts} == {Kind.VIRTUAL}


def test_the_example_of_silicon_is_a_valid_rack() -> None:
    rack = load_rack(RACKS / "example_silicon.yaml")
    assert all(dut.kind is Kind.SERIAL and dut.probe and dut.console for dut in rack.duts)


def test_a_rack_may_have_several_duts_of_a_board(tmp_path: Path) -> None:
    path = tmp_path / "rack.yaml"
    path.write_text("duts:\n" + "".join(f"- {{name: v{i}, board: nucleo_l4r5zi, kind: virtual}}\n" for i in range(3)))
    assert [dut.name for dut in load_rack(path).duts] == ["v0", "v1", "v2"]


@pytest.mark.parametrize(
    ("dut", "words"),
    [
        ("{name: a, board: arduino, kind: virtual}", ["duts.0.board", "nucleo_l4r5zi"]),
        ("{name: a, board: nucleo_l4r5zi, kind: cloud}", ["duts.0.kind", "virtual"]),
        ("{name: a, board: nucleo_l4r5zi, kind: serial, console: /dev/ttyACM0}", ["duts.0", "probe"]),
        ("{name: a, board: nucleo_l4r5zi, kind: virtual, probe: '1'}", ["duts.0", "no probe"]),
        ("{name: a, board: nucleo_l4r5zi, kind: virtual, uart_noise: loud}", ["duts.0.uart_noise"]),
        ("{name: a, board: nucleo_l4r5zi, kind: virtual, timing: now}", ["duts.0.timing", "functional"]),
        ("{name: a, board: nucleo_l4r5zi, kind: virtual, sample_rate_hz: 2.0e+6}", ["duts.0.sample_rate_hz"]),
        (
            "{name: a, board: nucleo_l4r5zi, kind: serial, probe: x, console: y, timing: timed, supply_v: 3}",
            ["no supply_v, timing with kind serial"],
        ),
        ("{name: a, board: nucleo_l4r5zi}", ["duts.0.kind", "required"]),
        ("{name: ../a, board: nucleo_l4r5zi, kind: virtual}", ["duts.0.name"]),
        ("{name: a, board: nucleo_l4r5zi, kind: virtual}\n- {name: a, board: nucleo_f746zg, kind: virtual}", ["once"]),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, dut: str, words: list[str]) -> None:
    path = tmp_path / "rack.yaml"
    path.write_text(f"duts:\n- {dut}\n")
    with pytest.raises(ConfigError) as caught:
        load_rack(path)
    for word in [str(path), *words]:
        assert word in str(caught.value)


def test_an_empty_or_absent_rack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_rack(tmp_path / "absent.yaml")
    (tmp_path / "rack.yaml").write_text("duts: []\n")
    with pytest.raises(ConfigError, match="at least 1"):
        load_rack(tmp_path / "rack.yaml")


def test_the_mode_can_be_chosen_for_all_virtual_boards_at_once() -> None:
    virtual = load_rack(RACKS / "virtual.yaml").with_timing(TimingMode.FUNCTIONAL)
    assert {dut.timing for dut in virtual.duts} == {TimingMode.FUNCTIONAL}
    silicon = load_rack(RACKS / "example_silicon.yaml")
    assert silicon.with_timing(TimingMode.FUNCTIONAL) == silicon
