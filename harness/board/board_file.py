"""Reads board files (`lab/boards/*.yaml`), checking every key, into `BoardSpec`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from harness.board.memory_entries import memory_banks
from harness.board.power_entry import to_power
from harness.board.spec import Accelerator, BoardSpec, CacheGeometry, Debug, Level1, MemoryTimingSpec, Pin
from harness.cache import sha256
from harness.deploy.target import Memory, Target
from harness.errors import ConfigError
from harness.form_error import describe
from harness.paths import BOARDS
from harness.yaml_text import parse_yaml

if TYPE_CHECKING:
    from harness.board.board_form import BoardEntry, CacheEntry

MOST_NODES = 2000
"""Keys and values of a board file; ours have some 200."""


def list_boards() -> list[str]:
    """Names of the boards in `lab/boards`."""
    return sorted(path.stem for path in BOARDS.glob("*.yaml"))


def load_board(name_or_path: str | Path) -> BoardSpec:
    """The board of this name in `lab/boards`, or the one a file describes.

    Raises:
        ConfigError: there is no such board, or its file is not what it has to be (file, key and what was expected).
    """
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        path = BOARDS / f"{name_or_path}.yaml"
        if str(name_or_path) not in list_boards():
            raise ConfigError(
                f"no board {str(name_or_path)!r}; there are {', '.join(list_boards())}, or give a .yaml file"
            )
    try:
        content = path.read_bytes()
        raw = parse_yaml(content, MOST_NODES)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error
    return _to_spec(_validated(raw, path), sha256(content))


def _validated(raw: object, path: Path) -> BoardEntry:
    from pydantic import ValidationError

    from harness.board.board_form import BoardEntry

    try:
        return BoardEntry.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(describe(error, path)) from error


def _to_spec(entry: BoardEntry, digest: str) -> BoardSpec:
    target = Target(
        name=entry.name,
        core=entry.core,
        fpu=entry.fpu,
        family=entry.family,
        clock_hz=entry.clock_hz,
        console_baud=entry.console_baud,
        memories=tuple(Memory(one.name, one.kind, one.origin, one.size) for one in entry.memories),
        defines=dict(entry.defines),
    )
    return BoardSpec(
        name=entry.name,
        title=entry.title,
        mcu=entry.mcu,
        target=target,
        power=to_power(entry.power),
        debug=Debug(entry.debug.silicon_target, entry.debug.virtual_target),
        memory_timing=MemoryTimingSpec(memory_banks(entry.memories), _accelerator(entry), _level1(entry)),
        clocks=dict(entry.clocks),
        channels={name: _pin(text) for name, text in entry.channels.items()},
        simulation=dict(entry.simulation),
        sources=tuple(entry.sources),
        sha256=digest,
    )


def _accelerator(entry: BoardEntry) -> Accelerator | None:
    one = entry.accelerator
    if one is None:
        return None
    line = one.dual_bank_line or one.line
    data = _geometry(one.data)
    return Accelerator(one.line, line, _geometry(one.instructions), data, one.unified, one.refill_cycles)


def _level1(entry: BoardEntry) -> Level1 | None:
    one = entry.level1
    if one is None:
        return None
    return Level1(one.line, _geometry(one.instructions), _geometry(one.data), one.bus_cycles)


def _geometry(entry: CacheEntry | None) -> CacheGeometry:
    return CacheGeometry(entry.size, entry.ways) if entry is not None else CacheGeometry(0, 0)


def _pin(text: str) -> Pin:
    """`GPIOB.7`."""
    port, _, number = text.rpartition(".")
    return Pin(port, int(number))
