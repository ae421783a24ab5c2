"""Exceptions that come at moments which no firmware can choose: late arrivals, and those that overtake a return."""

from __future__ import annotations

import pytest

from harness.board.virtual.exceptions import ExceptionModel
from harness.board.virtual.machine import Machine
from harness.deploy.target import Core
from tests.board.core.core_program import boot

FIRST, SECOND = 16, 17


@pytest.fixture(params=Core)
def machine(request: pytest.FixtureRequest) -> Machine:
    machine = boot(request.param, "one_exception")
    model = machine.chip.exceptions
    model.enabled |= {FIRST, SECOND}
    model.priorities |= {FIRST: 0x40, SECOND: 0x80}
    return machine


def _state(machine: Machine) -> tuple[int, int]:
    return machine.chip.engine.state.registers[13], machine.cycles


def _leave(model: ExceptionModel, machine: Machine) -> int:
    return model.leave(machine.chip.engine.state.registers[14])


def test_a_late_arrival_takes_the_frame_that_was_pushed_for_another(machine: Machine) -> None:
    model, start = machine.chip.exceptions, machine.chip.debug.pc
    stack, begun = _state(machine)
    model.pending = {SECOND}
    model.dispatch(start)
    pushed, entered = _state(machine)
    model.pending.add(FIRST)
    model.dispatch(machine.chip.debug.pc)
    assert model.active == [FIRST]
    assert model.pending == {SECOND}
    assert _state(machine) == (pushed, entered)
    assert entered - begun == model.costs.entry
    _leave(model, machine)
    assert model.active == [SECOND]
    assert _state(machine) == (pushed, entered + model.costs.tail_chain)
    assert _leave(model, machine) == start
    assert model.active == []
    assert _state(machine)[0] == stack


def test_an_exception_that_overtakes_a_return_pushes_nothing_anew(machine: Machine) -> None:
    model, start = machine.chip.exceptions, machine.chip.debug.pc
    model.pending = {FIRST}
    model.dispatch(start)
    pushed, _ = _state(machine)
    assert _leave(model, machine) == start
    _, returned = _state(machine)
    model.pending.add(SECOND)
    model.dispatch(start)
    assert _state(machine) == (pushed, returned + model.costs.tail_chain)


def test_once_something_has_run_an_exception_is_nested(machine: Machine) -> None:
    model = machine.chip.exceptions
    model.pending = {SECOND}
    pc = model.dispatch(machine.chip.debug.pc)
    pushed, _ = _state(machine)
    machine.chip.engine.run(pc, machine.cycles + 1)
    model.pending.add(FIRST)
    model.dispatch(pc)
    assert model.active == [SECOND, FIRST]
    assert _state(machine)[0] < pushed
