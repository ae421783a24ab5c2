"""Begins a board file: a copy of another board's, with what has to be filled in marked."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping

from harness.board.board_file import list_boards, load_board
from harness.board.board_schema import KEYS
from harness.errors import ConfigError
from harness.paths import BOARDS

OPEN = "FILL IN"
"""The value of a key that is still to be filled in."""
_ALL = "*"
_OF_THIS_BOARD = {"title": {"title"}, "power": {"calibration"}}
"""Keys to be filled in, by the section that they are in."""
_OF_THIS_PART = {
    **{key: {key} for key in ("title", "mcu", "clock_hz")},
    "memories": {"size"},
    "power": {"voltage", "points", "current", "source", "calibration"},
    "debug": {"silicon_target"},
    "clocks": {"hse_hz", "lse_hz"},
    "simulation": {"idcode"},
    "defines": {_ALL},
}
_LINE = re.compile(r"(?P<head>\s*(?:- )?(?P<key>\w+): )(?P<value>[^{\s].*)")
_IN_BRACES = re.compile(r"(?P<head>[{,]\s*(?P<key>\w+): )(?P<value>[^,{}\[\]]+)")
_FOLDED = ">-"
_WIDTH = 120


def skeleton_from_board(name: str, board: str) -> str:
    """The text of a file for a board much like another one, with another one's figures until they are replaced.

    Raises:
        ConfigError: there is no such board, or the new name is none.
    """
    load_board(board)
    return _skeleton(name, board, _OF_THIS_BOARD)


def skeleton_of_family(name: str, family: str) -> str:
    """The text of a file for a board with another part of a family that there is a board of.

    Raises:
        ConfigError: there is no board of this family, or the new name is none.
    """
    families = {board: load_board(board).target.family for board in list_boards()}
    board = next((board for board, its_family in families.items() if its_family == family), None)
    if board is None:
        known = ", ".join(sorted(set(families.values())))
        raise ConfigError(f"no board of family {family!r} to begin with; there are boards of {known}")
    return _skeleton(name, board, _OF_THIS_PART)


def _skeleton(name: str, board: str, open_keys: Mapping[str, set[str]]) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ConfigError(
            f"{name!r} is no name for a board: lower case letters, digits and underscores, a letter first"
        )
    if name in list_boards():
        raise ConfigError(f"there is a board {name!r} already: {BOARDS / name}.yaml")
    head = (
        f"{name}, begun with the file of {board}. Where it says {OPEN}, what {board} has stands behind it. The rest is "
        f"{board}'s, too: go through it, and name the source of every figure that you change. "
        f"`harness board check {name}.yaml` tells what is missing, and tries the board out."
    )
    lines = [*_comment(head), *_lines((BOARDS / f"{board}.yaml").read_text(), name, open_keys)]
    return "\n".join(lines) + "\n"


def _lines(text: str, name: str, open_keys: Mapping[str, set[str]]) -> Iterator[str]:
    section, folded_from = "", -1
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if folded_from >= 0 and indent > folded_from:
            yield f"{' ' * indent}# {line.strip()}"
            continue
        folded_from = -1
        if top := re.match(r"(\w+):", line):
            section = top[1]
            yield from _comment(KEYS.get(section, ""))
        if section == "name":
            yield f"name: {name}"
        elif line.strip().startswith("virtual_target:"):
            yield f"{' ' * indent}virtual_target: virtual_{name}"
        else:
            opened, values = _open(line, open_keys.get(section, set()))
            folded_from = indent if values == [_FOLDED] else -1
            yield f"{opened}  # {', '.join(values)}".replace(f"# {_FOLDED}", "#") if values else line


def _open(line: str, keys: set[str]) -> tuple[str, list[str]]:
    """The line with the values of some keys taken out, and these values."""
    values: list[str] = []

    def take_out(entry: re.Match[str]) -> str:
        if not {entry["key"], _ALL} & keys:
            return entry[0]
        values.append(entry["value"].strip())
        return f"{entry['head']}{OPEN}"

    if line.lstrip().startswith("#"):
        return line, values
    if whole := _LINE.fullmatch(line):
        return take_out(whole), values
    return _IN_BRACES.sub(take_out, line), values


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ")
