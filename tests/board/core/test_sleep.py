"""WFI and WFE: what ends a sleep, and what does not."""

from __future__ import annotations

import pytest

from harness.board.virtual.machine import Machine, Pause
from harness.deploy.target import Core
from tests.board.core.core_program import boot, read_log

_CYCLES = 100_000


class _Sleeper:
    """A machine that runs until it sleeps."""

    def __init__(self, core: Core, scenario: str) -> None:
        self._core = core
        self.machine: Machine = boot(core, scenario)
        self._lines = [self.machine.chip.interrupts.line(number) for number in range(4)]

    def sleep(self) -> list[int]:
        """The log, once it sleeps."""
        assert self.machine.run(_CYCLES) is Pause.SLEEPING
        return read_log(self.machine, self._core)

    def interrupt(self, number: int) -> None:
        """A short pulse, as of a timer."""
        self._lines[number].drive(True)
        self.machine.chip.exceptions.look()
        self._lines[number].drive(False)


@pytest.fixture(params=Core)
def core(request: pytest.FixtureRequest) -> Core:
    found: Core = request.param
    return found


def test_an_event_that_was_sent_before_ends_a_wait_at_once(core: Core) -> None:
    sleeper = _Sleeper(core, "wait_for_events")
    assert sleeper.sleep() == [1]
    assert sleeper.machine.asleep


def test_an_interrupt_that_is_not_enabled_ends_no_wait(core: Core) -> None:
    sleeper = _Sleeper(core, "wait_for_events")
    sleeper.sleep()
    sleeper.interrupt(0)
    assert sleeper.sleep() == [1]


def test_an_interrupt_that_becomes_pending_is_an_event_where_asked_for(core: Core) -> None:
    sleeper = _Sleeper(core, "wait_for_disabled_interrupts")
    assert sleeper.sleep() == [1]
    sleeper.interrupt(0)
    assert sleeper.sleep() == [1, 2]
    sleeper.interrupt(1)
    assert sleeper.sleep() == [1, 2]


def test_a_masked_interrupt_ends_a_sleep_but_is_taken_when_unmasked(core: Core) -> None:
    sleeper = _Sleeper(core, "wait_masked")
    assert sleeper.sleep() == [1]
    sleeper.interrupt(2)
    assert sleeper.sleep() == [1, 2, 0xE000_0012, 0xF000_0012, 3]


def test_sleep_on_exit_runs_handlers_alone(core: Core) -> None:
    sleeper = _Sleeper(core, "sleep_between_handlers")
    assert sleeper.sleep() == [1]
    sleeper.interrupt(0)
    first = [1, 0xE000_0010, 0xF000_0010]
    assert sleeper.sleep() == first
    sleeper.interrupt(1)
    assert sleeper.sleep() == [*first, 0xE000_0011, 0xF000_0011, 2]


def test_time_passes_in_sleep_up_to_the_next_alarm(core: Core) -> None:
    sleeper = _Sleeper(core, "wait_masked")
    sleeper.sleep()
    woken: list[int] = []
    line = sleeper.machine.chip.interrupts.line(0)

    def wake(cycle: int) -> None:
        woken.append(cycle)
        line.drive(True)

    due = sleeper.machine.cycles + 12_345
    sleeper.machine.chip.scheduler.alarm(wake).set(due)
    assert sleeper.machine.run(_CYCLES) in (Pause.SLEEPING, Pause.SLICE_DONE)
    assert woken == [due]
    assert read_log(sleeper.machine, core)[:2] == [1, 2]
