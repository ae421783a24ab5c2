"""The search for the first layer whose output the board computes otherwise than the host.

For a layer in question the model is cut behind it, built anew, and run on the same samples; the search halves the
layers in question each time, so that a model of thirty layers takes five builds. What is found is a layer whose own
output differs while that of an earlier one, down to which everything could be looked at, does not. A backend may fuse
a cut model in another way than the whole one: where the difference is gone with the cut, no layer is named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.bench.agreement import compare, decode, output_steps
from harness.bench.device import Device
from harness.bench.divergence import Divergence, Statistics
from harness.board.dut import Dut
from harness.deploy.firmware import Firmware
from harness.errors import BuildError, DoesNotFitError, UnsupportedModelError
from harness.model.model import Model, Tensor
from harness.model.reference import run_own_reference, run_reference
from harness.model.samples import from_rows, to_bytes
from harness.model.truncate import truncate
from harness.progress import status

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_SAMPLES = 4
"""Looked at in each layer; the sample that differs most is among them."""


@dataclass(frozen=True)
class Bisection:
    """What the search for the first divergence needs.

    Attributes:
        build: makes firmware of a part of the model as the whole one was built.
        inputs: the samples to look at, as the model's stored input bytes.
        inference_timeout: seconds.
    """

    dut: Dut
    model: Model
    build: Callable[[Model], Firmware]
    inputs: Sequence[bytes]
    inference_timeout: float

    def first_divergence(self) -> Divergence | None:
        """The first layer that differs; None where every part that can be built agrees.

        Raises:
            InfrastructureError: board, probe or console failed.
            FirmwareError: a part's firmware hung or took a fault.
        """
        found = self._looked_at(len(self.model.layers))
        if found is None or not found.largest:
            return None
        agrees, unknown = 0, list(range(1, len(self.model.layers)))
        while unknown:
            count = unknown[len(unknown) // 2]
            part = self._looked_at(count)
            if part is None:
                unknown.remove(count)
            elif part.largest:
                found, unknown = part, [one for one in unknown if one < count]
            else:
                agrees, unknown = count, [one for one in unknown if one > count]
        return replace(found, agrees=self.model.layers[agrees - 1].name if agrees else "")

    def _looked_at(self, layers: int) -> Divergence | None:
        """How the first layers compare, with `largest` 0 where they agree; None where they can't be built alone."""
        part = truncate(self.model, layers)
        layer = self.model.layers[layers - 1]
        with status(f"{self.dut.name}: comparing layer {layer.name}"):
            try:
                firmware = self.build(part)
            except (UnsupportedModelError, BuildError, DoesNotFitError):
                return None
            board = self._run(firmware)
        samples = from_rows(part.inputs, _rows(self.inputs))
        answers = run_own_reference(part, samples, firmware.interpreter)
        answers = run_reference(part, samples) if answers is None else answers
        return _compared(board, to_bytes(part.outputs, answers), part, layer.name, layer.op)

    def _run(self, firmware: Firmware) -> list[bytes]:
        self.dut.probe.flash(firmware.elf)
        device = Device(self.dut.console, firmware, self.inference_timeout)
        self.dut.probe.reset()
        device.connect()
        return [device.infer(data).output for data in self.inputs]


def most_different(board: Sequence[bytes], host: Sequence[bytes], tensors: Sequence[Tensor]) -> list[int]:
    """Indices of the samples to look at: those that differ most, the worst first."""
    import numpy as np

    worst = np.zeros(len(board))
    for tensor, offset in _placed(tensors):
        difference = np.nan_to_num(np.abs(decode(board, tensor, offset) - decode(host, tensor, offset)), nan=np.inf)
        worst = np.maximum(worst, difference.max(axis=1))
    order: list[int] = np.argsort(-worst, kind="stable").tolist()
    return order[:MOST_SAMPLES]


def _compared(board: Sequence[bytes], host: Sequence[bytes], part: Model, layer: str, op: str) -> Divergence:
    import numpy as np

    places = list(_placed(part.outputs))
    ours, theirs = (np.concatenate([decode(one, t, o) for t, o in places], axis=1) for one in (board, host))
    agreement = compare(board, host, part.outputs, output_steps(part))
    difference = np.nan_to_num(np.abs(ours - theirs), nan=np.inf)
    return Divergence(
        layer=layer,
        op=op,
        agrees="",
        elements=ours.shape[1],
        differing=int((difference > 0).any(axis=0).sum()),
        largest=agreement.largest if agreement.disagreement else 0.0,
        board=Statistics.of(ours),
        host=Statistics.of(theirs),
    )


def _placed(tensors: Sequence[Tensor]) -> list[tuple[Tensor, int]]:
    """Each tensor with its offset in an output."""
    placed, offset = [], 0
    for tensor in tensors:
        placed.append((tensor, offset))
        offset += tensor.nbytes
    return placed


def _rows(samples: Sequence[bytes]) -> NDArray[np.uint8]:
    import numpy as np

    return np.stack([np.frombuffer(sample, np.uint8) for sample in samples])
