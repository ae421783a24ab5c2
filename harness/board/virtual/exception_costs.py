"""What exceptions cost on a core: the `exceptions` section of `lab/cores/*.yaml`, each figure with its source there."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

import yaml

from harness.errors import ConfigError
from harness.paths import REPOSITORY
from harness.yaml_text import parse_yaml

_CORES = REPOSITORY / "lab" / "cores"


@dataclass(frozen=True)
class ExceptionCosts:
    """Cycles with memories that never make the core wait.

    Attributes:
        entry: from the exception to the first instruction of its handler.
        exit: from the return to the next instruction of what was interrupted.
        tail_chain: from one handler's return to the first instruction of the next one, nothing being unstacked.
        float_stacking: of S0 to S15 and FPSCR: on top of `entry`, or of the handler's first floating point instruction
            where it is deferred (FPCCR.LSPEN).
        float_unstacking: of the same, on top of `exit`.
    """

    entry: int
    exit: int
    tail_chain: int
    float_stacking: int
    float_unstacking: int


@cache
def load_exception_costs(core: str) -> ExceptionCosts:
    """The figures of one core.

    Raises:
        ConfigError: the core's file lacks a figure, has one that is not known, or has one that is not a whole number.
    """
    path = _CORES / f"{core}.yaml"
    try:
        entries = parse_yaml(path.read_text())["exceptions"]
        figures = {name: entry["cycles"] for name, entry in entries.items()}
    except (OSError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: no exception costs in it ({error})") from error
    known = {field.name for field in fields(ExceptionCosts)}
    if wrong := known.symmetric_difference(figures):
        raise ConfigError(f"{path}: exceptions: missing or unknown: {', '.join(sorted(wrong))}")
    if bad := [name for name, figure in figures.items() if not isinstance(figure, int)]:
        raise ConfigError(f"{path}: exceptions: cycles must be whole numbers: {', '.join(bad)}")
    return ExceptionCosts(**figures)
