"""Models whose scales are ratios of small integers: half way between two steps a quotient's last bit decides."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.model.model import Model
from tests.deploy.agreement import Deployed, Reference
from tests.deploy.tiny_model import TinyModel


def ratios_of_small_integers(name: str, path: Path) -> Model:
    """The operator 75 times, each with other scales, on inputs of all 256 values."""
    rng, tiny, inputs, outputs = np.random.default_rng(0), TinyModel(), [], []
    one = tiny.tensor((1,), scale=1.0, data=np.array([1]))
    axis = tiny.tensor((1,), "int32", data=np.array([1]))
    for scale in (0.05, 0.9, 0.003):
        for numerator, denominator in rng.integers(1, 40, (25, 2)):
            x = tiny.tensor((1, 1, 256), scale=scale, zero_point=0)
            y = tiny.tensor((1, 1, 256), scale=np.float32(scale) * numerator / denominator, zero_point=-100)
            options = {"LEAKY_RELU": "LeakyReluOptions", "MUL": "MulOptions", "MEAN": "ReducerOptions"}.get(name, "")
            field, value = {"LEAKY_RELU": ("alpha", 1.5), "MEAN": ("keepDims", True)}.get(name, ("", None))
            more = {"MUL": [one], "MEAN": [axis]}.get(name, [])
            tiny.operator(name, [x, *more], y, options, version=2, **({field: value} if field else {}))
            inputs.append(x)
            outputs.append(y)
    return tiny.write(path, inputs, outputs)


def dense_ratios_of_small_integers(path: Path) -> Model:
    """FULLY_CONNECTED 37 times, each with other scales, of one input to eight outputs for all 256 values.

    The ratios of the last twelve are exact, so that products lie half way between two steps.
    """
    rng, tiny, inputs, outputs = np.random.default_rng(0), TinyModel(), [], []
    cases = [
        *((*(float(np.float32(each)) for each in rng.uniform(0.01, 1, 2)), *rng.integers(1, 40, 2)) for _ in range(25)),
        *((float(scale), 1.0, 2.0**exponent, 64 * scale) for scale in (1, 3, 5, 11) for exponent in (3, 6, 8)),
    ]
    for scale, of_weights, numerator, denominator in cases:
        x = tiny.tensor((256, 1), scale=scale, zero_point=0)
        weights = tiny.tensor((8, 1), scale=of_weights, data=rng.integers(1, 127, (8, 1)))
        y = tiny.tensor((256, 8), scale=scale * of_weights * 64 * numerator / denominator, zero_point=-9)
        tiny.operator("FULLY_CONNECTED", [x, weights], y, "FullyConnectedOptions")
        inputs.append(x)
        outputs.append(y)
    return tiny.write(path, inputs, outputs)


def assert_all_values_agree(deployed: Deployed) -> None:
    """Each of the 256 values through each operator gives what the interpreter gives."""
    stored = np.arange(-128, 128, dtype=np.int8)
    everything = tuple(stored.reshape(tensor.shape) for tensor in deployed.model.inputs)
    expected = Reference(deployed.model).run(everything)
    assert all(np.array_equal(*both) for both in zip(deployed.run(everything), expected, strict=True))
