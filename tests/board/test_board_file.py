"""Board files: every board of the lab loads, and a bad file gets one clear word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.board.board_file import list_boards, load_board
from harness.board.spec import BoardSpec
from harness.errors import ConfigError
from harness.paths import BOARDS

Change = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize("name", list_boards())
def test_every_board_of_the_lab_loads_and_survives_json(name: str) -> None:
    spec = load_board(name)
    assert spec.name == spec.target.name == name
    assert BoardSpec.from_json(spec.to_json()) == spec


def test_sizes_are_read_in_the_units_people_write() -> None:
    target = load_board("nucleo_l4r5zi").target
    assert [memory.size for memory in target.memories] == [2 * 1024**2, 640 * 1024]


def test_every_power_figure_says_where_it_comes_from() -> None:
    for name in list_boards():
        power = load_board(name).power
        assert {"run", "sleep", "stop"} <= set(power.sources)
        assert all(len(source) > 10 for source in power.sources.values())
        assert len(power.calibration) > 20


def test_a_board_file_can_lie_anywhere(tmp_path: Path) -> None:
    copy = tmp_path / "mine.yaml"
    copy.write_bytes((BOARDS / "nucleo_l4r5zi.yaml").read_bytes())
    assert load_board(copy) == load_board("nucleo_l4r5zi")


def without(*path: str) -> Change:
    def change(board: dict[str, Any]) -> None:
        for key in path[:-1]:
            board = board[key]
        del board[path[-1]]

    return change


def setting(*path: str | int, to: object) -> Change:
    def change(board: dict[str, Any]) -> None:
        place: Any = board
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("mcu"), ["mcu", "required"]),
        (without("power", "run"), ["power.run", "required"]),
        (without("power", "run", "source"), ["power.run.source", "required"]),
        (without("power", "calibration"), ["power.calibration", "required"]),
        (setting("power", "run", "points", 0, "current", to="26 mV"), ["points.0.current", "quantity in A"]),
        (setting("power", "run", "points", 0, "clock", to="130 MHz"), ["power.run.points", "lowest first"]),
        (setting("channels", to={"led": "B7"}), ["channels.led"]),
        (setting("colour", to="white"), ["colour", "not permitted"]),
        (setting("core", to="cortex-m99"), ["core", "cortex-m4", "cortex-m7"]),
        (setting("clock_hz", to=0), ["clock_hz", "greater than 0"]),
        (setting("memories", 0, "size", to="2 parsecs"), ["memories.0.size", "unknown unit"]),
        (setting("memories", 0, "size", to="2 ms"), ["memories.0.size", "whole number of bytes"]),
        (setting("memories", 1, "origin", to=0x0800_1000), ["overlap", "flash", "sram"]),
        (setting("memories", 1, "kind", to="flash"), ["at least one of kind ram"]),
        (setting("power", "voltage", to="-3 V"), ["power.voltage", "greater than 0"]),
        (setting("defines", "lower case", to=1), ["defines"]),
        (setting("name", to="../../etc"), ["name"]),
    ],
)
def test_what_is_wrong_is_named_with_file_key_and_expectation(tmp_path: Path, change: Change, words: list[str]) -> None:
    board = yaml.safe_load((BOARDS / "nucleo_l4r5zi.yaml").read_text())
    change(board)
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(board))
    with pytest.raises(ConfigError) as caught:
        load_board(path)
    for word in [str(path), *words]:
        assert word in str(caught.value)


@pytest.mark.parametrize("content", [b"{", b"- 1", b"", b"\xff\xfe\x00", b"!!python/object:os.system {}"])
def test_what_is_no_board_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"bad\.yaml"):
        load_board(path)


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nucleo_l4r5zi"):
        load_board("arduino")
    with pytest.raises(ConfigError, match="No such file"):
        load_board(tmp_path / "absent.yaml")
