"""Limits in a TOML file: some for every candidate, some for those whose fields match.

    limits = ["latency <= 120 ms", "ram <= 50 %"]

    [[candidates]]
    model = "kws_*"
    quantization = "int8"
    board = "nucleo_*"
    limits = ["latency <= 60 ms", "energy <= 5 mJ"]

A pattern is a shell glob on a field of `Candidate` (`model`, `quantization`, `backend`, `build`, `board`, `optimize`);
all patterns of a table have to match. Tables apply from top to bottom, and a later limit replaces an earlier one on the
same side of the same quantity, so a table can tighten a limit as well as loosen it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from harness.errors import ConfigError
from harness.explore.constraint import Constraint, merge, parse_constraint
from harness.results.record import Candidate
from harness.value import Value

FIELDS = tuple(field.name for field in fields(Candidate))


@dataclass(frozen=True)
class LimitRule(Value):
    """Limits for the candidates whose fields match.

    Attributes:
        patterns: globs by field of `Candidate`; a field without one matches always.
    """

    patterns: Mapping[str, str]
    limits: tuple[Constraint, ...]

    def matches(self, candidate: Candidate) -> bool:
        """Whether the rule applies to a candidate."""
        return all(fnmatchcase(getattr(candidate, field), pattern) for field, pattern in self.patterns.items())


@dataclass(frozen=True)
class LimitsFile(Value):
    """The rules of a file, in its order; the first holds what applies to every candidate."""

    rules: tuple[LimitRule, ...]

    def limits_for(self, candidate: Candidate) -> tuple[Constraint, ...]:
        """The constraints that a candidate has to keep."""
        return merge(*(rule.limits for rule in self.rules if rule.matches(candidate)))


def read_limits_file(path: Path) -> LimitsFile:
    """Read and check a limits file.

    Raises:
        ConfigError: it can't be read, is not TOML, or has an unknown key or a limit that is none; the text names file
            and key.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not a TOML file: {error}") from error
    _check_keys(content, ("limits", "candidates"), str(path))
    rules = [LimitRule({}, _limits(content, str(path)))]
    tables = content.get("candidates", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{path}: 'candidates' has to be an array of tables: write [[candidates]]")
    rules += [_rule(table, f"{path}: [[candidates]] number {number}") for number, table in enumerate(tables, 1)]
    return LimitsFile(tuple(rules))


def _rule(table: Mapping[str, object], where: str) -> LimitRule:
    _check_keys(table, (*FIELDS, "limits"), where)
    if "limits" not in table:
        raise ConfigError(f"{where}: 'limits' is missing")
    patterns = {}
    for field in FIELDS:
        pattern = table.get(field, "*")
        if not isinstance(pattern, str):
            raise ConfigError(f'{where}: {field!r} has to be a pattern in quotes, such as "kws_*"')
        if pattern != "*":
            patterns[field] = pattern
    return LimitRule(patterns, _limits(table, where))


def _limits(table: Mapping[str, object], where: str) -> tuple[Constraint, ...]:
    limits = table.get("limits", [])
    if not isinstance(limits, list) or not all(isinstance(limit, str) for limit in limits):
        raise ConfigError(f"{where}: 'limits' has to be a list of texts, such as [\"latency <= 120 ms\"]")
    try:
        return tuple(parse_constraint(limit) for limit in limits)
    except ConfigError as error:
        raise ConfigError(f"{where}: 'limits': {error}") from error


def _check_keys(table: Mapping[str, object], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise ConfigError(f"{where}: unknown key {key!r}; {hint}Known are {', '.join(known)}")
