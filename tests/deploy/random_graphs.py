"""Random int8 graphs, many in one file, so that one compilation and one run prove them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from hypothesis import strategies as st

from harness.deploy.backend import Backend
from harness.deploy.options import O2, BuildOptions
from harness.deploy.target import Target
from tests.deploy.agreement import Reference, deploy, random_inputs
from tests.deploy.on_core import CORTEX_M4
from tests.deploy.random_layers import (
    Builder,
    Concatenate,
    Convolution,
    Curve,
    Dense,
    Layer,
    Mean,
    Pad,
    Pair,
    Pool,
    Rescale,
    Resize,
    Scaling,
    Softmax,
    Transpose,
    Value,
    Window,
)
from tests.deploy.random_moves import Restack, Slice, Swap

AnyLayer = Layer | Restack | Slice | Swap

_ACTIVATIONS = schema.ActivationFunctionType
_MOST_LAYERS = 4
_MOST_ELEMENTS = 3000
_SAMPLES = 3

_zero_points = st.sampled_from((-128, -127, -1, 0, 3, 64, 127))
_activations = st.sampled_from((_ACTIVATIONS.NONE, _ACTIVATIONS.RELU, _ACTIVATIONS.RELU6, _ACTIVATIONS.RELU_N1_TO_1))
_ratios = st.sampled_from((1.0, 0.37, 2.6, 1 / 900, 700.0))
_channels = st.sampled_from((1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17))


@dataclass(frozen=True)
class RandomGraph:
    """A chain of layers from one input; some layers bring inputs of their own.

    Attributes:
        seed: of the weights.
    """

    shape: tuple[int, int, int, int]
    scale: float
    zero_point: int
    layers: tuple[AnyLayer, ...]
    seed: int


def _scaling() -> st.SearchStrategy[Scaling]:
    gains = st.sampled_from((0.0007, 0.003, 0.0002, 1e-9, 0.6, 1.7))
    return st.builds(Scaling, gains, st.sampled_from((2.0, 0.1, 30.0)), _zero_points, st.booleans(), st.booleans())


@st.composite
def _windows(draw: st.DrawFn, shape: tuple[int, ...], dilated: bool = False) -> Window:
    """One that TFLite takes: without padding it lies within the image."""
    kernel = draw(st.tuples(st.sampled_from((3, 1, 2, 5)), st.sampled_from((3, 1, 2, 4, 7))))
    stride = draw(st.tuples(st.sampled_from((1, 2, 3)), st.sampled_from((1, 2, 3))))
    dilation = draw(st.tuples(st.sampled_from((1, 1, 2)), st.sampled_from((1, 1, 2, 3)))) if dilated else (1, 1)
    fits = all((k - 1) * d < size for k, d, size in zip(kernel, dilation, shape[1:3], strict=True))
    padding = draw(st.sampled_from((schema.Padding.SAME, schema.Padding.VALID))) if fits else schema.Padding.SAME
    return Window(kernel, stride, dilation, padding)


def _layers_of(shape: tuple[int, ...], dtype: str) -> dict[str, st.SearchStrategy[Any]]:
    """A strategy for each kind of layer that takes this shape."""
    clamps = ("RELU", "RELU6", "QUANTIZE", *(("RELU_N1_TO_1",) if dtype == "int8" else ()))
    kept = st.none() | st.tuples(st.booleans(), st.booleans(), st.booleans())
    amount = st.tuples(st.integers(0, 2), st.integers(0, 3))
    pair = kept, _ratios, _zero_points, _ratios, _zero_points, _activations
    size = st.tuples(st.integers(1, 12), st.integers(1, 12))
    convolution = (_windows(shape, dilated=True),), (_scaling(), _activations)
    neighbours = st.sampled_from(((1, 2), (1,), (2,), (3,), (2, 3), (1, 2, 3)))
    return {
        "convolution": st.builds(Convolution, st.just(False), *convolution[0], _channels, *convolution[1]),
        "depthwise": st.builds(
            Convolution, st.just(True), *convolution[0], st.sampled_from((1, 1, 1, 2, 3, 4)), *convolution[1]
        ),
        "pool": st.builds(Pool, st.sampled_from(("AVERAGE_POOL_2D", "MAX_POOL_2D")), _windows(shape), _activations),
        "pair": st.builds(Pair, st.sampled_from(("ADD", "MUL")), *pair),
        "difference": st.builds(Pair, st.just("SUB"), *pair),
        "resize": st.builds(Resize, st.booleans(), size, st.booleans(), st.booleans()),
        "rescale": st.builds(Rescale, st.sampled_from(clamps), _ratios, _zero_points),
        "pad": st.builds(Pad, st.tuples(amount, amount, amount)),
        "concatenate": st.builds(Concatenate, st.integers(1, 3), st.integers(0, 5)),
        "mean": st.builds(Mean, neighbours, _ratios, _zero_points),
        "dense": st.builds(Dense, _channels, _scaling(), _activations),
        "curve": st.builds(Curve, st.sampled_from(("LOGISTIC", "TANH"))),
        "leaky": st.builds(Rescale, st.just("LEAKY_RELU"), _ratios, _zero_points, st.sampled_from((0.2, 0.01, 1.5))),
        "transpose": st.builds(Transpose, st.permutations((1, 2, 3)).map(lambda order: (0, *order))),
        "restack": st.builds(Restack, st.integers(1, 3), st.integers(1, 3)),
        "slice": st.builds(Slice, st.integers(1, 3), st.integers(0, 3), st.integers(0, 3)),
        "swap": st.builds(Swap, st.integers(1, 3)),
        "softmax": st.builds(Softmax, st.sampled_from((1.0, 0.3))),
    }


def _goes_on(value: Value) -> bool:
    """Whether another layer may follow."""
    return len(value.shape) == 4 and prod(value.shape) < _MOST_ELEMENTS


@st.composite
def random_graphs(draw: st.DrawFn, without: frozenset[str] = frozenset(), dtype: str = "int8") -> RandomGraph:
    """One to four layers; a dense layer ends the chain.

    Args:
        without: kinds of layers that a backend does not know.
        dtype: of activations, int8 or int16.
    """
    shape = (1, draw(st.integers(1, 10)), draw(st.integers(1, 10)), draw(_channels))
    scale = draw(st.sampled_from((0.05, 0.9, 1 / 256, 1e-4)))
    zero_point = draw(_zero_points)
    builder, layers = Builder(dtype), list[AnyLayer]()
    value = builder.source(shape, scale, zero_point)
    wanted = draw(st.integers(1, _MOST_LAYERS))
    while len(layers) < wanted and _goes_on(value):
        kinds = _layers_of(value.shape, dtype).keys() - without
        if dtype == "int16":
            kinds -= {"curve", "leaky", *(("softmax",) if value.shape[3] == 1 else ())}
        layers.append(draw(_layers_of(value.shape, dtype)[draw(st.sampled_from(sorted(kinds)))]))
        value = layers[-1].add(builder, value)
    return RandomGraph(shape, scale, zero_point, tuple(layers), draw(st.integers(0, 2**20)))


def disagreements(
    backend: Backend,
    graphs: Sequence[RandomGraph],
    directory: Path,
    target: Target = CORTEX_M4,
    options: BuildOptions = O2,
    dtype: str = "int8",
    weight_dtype: str = "int8",
    bound: Callable[[RandomGraph], int] = lambda _graph: 0,
) -> list[str]:
    """What a backend computes otherwise than TFLite's reference kernels, by more than `bound`: one line a graph."""
    builder, outputs = Builder(dtype, weight_dtype), []
    for graph in graphs:
        builder.rng = np.random.default_rng(graph.seed)
        value = builder.source(graph.shape, graph.scale, graph.zero_point)
        for layer in graph.layers:
            value = layer.add(builder, value)
        outputs.append(value.index)
    model = builder.tiny.write(directory / "model.tflite", builder.inputs, outputs)
    deployed, reference = deploy(backend, model, directory / "code", target, options), Reference(model)
    rng = np.random.default_rng(0)
    worst = [0] * len(graphs)
    for _ in range(_SAMPLES):
        inputs = random_inputs(model, rng)
        for number, (mine, theirs) in enumerate(zip(deployed.run(inputs), reference.run(inputs), strict=True)):
            worst[number] = max(worst[number], int(np.abs(mine.astype(int) - theirs.astype(int)).max()))
    return [f"differs by {by}: {graph}" for graph, by in zip(graphs, worst, strict=True) if by > bound(graph)]
