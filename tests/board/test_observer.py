"""What a machine's current depends on, as firmware changes it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.board.board_file import load_board
from harness.board.power import CoreState, Power
from harness.board.spec import BoardSpec, Pin
from harness.board.timing_mode import TimingMode
from harness.board.trace import EnergyTrace
from harness.board.virtual.current_input import CurrentInput
from harness.board.virtual.observer import Observer, record_machine
from harness.board.virtual.recorder import Sight
from harness.board.virtual.timing_switch import TimingSwitch
from harness.errors import ConfigError
from tests.board.board_firmware import Bench, both_boards, fields, test_firmware

SCR, SLEEPDEEP = 0xE000_ED10, b"\x04\0\0\0"
RCC_APB1ENR1, LPTIM1_ENABLED = 0x4002_1058, b"\0\0\0\x80"
TRIGGER = {"nucleo_l4r5zi": Pin("GPIOC", 7), "nucleo_f746zg": Pin("GPIOB", 0)}


def recorded(spec: BoardSpec, command: bytes, *, deep: bool = False) -> tuple[Bench, EnergyTrace, dict[str, int]]:
    """What an analyzer sees while the test firmware carries out a command, timed, and what the firmware says."""
    bench = Bench.boot_spec(spec, test_firmware(spec.name))
    bench.ask(b"")
    TimingSwitch(bench.machine.chip, TimingMode.TIMED)
    bench.ask(command)
    if deep:
        bench.machine.chip.bus.write(SCR, SLEEPDEEP)
    recorder = record_machine(spec, bench.machine, CurrentInput(1e6))
    recorder.start()
    answer = fields(bench.ask(command))
    return bench, recorder.stop(), answer


@both_boards
def test_the_energy_of_code_follows_from_its_stalls(board: str) -> None:
    spec = load_board(board)
    bench = Bench.boot(board)
    bench.ask(b"")
    TimingSwitch(bench.machine.chip, TimingMode.TIMED)
    observer, marks = Observer(spec, bench.machine), list[Sight]()
    recorder = record_machine(spec, bench.machine, CurrentInput())

    def note(_trigger: bool, _asleep: bool) -> None:
        recorder.note()
        marks.append(observer.look())

    bench.machine.on_state = note
    recorder.start()
    bench.ask(b"m\x20")
    (energy,) = recorder.stop().window_energies_j()
    first, last = marks
    cycles, stalled = last.cycle - first.cycle, last.stalled - first.stalled
    assert 0 < stalled < cycles
    power, clock = spec.power, spec.target.clock_hz
    assert energy == pytest.approx(power.voltage_v * power.run_a(clock, stalled / cycles) * cycles / clock, rel=1e-9)


@both_boards
@pytest.mark.parametrize("deep", [False, True])
def test_sleep_and_stop_have_currents_of_their_own(board: str, deep: bool) -> None:
    spec = load_board(board)
    _, trace, answer = recorded(spec, b"z\x0a", deep=deep)
    (energy,) = trace.window_energies_j()
    state = CoreState.STOP if deep else CoreState.SLEEP
    seconds = answer["slept"] / spec.target.clock_hz
    asleep = spec.power.voltage_v * spec.power.state_a(state, spec.target.clock_hz) * seconds
    # A few hundred cycles run between two ticks of 120,000.
    assert asleep < energy < asleep + 0.01 * spec.power.voltage_v * spec.power.run_a(spec.target.clock_hz) * seconds


@both_boards
def test_a_channel_follows_its_pin(board: str) -> None:
    spec = replace(load_board(board), channels={"copy": TRIGGER[board], "other": Pin("GPIOA", 3)})
    _, trace, _ = recorded(spec, b"m\x05")
    assert trace.trigger.any()
    assert (trace.channels["copy"] == trace.trigger).all()
    assert not trace.channels["other"].any()


def test_the_clock_that_firmware_sets_up_decides() -> None:
    spec = load_board("nucleo_l4r5zi")
    bench = Bench.boot("nucleo_l4r5zi")
    observer = Observer(spec, bench.machine)
    seen = [observer.look().clock_hz]
    observer.on_change = lambda: seen.append(observer.look().clock_hz)
    bench.ask(b"")
    assert (seen[0], seen[-1]) == (4_000_000, 120_000_000)


def with_peripheral(power: Power, name: str) -> Power:
    return replace(power, peripherals_a_per_hz={name: 1e-12})


def test_a_peripheral_adds_its_current_while_it_is_clocked() -> None:
    spec = load_board("nucleo_l4r5zi")
    spec = replace(spec, power=with_peripheral(spec.power, "LPTIM1"))
    bench = Bench.boot_spec(spec, test_firmware(spec.name))
    observer = Observer(spec, bench.machine)
    bench.ask(b"")
    assert observer.look().added_a == 0
    bench.machine.chip.bus.write(RCC_APB1ENR1, LPTIM1_ENABLED)
    assert observer.look().added_a == pytest.approx(1e-12 * 120e6)


def test_what_the_family_does_not_have_is_named() -> None:
    spec = load_board("nucleo_l4r5zi")
    machine = Bench.boot("nucleo_l4r5zi").machine
    with pytest.raises(ConfigError, match=r"channels\.led.*GPIOZ.*GPIOA"):
        Observer(replace(spec, channels={"led": Pin("GPIOZ", 1)}), machine)
    with pytest.raises(ConfigError, match=r"power\.peripherals\.WARP"):
        Observer(replace(spec, power=with_peripheral(spec.power, "WARP")), machine)
