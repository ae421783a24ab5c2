"""Exceptions cost what the core's file says, each time that they happen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.board.virtual.exception_costs import ExceptionCosts, load_exception_costs
from harness.board.virtual.machine import Pause
from harness.deploy.target import Core
from harness.errors import ConfigError
from tests.board.core.core_program import boot

_COSTS = ("entry", "exit", "tail_chain", "float_stacking", "float_unstacking")
# How often each is spent: entries, exits, chained handlers, floating point states saved and restored.
_SPENT = {
    "one_exception": (1, 1, 0, 0, 0),
    "a_more_urgent_one_preempts": (2, 2, 0, 0, 0),
    "an_equal_one_waits": (1, 1, 1, 0, 0),
    "the_most_urgent_comes_first": (1, 1, 3, 0, 0),
    "undefined_instruction": (1, 1, 0, 0, 0),
    "modes_and_stacks": (1, 1, 0, 0, 0),
    "interrupted_floats_kept": (1, 1, 0, 0, 0),
    "interrupted_floats_used": (1, 1, 0, 1, 1),
    "interrupted_floats_saved": (1, 1, 0, 1, 1),
}


def _cycles(core: Core, scenario: str, costs: ExceptionCosts, slice_cycles: int = 1_000_000) -> int:
    machine = boot(core, scenario)
    machine.chip.exceptions.costs = costs
    begun = machine.cycles
    while machine.run(slice_cycles) is Pause.SLICE_DONE:
        assert machine.cycles - begun < 1_000_000
    return machine.cycles - begun


@settings(max_examples=20, deadline=None)
@given(costs=st.tuples(*[st.integers(0, 60)] * 5), scenario=st.sampled_from(sorted(_SPENT)))
def test_cycles_are_those_of_the_code_and_of_each_exception(costs: tuple[int, ...], scenario: str) -> None:
    nothing = ExceptionCosts(0, 0, 0, 0, 0)
    spent = replace(nothing, **dict(zip(_COSTS, costs, strict=True)))
    difference = _cycles(Core.CORTEX_M4, scenario, spent) - _cycles(Core.CORTEX_M4, scenario, nothing)
    assert difference == sum(count * cost for count, cost in zip(_SPENT[scenario], costs, strict=True))


@settings(max_examples=15, deadline=None)
@given(slice_cycles=st.integers(1, 300), scenario=st.sampled_from(sorted(_SPENT)))
def test_cycles_do_not_depend_on_slices(slice_cycles: int, scenario: str) -> None:
    costs = load_exception_costs(Core.CORTEX_M4)
    assert _cycles(Core.CORTEX_M4, scenario, costs, slice_cycles) == _cycles(Core.CORTEX_M4, scenario, costs)


@pytest.mark.parametrize("core", Core)
def test_every_core_has_its_figures(core: Core) -> None:
    costs = load_exception_costs(core)
    assert costs.entry >= 12
    assert costs.tail_chain < costs.entry
    assert (costs.float_stacking > 0) == (core is not Core.CORTEX_M0PLUS)


def test_a_core_without_figures_is_named() -> None:
    with pytest.raises(ConfigError, match=r"cortex-m99\.yaml"):
        load_exception_costs("cortex-m99")
