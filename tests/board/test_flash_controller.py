"""The flash controllers: nothing changes flash but the sequence that silicon asks for."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from harness.board.board_file import load_board
from harness.board.virtual.machine import Machine

KEYS = (0x4567_0123, 0xCDEF_89AB)
PG, LOCK, START = 1 << 0, 1 << 31, 1 << 16
SOMEWHERE = 0x0808_0000


@dataclass
class Controller:
    """The registers of one board's controller."""

    machine: Machine
    base: int
    key: int
    status: int
    control: int
    sequence_error: int

    @classmethod
    def of(cls, board: str) -> Controller:
        machine = Machine(load_board(board))
        if board == "nucleo_l4r5zi":
            return cls(machine, 0x4002_2000, 0x08, 0x10, 0x14, 1 << 7)
        return cls(machine, 0x4002_3C00, 0x04, 0x0C, 0x10, 1 << 7)

    def unlock(self) -> None:
        for key in KEYS:
            self.write(self.key, key)

    def write(self, offset: int, value: int) -> None:
        self.machine.chip.bus.write(self.base + offset, value.to_bytes(4, "little"))

    def read(self, offset: int) -> int:
        return int.from_bytes(self.machine.chip.bus.read(self.base + offset, 4), "little")

    def store(self, address: int, data: bytes) -> None:
        self.machine.chip.bus.write(address, data)

    def flash(self, address: int, size: int = 4) -> bytes:
        return self.machine.chip.bus.read(address, size)


@pytest.fixture(params=["nucleo_l4r5zi", "nucleo_f746zg"])
def controller(request: pytest.FixtureRequest) -> Controller:
    return Controller.of(request.param)


def test_a_store_without_programming_enabled_is_dropped_and_flagged(controller: Controller) -> None:
    controller.store(SOMEWHERE, b"\0\0\0\0")
    assert controller.flash(SOMEWHERE) == b"\xff" * 4
    assert controller.read(controller.status) & controller.sequence_error
    controller.write(controller.status, controller.sequence_error)
    assert controller.read(controller.status) == 0


@pytest.mark.parametrize("keys", [(), KEYS[:1], KEYS[1:], KEYS[::-1], (KEYS[0], 0, KEYS[1])])
def test_other_keys_than_both_in_order_leave_it_locked(controller: Controller, keys: tuple[int, ...]) -> None:
    for key in keys:
        controller.write(controller.key, key)
    controller.write(controller.control, PG)
    assert controller.read(controller.control) == LOCK


def test_after_a_wrong_key_only_a_reset_lets_it_be_unlocked(controller: Controller) -> None:
    controller.write(controller.key, 0)
    controller.unlock()
    assert controller.read(controller.control) == LOCK
    controller.machine.reset()
    controller.unlock()
    controller.write(controller.control, PG)
    assert controller.read(controller.control) == PG


def test_programming_and_erasing_a_sector(controller: Controller) -> None:
    controller.unlock()
    controller.write(controller.control, PG)
    controller.store(SOMEWHERE, b"abcdefgh")
    assert controller.flash(SOMEWHERE, 8) == b"abcdefgh"
    # Page 128 of 4 KiB on the one, sector 6 of 256 KiB on the other.
    number = 128 if controller.key == 0x08 else 6
    controller.write(controller.control, 1 << 1 | number << 3 | START)
    assert controller.flash(SOMEWHERE, 8) == b"\xff" * 8


def test_programming_never_sets_a_bit(controller: Controller) -> None:
    controller.unlock()
    controller.write(controller.control, PG)
    controller.store(SOMEWHERE, b"\x0f\x0f\x0f\x0f")
    controller.store(SOMEWHERE, b"\xff\xf0\x3c\x0f")
    after = controller.flash(SOMEWHERE)
    assert all(byte & ~0x0F == 0 for byte in after)


def test_a_mass_erase_clears_everything(controller: Controller) -> None:
    controller.unlock()
    controller.write(controller.control, PG)
    controller.store(0x0800_0000, b"abcd")
    controller.store(SOMEWHERE, b"abcd")
    controller.write(controller.control, 1 << 2 | START)
    assert controller.flash(0x0800_0000) == controller.flash(SOMEWHERE) == b"\xff" * 4


def test_a_sector_that_does_not_exist_is_an_error() -> None:
    controller = Controller.of("nucleo_f746zg")
    controller.unlock()
    controller.write(controller.control, 1 << 1 | 20 << 3 | START)
    assert controller.read(controller.status) & controller.sequence_error
