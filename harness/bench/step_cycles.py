"""The cycles of each step of one inference, and nothing else: what tuning asks for again and again."""

from __future__ import annotations

from harness.bench.device import Device
from harness.board.dut import Dut
from harness.deploy.firmware import Firmware
from harness.errors import ConfigError


def step_cycles(dut: Dut, firmware: Firmware) -> tuple[int, ...]:
    """Flash the firmware, warm it up, and time one inference step by step; all inputs are zero bytes.

    Raises:
        InfrastructureError: board, probe or console failed.
        FirmwareError: the firmware hung or took a fault.
        ConfigError: the rack keeps the board functional, so that its cycles mean nothing.
    """
    dut.probe.flash(firmware.elf)
    device = Device(dut.console, firmware)
    dut.probe.reset()
    device.connect()
    sample = bytes(sum(tensor.nbytes for tensor in firmware.inputs))
    with dut.timed() as counts:
        if not counts:
            raise ConfigError(f"{dut.name} is kept functional and counts no cycles; take --timing auto")
        device.infer(sample)
        return device.profile(sample)
