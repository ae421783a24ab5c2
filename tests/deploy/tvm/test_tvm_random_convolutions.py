"""Convolutions of any geometry and quantization are exact, not only those that someone thought of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.deploy.tvm.agreement import deploy, largest_difference
from tests.deploy.tvm.test_tvm_int8_operators import NONE, RELU, RELU6, SAME, VALID, Case, convolution

QUICK, THOROUGH = range(24), range(24, 300)


def _random_case(rng: np.random.Generator, depthwise: bool) -> Case:
    """One that TFLite takes: a VALID window lies within the image."""

    def pick(*choices: int) -> int:
        return int(rng.choice(choices))

    kernel = pick(1, 2, 3, 3, 5), pick(1, 1, 2, 3, 3, 4)
    dilation = (pick(1, 1, 2), pick(1, 1, 2, 3))
    stride = (pick(1, 1, 2, 3), pick(1, 1, 2, 3))
    least = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    channels = pick(1, 2, 3, 4, 5, 8, 9, 16)
    activation = pick(NONE, RELU, RELU6)
    return Case(
        height=least[0] + pick(0, 1, 2, 5),
        width=least[1] + pick(0, 1, 3, 4, 7),
        channels=channels,
        out_channels=channels * pick(1, 1, 1, 2, 3) if depthwise else pick(1, 2, 3, 4, 7, 8, 12),
        kernel=kernel,
        stride=stride,
        dilation=dilation,
        padding=pick(SAME, VALID),
        activation=activation,
        zero_point=pick(-128, -127, -1, 0, 64, 127),
        out_zero_point=pick(-128, -128, 0, 3, 127),
        per_channel=bool(pick(0, 1)),
        gain=float(rng.choice([0.0002, 0.0007, 0.003])),
    )


def _check(seed: int, path: Path) -> None:
    rng = np.random.default_rng(seed)
    depthwise = seed % 3 == 0
    case = _random_case(rng, depthwise)
    model = convolution(case, path, depthwise, seed)
    assert largest_difference(deploy(model, path / "code"), samples=2) == 0, case


@pytest.mark.parametrize("seed", QUICK)
def test_a_random_convolution_is_exact(seed: int, tmp_path: Path) -> None:
    _check(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", THOROUGH)
def test_many_random_convolutions_are_exact(seed: int, tmp_path: Path) -> None:
    _check(seed, tmp_path)
