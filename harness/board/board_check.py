"""Checks a board file as a whole: its form, and what it says against the family's file; all problems in one go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from harness.board.board_file import MOST_NODES, list_boards, load_board
from harness.board.board_skeleton import OPEN
from harness.board.spec import BoardSpec
from harness.board.spec import Path as MemoryPath
from harness.board.virtual.family import Family
from harness.board.virtual.family_file import load_family
from harness.board.virtual.machine import Machine
from harness.errors import HarnessError
from harness.form_error import describe
from harness.yaml_text import parse_yaml

_PAGE = 4096


def check_board_file(path: Path) -> list[str]:
    """What is wrong with a file, one line each: file, key, and what was expected; empty if nothing is."""
    try:
        raw = parse_yaml(path.read_bytes(), MOST_NODES)
    except OSError as error:
        return [f"{path}: {error.strerror}"]
    except yaml.YAMLError as error:
        return [f"{path}: not YAML: {' '.join(str(error).split())}"]
    problems = [f"{path}: {key}: still to be filled in" for key in _open_places(raw)]
    problems += _form(raw, path)
    if problems:
        return problems
    try:
        spec = load_board(path)
        family = load_family(spec.target.family, spec.mcu)
        problems = [f"{path}: {problem}" for problem in _contradictions(spec, family, path)]
        problems = problems or list(_building(spec, path))
    except HarnessError as error:
        problems.append(f"{path}: {error}")
    return problems


def _building(spec: BoardSpec, path: Path) -> Iterator[str]:
    """What comes up when the virtual board is built."""
    from unicorn import UcError

    try:
        Machine(spec)
    except UcError as error:
        yield f"{path}: memories: the virtual board can't map them as they are ({error})"


def _open_places(raw: Any, key: str = "") -> Iterator[str]:
    """Keys whose values a skeleton has left open."""
    if isinstance(raw, dict):
        for name, value in raw.items():
            yield from _open_places(value, f"{key}.{name}" if key else str(name))
    elif isinstance(raw, list):
        for index, value in enumerate(raw):
            yield from _open_places(value, f"{key}.{index}")
    elif raw == OPEN:
        yield key


def _form(raw: Any, path: Path) -> list[str]:
    """What pydantic says, but for open places, which have been told."""
    from pydantic import ValidationError

    from harness.board.board_form import BoardEntry

    try:
        BoardEntry.model_validate(raw)
    except ValidationError as error:
        lines = describe(error, path).splitlines()
        return [line for line in lines if f"(found '{OPEN}')" not in line]
    return []


def _contradictions(spec: BoardSpec, family: Family, path: Path) -> Iterator[str]:
    """What is right by itself, and not beside the rest."""
    if path.stem != spec.name:
        yield f"name: expected {path.stem!r}, as the file is called (found {spec.name!r})"
    others = (load_board(name) for name in list_boards() if name != spec.name)
    if twin := next((other.name for other in others if other.debug.virtual_target == spec.debug.virtual_target), None):
        yield f"debug.virtual_target: expected a name of its own; {twin} has {spec.debug.virtual_target!r}, too"
    yield from _pages(spec)
    yield from _memory_paths(spec)
    yield from _pins(spec, family)


def _pages(spec: BoardSpec) -> Iterator[str]:
    for memory in spec.target.memories:
        if memory.origin % _PAGE or memory.size % _PAGE:
            yield f"memories: {memory.name}: expected whole pages of 4 KiB (found {memory.size:,} bytes)"


def _memory_paths(spec: BoardSpec) -> Iterator[str]:
    timing = spec.memory_timing
    there = {MemoryPath.ACCELERATOR: timing.accelerator, MemoryPath.LEVEL1: timing.level1}
    for bank in timing.banks:
        if bank.path in there and there[bank.path] is None:
            yield f"memories: {bank.name}: path {bank.path}: expected a key {bank.path} that describes it"


def _pins(spec: BoardSpec, family: Family) -> Iterator[str]:
    defines = spec.target.defines
    uarts = {one.origin: one.name for one in family.peripherals if re.search("us?art", one.type)}
    base = defines.get("BOARD_CONSOLE_BASE")
    if base not in uarts:
        known = ", ".join(f"{origin:#010x} ({name})" for origin, name in sorted(uarts.items()))
        found = f"{base:#010x}" if base is not None else "nothing"
        yield f"defines.BOARD_CONSOLE_BASE: expected a UART of {family.name}: {known} (found {found})"
    ports = [one.name for one in family.peripherals if one.type.rpartition(".")[2] == "gpio"]
    port, pin = defines.get("BOARD_TRIGGER_PORT"), defines.get("BOARD_TRIGGER_PIN")
    if port is None or not 0 <= port < len(ports):
        known = ", ".join(f"{index} ({name})" for index, name in enumerate(ports))
        yield f"defines.BOARD_TRIGGER_PORT: expected a port of {family.name}: {known} (found {port})"
    if pin is None or not 0 <= pin < 32:
        yield f"defines.BOARD_TRIGGER_PIN: expected the number of a pin (found {pin})"
