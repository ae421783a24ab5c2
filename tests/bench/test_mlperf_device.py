"""The host's side of EEMBC's protocol against firmware on a virtual board, over lines of every kind."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.bench.mlperf import conversation as conversation_module
from harness.bench.mlperf import device as device_module
from harness.bench.mlperf.device import Identity, MlperfDevice
from harness.board.dut import Dut
from harness.board.interfaces import Console
from harness.errors import ConsoleError, FirmwareError, FirmwareHangError
from tests.deploy.identity_backend import IdentityBackend, expected_output
from tests.firmware import bench_board
from tests.firmware.eembc_board import start, virtual_board

IDENTITY = Identity("tinyml-harness", "ULPMark for tinyML Firmware V0.0.1", "identity")
SAMPLE = bytes([1, 2, 250, 4, 5, 6, 7, 8])


def expected_results(sample: bytes, first: int = 3) -> tuple[float, ...]:
    """What the identity firmware says of a sample: its first output as real numbers."""
    sums = expected_output(sample, first)[: len(sample) - first]
    return tuple(float(value - 256 * (value > 127)) for value in sums)


@pytest.fixture(scope="module")
def dut() -> Iterator[Dut]:
    with virtual_board() as board:
        yield board


@pytest.fixture(scope="module")
def other_dut() -> Iterator[Dut]:
    """A board for those tests that flash firmware of their own."""
    with virtual_board() as board:
        yield board


@pytest.fixture(scope="module")
def device(dut: Dut) -> MlperfDevice:
    start(dut, IdentityBackend())
    device = MlperfDevice(dut.console)
    assert device.connect() == IDENTITY
    return device


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was lost is asked for again soon: a virtual board is never as slow as the boards that are waited for."""
    monkeypatch.setattr(device_module, "_PROMPT_S", 0.3)
    monkeypatch.setattr(conversation_module, "_QUIET_S", 0.03)


class Line:
    """A console with something on the way; a good line as it stands."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, data: bytes) -> None:
        self._console.write(data)

    def read(self, size: int, timeout: float) -> bytes:
        return self._console.read(size, timeout)

    def discard_input(self) -> None:
        self._console.discard_input()

    def close(self) -> None:
        self._console.close()


class Echo(Line):
    """Firmware that shows what it is sent, and says more than it has to."""

    _shown = b"\x00\xff*** Booting Zephyr OS build v3.5 ***\r\nm-read"

    def write(self, data: bytes) -> None:
        self._shown += data
        super().write(data)

    def read(self, size: int, timeout: float) -> bytes:
        shown, self._shown = self._shown[:size], self._shown[size:]
        return shown or super().read(size, timeout)


class StillBooting:
    """Firmware whose interrupt takes in commands from the start, and whose loop answers them later, one by one."""

    def __init__(self, answers_from: float, seconds_each: float) -> None:
        self._next = time.monotonic() + answers_from
        self._seconds_each = seconds_each
        self._sent = ""
        self._replies = ["m-init-done\r\nm-ready\r\n"]

    def write(self, data: bytes) -> None:
        *commands, self._sent = (self._sent + data.decode()).split("%")
        texts = {"name": "m-name-dut-[late]", "profile": "m-profile-[slow]\r\nm-model-[kws01]"}
        self._replies += [f"{texts[command]}\r\nm-ready\r\n" for command in commands]

    def read(self, _size: int, timeout: float) -> bytes:
        time.sleep(max(0.0, min(timeout, self._next - time.monotonic()) if self._replies else timeout))
        if not self._replies or time.monotonic() < self._next:
            return b""
        self._next = time.monotonic() + self._seconds_each
        return self._replies.pop(0).encode()

    def discard_input(self) -> None: ...

    def close(self) -> None: ...


class ShortBuffer(Line):
    """A monitor that holds few characters of a command and drops the rest."""

    def __init__(self, console: Console, characters: int) -> None:
        super().__init__(console)
        self._characters = characters

    def write(self, data: bytes) -> None:
        command, terminator = data[:-1], data[-1:]
        super().write(command[: self._characters] + terminator)


class LosesOneByte(Line):
    """Loses one byte on the way to the board."""

    def __init__(self, console: Console, position: int) -> None:
        super().__init__(console)
        self._left = position

    def write(self, data: bytes) -> None:
        if 0 <= self._left < len(data):
            data, self._left = data[: self._left] + data[self._left + 1 :], -1
        elif self._left >= 0:
            self._left -= len(data)
        super().write(data)


@settings(deadline=None, max_examples=40)
@given(st.binary(min_size=8, max_size=8))
def test_results_are_what_the_code_computes(device: MlperfDevice, sample: bytes) -> None:
    device.load(sample)
    answer = device.infer(1, 0, 10.0)
    assert answer.results == expected_results(sample)
    assert 0 < answer.microseconds < 1000


@pytest.mark.parametrize("size", [1, 30, 31, 32, 63, 500, pytest.param(27_648, marks=pytest.mark.slow)])
def test_samples_of_any_size_travel_in_chunks(other_dut: Dut, size: int) -> None:
    start(other_dut, IdentityBackend(first=size, second=2))
    device = MlperfDevice(other_dut.console, verify=True)
    device.connect()
    sample = bytes(number * 7 % 256 for number in range(size + 2))
    device.load(sample)
    assert device.infer(1, 0, 10.0).results == expected_results(sample, size)


@pytest.mark.parametrize("boots", [True, False])
def test_firmware_that_is_up_already_answers_without_a_reset(device: MlperfDevice, boots: bool) -> None:
    assert device.connect(boots=boots) == IDENTITY


@pytest.mark.usefixtures("device")
def test_echo_boot_text_and_late_replies_are_no_answers(dut: Dut) -> None:
    # Two replies that nobody has read yet, and the beginning of a command.
    dut.console.write(b"results%name%db 12")
    device = MlperfDevice(Echo(dut.console))
    assert device.connect(boots=False) == IDENTITY
    device.load(SAMPLE)
    assert device.infer(2, 1, 10.0).results == expected_results(SAMPLE)


@pytest.mark.usefixtures("impatient")
def test_commands_that_the_firmware_took_in_while_it_booted_confuse_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_module, "_BOOT_S", 0.2)
    device = MlperfDevice(StillBooting(answers_from=0.7, seconds_each=0.1))
    assert device.connect() == Identity("late", "slow", "kws01")
    assert [message.value for message in device._ask("name")] == ["late"]


@pytest.mark.parametrize("characters", [64, 40, 20])
def test_a_monitor_that_holds_less_of_a_command_is_sent_less(other_dut: Dut, characters: int) -> None:
    start(other_dut, IdentityBackend(first=200, second=100))
    device = MlperfDevice(ShortBuffer(other_dut.console, characters))
    device.connect()
    sample = bytes(range(256)) + bytes(44)
    device.load(sample)
    assert device.infer(1, 0, 10.0).results == expected_results(sample, 200)


# "db load 8%", "db" and 16 digits and a terminator, "infer 1 0%".
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("position", [0, 2, 8, 9, 10, 13, 28, 29, 30, 36, 38, 39])
def test_a_byte_that_is_lost_costs_time_but_never_a_right_sample(device: MlperfDevice, dut: Dut, position: int) -> None:
    device.load(bytes(8))
    lossy = MlperfDevice(LosesOneByte(dut.console, position))
    lossy.load(SAMPLE)
    assert lossy.infer(1, 0, 0.3).results == expected_results(SAMPLE)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("noise", ["1:0.002", "2:0.004"])
def test_a_noisy_line_costs_time_but_never_a_right_result(noise: str) -> None:
    with virtual_board(uart_noise=noise) as dut:
        start(dut, IdentityBackend())
        device = MlperfDevice(dut.console, verify=True)
        device.connect()
        for number in range(10):
            sample = bytes([number, *SAMPLE[1:]])
            device.load(sample)
            assert device.infer(1, 0, 0.5).results == expected_results(sample)


def test_a_sample_that_the_firmware_has_no_room_for_is_told_in_its_words(device: MlperfDevice) -> None:
    with pytest.raises(FirmwareError, match=r"9 bytes can't be loaded: .* takes 1 to 8 bytes"):
        device.load(bytes(9))
    device.load(SAMPLE)
    assert device.infer(1, 0, 10.0).results == expected_results(SAMPLE)


def test_firmware_with_the_bench_protocol_is_known_for_what_it_is() -> None:
    with virtual_board() as dut:
        bench_board.load(dut, IdentityBackend())
        with pytest.raises(
            ConsoleError, match=r"speaks the harness's own protocol; build it with `harness mlperf build`"
        ):
            MlperfDevice(dut.console).connect(0.6)


def test_a_line_of_garbage_is_the_lines_fault() -> None:
    with virtual_board(uart_noise="4:1") as dut:
        start(dut, IdentityBackend())
        with pytest.raises(ConsoleError, match="most are no text; check the baud rate"):
            MlperfDevice(dut.console).connect(0.6)


def test_other_firmware_is_shown_by_what_it_says(dut: Dut) -> None:
    class Chatter(Line):
        def write(self, data: bytes) -> None: ...

        def read(self, size: int, timeout: float) -> bytes:  # noqa: ARG002
            return b"Hello, world!\r\n"[:size]

    with pytest.raises(ConsoleError, match=r"beginning 'H+e?.*another firmware\?"):
        MlperfDevice(Chatter(dut.console)).connect(0.2)


def test_a_board_that_is_silent_is_the_firmwares_fault() -> None:
    with virtual_board() as dut:
        firmware = start(dut, IdentityBackend())
        dut.probe.flash(firmware.elf)  # and left halted
        dut.console.discard_input()
        with pytest.raises(FirmwareHangError, match=r"said nothing within 0\.5 s"):
            MlperfDevice(dut.console).connect(0.5)
