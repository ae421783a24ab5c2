"""An inference of this repository's `tvm` backend on a virtual board: its time, and what the core waited for."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.bench.device import Device
from harness.board.board_file import load_board
from harness.board.spec import BoardSpec
from harness.board.virtual.image import load_image, read_image
from harness.board.virtual.machine import Machine
from harness.board.virtual.machine_console import MachineConsole
from harness.board.virtual.observer import Observer
from harness.board.virtual.recorder import Sight
from harness.deploy.backends import find_backend
from harness.deploy.build import build_firmware
from harness.model.samples import random_inputs, to_rows
from harness.optimize.convert import variant_of_file


@dataclass(frozen=True)
class Simulated:
    """One inference, with warm caches.

    Attributes:
        cycles: as the firmware's counter has it; `stalled` of them the core waited for memory.
    """

    spec: BoardSpec
    cycles: int
    stalled: int

    @property
    def seconds(self) -> float:
        """Of an inference."""
        return self.cycles / self.spec.target.clock_hz

    def power_w(self, supply_v: float | None = None, waiting: float | None = None) -> float:
        """Mean power of an inference.

        Args:
            supply_v: None: at which the board's figures hold.
            waiting: share of cycles in which the core waits for memory; None: as in our own.
        """
        power, hz = self.spec.power, self.spec.target.clock_hz
        volts = supply_v or power.voltage_v
        share = self.stalled / self.cycles if waiting is None else waiting
        return volts * power.scale(volts) * power.run_a(hz, share)


@cache
def simulate(board: str, model: Path, backend: str = "tvm") -> Simulated:
    """The second inference of a `.tflite` file: the first has warmed the caches."""
    return simulate_on(load_board(board), model, backend)


def simulate_on(spec: BoardSpec, model: Path, backend: str = "tvm") -> Simulated:
    """The same on a board that may be changed."""
    print(f"simulating {model.stem}, {backend}, on {spec.name}", file=sys.stderr, flush=True)
    variant = variant_of_file(model)
    firmware = build_firmware(variant, spec.target, find_backend(backend))
    machine = Machine(spec)
    load_image(machine, read_image(firmware.elf, spec), spec)
    machine.reset()
    device = Device(MachineConsole(machine), firmware)
    device.connect()
    machine.chip.engine.clock.state.timed = 1
    (row,) = to_rows(variant.model.inputs, random_inputs(variant.model, 1, 0))
    device.infer(row.tobytes())
    sights: list[Sight] = []
    observer = Observer(spec, machine)
    observer.on_change = lambda: sights.append(observer.look())
    cycles = device.infer(row.tobytes()).cycles
    rise, fall = (next(one for one in sights if one.trigger), [one for one in sights if not one.trigger][-1])
    return Simulated(spec, cycles, fall.stalled - rise.stalled)
