"""Small unrolled recurrent networks, as Keras converts them: all steps share their weights, the first has no state."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from harness.model.model import Model
from tests.deploy.tiny_model import TinyModel

_CURVES = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}


@dataclass
class Unrolled:
    """A file that grows by the operators of cells.

    Attributes:
        dtype: int8 or float32.
        units: of the state, and of what comes in at each step.
    """

    dtype: str
    units: int
    tiny: TinyModel = field(default_factory=TinyModel)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def tensor(self, *shape: int, scale: float = 0.02, zero_point: int = 0, data: object = None) -> int:
        """An activation, or a constant."""
        values = None if data is None else np.asarray(data)
        return self.tiny.tensor(shape, self.dtype, scale if self.dtype == "int8" else None, zero_point, values)

    def weights(self, gates: int) -> tuple[int, int]:
        """Weights and biases of a FULLY_CONNECTED."""
        features = gates * self.units
        values, bias = self.rng.integers(-127, 128, (features, self.units)), self.rng.integers(-99, 100, features)
        if self.dtype == "int8":
            return (
                self.tensor(features, self.units, scale=0.004, data=values),
                self.tiny.tensor((features,), "int32", 0.02 * 0.004, data=bias * 20),
            )
        return self.tensor(features, self.units, data=values * 0.004), self.tensor(features, data=bias * 0.002)

    def dense(self, x: int, weights: tuple[int, int], gates: int) -> int:
        y = self.tensor(1, gates * self.units, zero_point=-3)
        return self.tiny.operator("FULLY_CONNECTED", [x, *weights], y, "FullyConnectedOptions")

    def pair(self, op: str, left: int, right: int, scale: float = 0.02) -> int:
        shape = self.tiny.tensors[left].shape
        y = self.tensor(*shape, scale=scale, zero_point=5)
        return self.tiny.operator(op, [left, right], y, f"{op.title()}Options", version=2)

    def curve(self, op: str, x: int) -> int:
        scale, zero_point = _CURVES[op]
        y = self.tensor(1, self.units, scale=scale, zero_point=zero_point)
        return self.tiny.operator(op, [x], y, version=2)

    def parts(self, x: int, count: int, zero_point: int) -> list[int]:
        axis = self.tiny.tensor((), "int32", data=np.array(1))
        outputs = [self.tensor(1, self.units, zero_point=zero_point) for _ in range(count)]
        return self.tiny.operator_of_many("SPLIT", [axis, x], outputs, "SplitOptions", 2, numSplits=count)

    def part(self, x: int, number: int, zero_point: int) -> int:
        limits = [[0, number * self.units], [1, (number + 1) * self.units], [1, 1]]
        inputs = [x, *(self.tiny.tensor((2,), "int32", data=np.array(limit)) for limit in limits)]
        y = self.tensor(1, self.units, zero_point=zero_point)
        return self.tiny.operator("STRIDED_SLICE", inputs, y, "StridedSliceOptions", version=2, beginMask=1, endMask=1)

    def network(self, cell: str, steps: int, path: Path) -> Model:
        """(1, steps, units) in and out."""
        x = self.tensor(1, steps, self.units, zero_point=-3)
        values = [self.tensor(1, self.units, zero_point=-3) for _ in range(steps)]
        self.tiny.operator_of_many("UNPACK", [x], values, "UnpackOptions", 2, num=steps, axis=1)
        states = self._lstm(values) if cell == "LSTM" else self._gru(values)
        y = self.tensor(1, steps, self.units, zero_point=5)
        self.tiny.operator("PACK", states, y, "PackOptions", version=2, valuesCount=steps, axis=1)
        return self.tiny.write(path, [x], [y])

    def _lstm(self, values: list[int]) -> list[int]:
        for_input, for_state = self.weights(4), self.weights(4)
        states: list[int] = []
        carry: int | None = None
        for value in values:
            gates, zero_point = self.dense(value, for_input, 4), -3
            if states:
                gates, zero_point = self.pair("ADD", gates, self.dense(states[-1], for_state, 4)), 5
            entry, forget, new, out = self.parts(gates, 4, zero_point)
            added = self.pair("MUL", self.curve("LOGISTIC", entry), self.curve("TANH", new))
            kept = None if carry is None else self.pair("MUL", self.curve("LOGISTIC", forget), carry)
            carry = added if kept is None else self.pair("ADD", kept, added)
            states.append(self.pair("MUL", self.curve("LOGISTIC", out), self.curve("TANH", carry)))
        return states

    def _gru(self, values: list[int]) -> list[int]:
        for_input, for_state = self.weights(3), self.weights(3)
        ones = np.full(self.units, 127 if self.dtype == "int8" else 1.0)
        one = self.tensor(1, self.units, scale=1 / 127, data=ones)
        state = self.pair("SUB", values[0], values[0])
        states: list[int] = []
        for value in values:
            from_input = self.parts(self.dense(value, for_input, 3), 3, -3)
            recurrent = self.dense(state, for_state, 3)
            from_state = [self.part(recurrent, number, -3) for number in range(3)]
            update, reset = (self.curve("LOGISTIC", self.pair("ADD", from_input[n], from_state[n])) for n in range(2))
            new = self.curve("TANH", self.pair("ADD", from_input[2], self.pair("MUL", reset, from_state[2])))
            rest = self.pair("SUB", one, update, scale=1 / 127)
            state = self.pair("ADD", self.pair("MUL", update, state), self.pair("MUL", rest, new))
            states.append(state)
        return states
