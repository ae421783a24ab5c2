"""The named figures of a core's timing rules, read from `lab/cores/*.yaml`, each with its source there."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import TypeVar

import yaml

from harness.errors import ConfigError
from harness.paths import REPOSITORY

CORES = REPOSITORY / "lab" / "cores"


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
    divide_minimum: int
    divide_base: int
    divide_bits_per_cycle: int
    divide_maximum: int
    float_mac: int
    float_divide: int
    float_dependency: int
    float_move_two: int
    it_after_32_bit: int
    taken_branch: int
    table_branch: int
    barrier: int
    system: int
    straddling_fetch: int
    straddling_run: int
    unaligned_access: int


@dataclass(frozen=True)
class CortexM7Timing:
    """Cycles, caches and tightly coupled memories never missing. See `lab/cores/cortex-m7.yaml`."""

    multiply_latency: int
    word_load_latency: int
    narrow_load_latency: int
    float_latency: int
    float_mac_latency: int
    float_divide_latency: int
    float_divide_occupancy: int
    divide_latency: int
    divide_occupancy: int
    divide_minimum: int
    divide_base: int
    divide_bits_per_cycle: int
    divide_maximum: int
    unaligned_access: int
    load_to_multiply: int
    load_to_address: int
    simd_to_address: int
    store_data_slack: int
    multiply_accumulate_forwarding: int
    float_accumulate_forwarding: int
    words_per_cycle: int
    system_occupancy: int
    misprediction: int
    indirect_branch: int


Parameters = TypeVar("Parameters", CortexM4Timing, CortexM7Timing)


@cache
def load_parameters(core: str, kind: type[Parameters]) -> Parameters:
    """The figures of one core.

    Raises:
        ConfigError: the file lacks a figure, has one that is not known, or has one that is not a whole number.
    """
    path = CORES / f"{core}.yaml"
    try:
        entries = yaml.safe_load(path.read_text())["timing"]
        figures = {name: entry["cycles"] for name, entry in entries.items()}
    except (OSError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: not a core file ({error})") from error
    known = {field.name for field in fields(kind)}
    if wrong := known.symmetric_difference(figures):
        raise ConfigError(f"{path}: missing or unknown: {', '.join(sorted(wrong))}")
    if bad := [name for name, figure in figures.items() if not isinstance(figure, int)]:
        raise ConfigError(f"{path}: cycles must be whole numbers: {', '.join(bad)}")
    return kind(**figures)
