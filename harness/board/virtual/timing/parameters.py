"""The named figures of a core's timing rules, read from `lab/cores/*.yaml`, each with its source there."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, TypeVar, get_type_hints

import yaml

from harness.errors import ConfigError
from harness.paths import REPOSITORY
from harness.yaml_text import parse_yaml

CORES = REPOSITORY / "lab" / "cores"
Row = tuple[int, ...]


@dataclass(frozen=True)
class CortexM0PlusTiming:
    """Cycles, zero wait states. See `lab/cores/cortex-m0plus.yaml` for what each one is and where it comes from."""

    multiply: int
    load: int
    store: int
    multiple_base: int
    taken_branch: int
    call_extra: int
    pop_pc_extra: int
    system: int
    barrier: int
    unaligned_access: int


@dataclass(frozen=True)
class CortexM4Timing:
    """Cycles, zero wait states. See `lab/cores/cortex-m4.yaml` for what each one is and where it comes from."""

    load: int
    double_load_extra: int
    pipelined_load_saves: int
    address_dependency: int
    store: int
    register_offset_store: int
    float_store: int
    load_after_store: int
    multiple_base: int
    divide: int
    divide_by_or_of_zero: int
    divide_smaller: int
    divide_base: int
    divide_bits_per_cycle: int
    divide_maximum: int
    float_mac: int
    float_divide: int
    float_dependency: int
    float_move_two: int
    it_after_32_bit: int
    taken_branch: int
    straddling_target: int
    table_branch: int
    barrier: int
    system: int
    straddling_fetch: int
    straddling_run: int
    unaligned_access: int


@dataclass(frozen=True)
class CortexM7Timing:
    """Cycles, caches and tightly coupled memories never missing. See `lab/cores/cortex-m7.yaml`.

    The rows are latencies of a result, one for each use of `m7_operations.Use`.
    """

    early_result: Row
    reverse_result: Row
    late_result: Row
    saturated_result: Row
    updated_base: Row
    loaded_word: Row
    loaded_narrow: Row
    product: Row
    flags: Row
    float_result: Row
    fused_result: Row
    unfused_result: Row
    loaded_float: Row
    moved_float: Row
    moved_to_core: Row
    mac_window: int
    unfused_spacing: int
    float_divide: int
    float_square_root: int
    double_add: int
    double_multiply: int
    double_mac: int
    double_divide: int
    words_per_cycle: int
    divide: int
    divide_by_or_of_zero: int
    divide_smaller: int
    divide_base: int
    divide_bits_per_cycle: int
    divide_maximum: int
    system: int
    table_branch: int
    unaligned_access: int
    unaligned_store: int
    bank_conflict: int
    misprediction: int
    early_misprediction: int
    early_flags: int


@dataclass(frozen=True)
class CortexM33Timing:
    """Cycles, zero wait states. See `lab/cores/cortex-m33.yaml`.

    The rows are latencies of a result, one for each use of `cortex_m33.Use`.
    """

    simple_result: Row
    two_stage_result: Row
    accumulated_result: Row
    loaded: Row
    float_result: Row
    float_mac_result: Row
    loaded_float: Row
    float_to_core: Row
    core_to_float: Row
    two_core_to_float: Row
    shifted_flags: int
    flag_setting_two_stage: int
    float_mac_blocks: int
    float_divide: int
    float_two_to_core: int
    divide: int
    divide_by_or_of_zero: int
    divide_smaller: int
    divide_base: int
    divide_bits_per_cycle: int
    divide_maximum: int
    taken_branch: int
    straddling_target: int
    branch_waits_for_flags: int
    indirect_branch: int
    load_pc_branch: int
    table_branch: int
    barrier: int
    system: int
    unaligned_access: int


Parameters = TypeVar("Parameters", CortexM0PlusTiming, CortexM4Timing, CortexM7Timing, CortexM33Timing)


@cache
def load_parameters(core: str, kind: type[Parameters]) -> Parameters:
    """The figures of one core.

    Raises:
        ConfigError: the file lacks a figure, has one that is not known, or has one that is no whole number (or, for a
            row, no list of them).
    """
    path = CORES / f"{core}.yaml"
    try:
        entries = parse_yaml(path.read_text())["timing"]
        figures = {name: _frozen(entry["cycles"]) for name, entry in entries.items()}
    except (OSError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: not a core file ({error})") from error
    known = {field.name for field in fields(kind)}
    if wrong := known.symmetric_difference(figures):
        raise ConfigError(f"{path}: missing or unknown: {', '.join(sorted(wrong))}")
    rows = {name for name, hint in get_type_hints(kind).items() if hint == Row}
    if bad := [name for name, figure in figures.items() if not _is_whole(figure, row=name in rows)]:
        raise ConfigError(f"{path}: cycles must be whole numbers: {', '.join(bad)}")
    return kind(**figures)


def _frozen(figure: Any) -> Any:
    return tuple(figure) if isinstance(figure, list) else figure


def _is_whole(figure: object, *, row: bool) -> bool:
    if row:
        return isinstance(figure, tuple) and all(isinstance(one, int) for one in figure)
    return isinstance(figure, int)
