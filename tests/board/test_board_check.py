"""Board files: begun by the harness, checked as a whole, and described by a schema."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from harness.board.board_check import check_board_file
from harness.board.board_file import list_boards, load_board
from harness.board.board_form import BoardEntry
from harness.board.board_schema import KEYS, board_schema, board_schema_text
from harness.board.board_skeleton import OPEN, skeleton_from_board, skeleton_of_family
from harness.cli import main
from harness.errors import ConfigError
from harness.paths import BOARDS, REPOSITORY

FAMILIES = sorted({load_board(board).target.family for board in list_boards()})


def written(directory: Path, text: str, name: str = "my_board") -> Path:
    path = directory / f"{name}.yaml"
    path.write_text(text)
    return path


def changed(directory: Path, board: str, *changes: tuple[str, str]) -> Path:
    """The file of a board under another name, with some of its text replaced."""
    text = (BOARDS / f"{board}.yaml").read_text()
    for old, new in ((f"name: {board}", "name: my_board"), ("virtual_target: ", "virtual_target: my_"), *changes):
        assert old in text, old
        text = text.replace(old, new, 1)
    return written(directory, text)


@pytest.mark.parametrize("board", list_boards())
def test_every_board_of_the_lab_is_in_order(board: str) -> None:
    assert check_board_file(BOARDS / f"{board}.yaml") == []


@pytest.mark.parametrize("board", list_boards())
def test_a_copy_of_any_board_is_in_order_once_it_is_filled_in(board: str, tmp_path: Path) -> None:
    text = skeleton_from_board("my_board", board)
    problems = check_board_file(written(tmp_path, text))
    assert [line.rpartition(": ")[2] for line in problems] == ["still to be filled in"] * text.count(f": {OPEN}")
    assert len(problems) == 2
    assert check_board_file(written(tmp_path, re.sub(f": {OPEN}.*", ": something", text))) == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_board_of_another_part_is_in_order_once_it_is_filled_in(family: str, tmp_path: Path) -> None:
    """With what its model has, which stands behind each open place."""
    text = skeleton_of_family("my_board", family)
    problems = check_board_file(written(tmp_path, text))
    assert all("still to be filled in" in line for line in problems)
    assert len(problems) == text.count(f": {OPEN}") > 15
    filled = "\n".join(filled_in(line) for line in text.splitlines())
    assert check_board_file(written(tmp_path, filled)) == []


def filled_in(line: str) -> str:
    if line.lstrip().startswith("#") or OPEN not in line:
        return line
    head, _, values = line.partition("  # ")
    parts = values.split(", ") if head.count(OPEN) > 1 else [values]
    for part in parts:
        head = head.replace(OPEN, part or "something", 1)
    return head if "source: " not in head and "calibration: " not in head else re.sub(r": .*", ": something", head)


def test_what_a_skeleton_says_is_valid_yaml_with_every_key_explained() -> None:
    text = skeleton_of_family("my_board", "stm32l4")
    assert set(yaml.safe_load(text)) <= set(KEYS)
    for key in yaml.safe_load(text):
        assert re.search(rf"^# .*\n{key}:", text, re.MULTILINE), key


@pytest.mark.parametrize(("name", "board"), [("My Board", "nucleo_l4r5zi"), ("nucleo_l4r5zi", "nucleo_f746zg")])
def test_a_name_that_is_none_or_taken_is_refused(name: str, board: str) -> None:
    with pytest.raises(ConfigError, match=r"is no name for a board|already"):
        skeleton_from_board(name, board)


def test_a_family_without_boards_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no board of family 'z80' to begin with; there are boards of .*stm32f4"):
        skeleton_of_family("my_board", "z80")


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    changes = (
        ("core: cortex-m4", "core: cortex-m99"),
        ("size: 2 MiB", "size: two"),
        ("voltage: 1.8 V", "voltage: 1.8 A"),
    )
    problems = check_board_file(changed(tmp_path, "nucleo_l4r5zi", *changes))
    assert [line.split(": ")[1] for line in problems] == ["core", "memories.0.size", "power.voltage"]
    assert all(line.startswith(f"{tmp_path}/my_board.yaml: ") for line in problems)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("BASE: 0x4000_8000", "BASE: 0x4000_9000", "expected a UART of stm32l4: 0x40004400 (USART2)"),
        ("BOARD_TRIGGER_PORT: 2", "BOARD_TRIGGER_PORT: 99", "expected a port of stm32l4: 0 (GPIOA)"),
        ("BOARD_TRIGGER_PIN: 7", "BOARD_TRIGGER_PIN: 32", "expected the number of a pin (found 32)"),
        ("family: stm32l4", "family: z80", "no virtual boards of family 'z80'"),
        ("name: my_board", "name: other", "expected 'my_board', as the file is called"),
        ("idcode: 0x1000_6470", "device: 1", "simulation.idcode must be a number"),
        ("size: 384 KiB", "size: 383 KiB", "banks: their sizes must add up"),
    ],
)
def test_what_does_not_go_together_is_told(old: str, new: str, problem: str, tmp_path: Path) -> None:
    (first, *_) = check_board_file(changed(tmp_path, "nucleo_l4r5zi", (old, new)))
    assert problem in first


def test_a_virtual_target_that_another_board_has_is_told(tmp_path: Path) -> None:
    text = (BOARDS / "nucleo_l4r5zi.yaml").read_text().replace("name: nucleo_l4r5zi", "name: my_board")
    (problem,) = check_board_file(written(tmp_path, text))
    assert "debug.virtual_target: expected a name of its own; nucleo_l4r5zi has" in problem


def test_a_path_without_what_it_leads_through_is_told(tmp_path: Path) -> None:
    path = changed(tmp_path, "nucleo_l4r5zi")
    path.write_text(re.sub(r"accelerator:\n(  .*\n)+", "", path.read_text()))
    problems = check_board_file(path)
    assert "memories: flash: path accelerator: expected a key accelerator that describes it" in problems[0]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a: [", b"- just\n- a list", b""])
def test_a_file_that_is_no_board_file_is_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "my_board.yaml"
    path.write_bytes(content)
    problems = check_board_file(path)
    assert problems
    assert all(str(path) in problem for problem in problems)


def test_the_schema_in_docs_is_current() -> None:
    """Else: `harness board schema > docs/board.schema.json`."""
    assert (REPOSITORY / "docs" / "board.schema.json").read_text() == board_schema_text()


def test_the_schema_explains_every_key() -> None:
    assert set(BoardEntry.model_fields) == set(KEYS) == set(board_schema()["properties"])


@pytest.mark.parametrize("board", list_boards())
def test_the_schema_takes_every_board_of_the_lab(board: str) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    content = yaml.safe_load((BOARDS / f"{board}.yaml").read_text())
    jsonschema.validate(content, board_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**content, "clock_hz": "fast"}, board_schema())


def harness(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["board", *arguments])
    return done.exit_code, done.output


def test_new_writes_a_file_and_never_over_another(tmp_path: Path) -> None:
    path = tmp_path / "my_board.yaml"
    status, output = harness("new", "my_board", "--from", "nucleo_l4r5zi", "-o", str(path))
    assert status == 0
    assert f"harness board check {path}" in output
    status, output = harness("new", "my_board", "--family", "stm32f7", "-o", str(path))
    assert status == 1
    assert output.startswith(f"Error: {path}: File exists")


def test_new_wants_something_to_begin_with() -> None:
    status, output = harness("new", "my_board")
    assert status == 2
    assert "give --from with a board, or --family" in output


def test_schema_prints_what_is_in_docs() -> None:
    assert json.loads(harness("schema")[1]) == board_schema()
