"""Firmware made with ST's unmodified HAL boots on the virtual boards, keeps time, and talks in every way it can."""

from __future__ import annotations

from itertools import pairwise

import pytest

from harness.board.board_file import load_board
from harness.board.virtual.machine import Pause
from harness.board.virtual.resets import ResetCause
from tests.board.board_firmware import Bench, fields
from tests.board.hal.hal_firmware import PARTS, hal_firmware

each_part = pytest.mark.parametrize("board", PARTS)
CLOCKS = {"nucleo_l4r5zi": 120_000_000, "nucleo_f746zg": 216_000_000, "nucleo_h743zi": 400_000_000}
RESET_CLOCKS = {"nucleo_l4r5zi": 4_000_000, "nucleo_f746zg": 16_000_000, "nucleo_h743zi": 64_000_000}
BAUD = 115_200


def boot(board: str, *defines: str, slice_cycles: int = 2_000_000) -> tuple[Bench, dict[str, int]]:
    """A machine with the HAL firmware that waits for its first command, and what it said."""
    bench = Bench.boot_spec(load_board(board), hal_firmware(board, *defines), slice_cycles)
    return bench, fields(bench.ask(b""))


def ask(bench: Bench, command: bytes) -> bytes:
    """The whole answer to a command, though the firmware sleeps on its way."""
    answer = bench.ask(command)
    for _ in range(10):
        bench.machine.allow_idle(0.01)
        answer += bench.ask(b"")
    return answer


@each_part
def test_it_boots_at_full_speed_and_knows_it(board: str) -> None:
    bench, said = boot(board)
    assert said["clock"] == CLOCKS[board] == bench.machine.clock_hz
    assert bench.machine.seconds < 0.01


@each_part
def test_it_prints_at_the_baud_rate_it_has_set(board: str) -> None:
    bench, _ = boot(board)
    frames = list(bench.machine.line.record)
    assert len(frames) == len("clock 01234567\nreset 01234567\n")
    for frame in frames:
        assert (frame.end - frame.start) / CLOCKS[board] == pytest.approx(10 / BAUD, rel=0.001)
    # HAL_UART_Transmit keeps the line busy: the next byte is written while one is sent.
    for one, other in pairwise(frames[:15]):
        assert one.end == other.start


@each_part
def test_the_led_blinks_at_its_rate_in_virtual_seconds(board: str) -> None:
    bench, _ = boot(board)
    before = len(bench.machine.chip.pins.edges)
    assert fields(ask(bench, b"b\x06"))["ticks"] == 6 * 6
    edges = list(bench.machine.chip.pins.edges)[before:]
    assert [edge.level for edge in edges] == [True, False] * 3
    # HAL_Delay(5) waits for six ticks, so as not to be shorter than asked.
    # The first may begin anywhere in a tick.
    assert [b.seconds - a.seconds for a, b in pairwise(edges[1:])] == pytest.approx([0.006] * 4, rel=0.001)


@each_part
def test_left_on_its_reset_clock_it_runs_that_slowly_and_still_keeps_time(board: str) -> None:
    bench, said = boot(board, "STAY_ON_RESET_CLOCK", "CONSOLE_BAUD=9600")
    assert said["clock"] == RESET_CLOCKS[board] == bench.machine.clock_hz
    ask(bench, b"b\x04")
    edges = list(bench.machine.chip.pins.edges)[-3:]
    assert [b.seconds - a.seconds for a, b in pairwise(edges)] == pytest.approx([0.006] * 2, rel=0.01)


@each_part
def test_it_echoes_by_polling_by_interrupt_and_by_dma(board: str) -> None:
    bench, _ = boot(board)
    assert ask(bench, b"p\x0bhello world") == b"hello world"
    assert ask(bench, b"i\x05abcde") == b"abcdeerrors 00000000\n"
    text = b"sixteen letters!"
    assert ask(bench, b"d\x10" + text) == text + b"halves 00000001\nerrors 00000000\n"


@each_part
def test_a_ring_filled_by_dma_is_read_whenever_the_line_falls_silent(board: str) -> None:
    bench, _ = boot(board)
    answer = ask(bench, b"s\x28" + b"one message")
    assert answer == b"one message"
    assert ask(bench, b"and another, around the ring.") == b"and another, around the ring.\n"


@each_part
def test_a_timer_counts_real_time_by_interrupt_and_by_polling(board: str) -> None:
    bench, _ = boot(board)
    said = fields(ask(bench, b"t\x14"))
    assert said["updates"] == pytest.approx(10 * 20, abs=11)
    assert said["pulse"] / CLOCKS[board] == pytest.approx(100e-6, rel=0.01)
    assert said["stopped"] == 1


@each_part
def test_random_numbers_are_the_same_on_every_run(board: str) -> None:
    one, other = (ask(boot(board)[0], b"r").splitlines() for _ in range(2))
    assert one == other
    assert len(set(one)) == 3


@each_part
def test_crc_and_memory_copies(board: str) -> None:
    bench, _ = boot(board)
    # The check values of CRC-32 and CRC-16/IBM-3740 in the catalogue of parametrised CRC algorithms.
    assert fields(ask(bench, b"c")) == {"crc32": 0xCBF4_3926, "crc16": 0x29B1}
    assert fields(ask(bench, b"m")) == {"copied": 1}


@each_part
def test_the_part_knows_itself(board: str) -> None:
    bench, _ = boot(board)
    said = fields(ask(bench, b"u"))
    spec = load_board(board)
    assert said["flash"] == spec.target.flash.size >> 10
    assert said["device"] == int(spec.simulation["idcode"]) & 0xFFF
    assert said["sysclk"] == CLOCKS[board]
    assert said["id0"] != 0


@each_part
@pytest.mark.parametrize(
    ("command", "cause", "flag"),
    [
        (b"w", ResetCause.INDEPENDENT_WATCHDOG, 1 << 29),
        (b"W", ResetCause.WINDOW_WATCHDOG, 1 << 30),
        (b"R", ResetCause.SOFTWARE, 1 << 28),
    ],
)
def test_watchdogs_and_software_reset_the_chip_and_it_knows_why(
    board: str, command: bytes, cause: ResetCause, flag: int
) -> None:
    bench, said = boot(board)
    before = bench.machine.seconds
    assert said["reset"] & 1 << 27
    again = fields(ask(bench, command))
    assert again["reset"] & 0xFB00_0000 == flag
    assert bench.machine.chip.resets.record[-1].cause is cause
    if cause is ResetCause.INDEPENDENT_WATCHDOG:
        # 80 counts of LSI / 4 at 32 kHz.
        assert bench.machine.chip.resets.record[-1].cycle / CLOCKS[board] - before == pytest.approx(0.010, rel=0.2)


@each_part
def test_a_watchdog_that_is_fed_does_not_bite(board: str) -> None:
    bench, _ = boot(board)
    bench.machine.line.feed(b"k\x05")
    answer = b""
    while b"kept" not in answer:
        bench.machine.run(1_000_000)
        answer += bench.machine.line.sent()
    assert len(bench.machine.chip.resets.record) == 2


@each_part
def test_bytes_that_are_not_taken_in_time_are_lost(board: str) -> None:
    bench, _ = boot(board)
    # The firmware sleeps for 4 ms while three bytes arrive in less than 0.3 ms: the first is kept, the others are not.
    assert fields(ask(bench, b"e\x04abc")) == {"late": ord("a"), "overrun": 1}


def test_what_it_does_does_not_depend_on_slices() -> None:
    runs = []
    for slice_cycles in (1999, 2_000_000):
        bench, said = boot("nucleo_l4r5zi", slice_cycles=slice_cycles)
        answers = []
        for command in (b"d\x10sixteen letters!", b"i\x04four", b"t\x03", b"b\x02"):
            bench.machine.line.feed(command)
            while bench.machine.run(slice_cycles) is Pause.SLICE_DONE:
                pass
            answers.append((bench.machine.line.sent(), bench.machine.line.record[-1].end))
        runs.append((said, answers, [edge.cycle for edge in bench.machine.chip.pins.edges]))
    assert runs[0] == runs[1]
    assert all(answer.endswith(b"\n") for answer, _ in runs[0][1])
