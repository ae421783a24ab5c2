"""Sets our counts of parameters and MACs against EdgeMark's, for all its models, and writes docs/edgemark_counts.md.

    python benchmarks/edgemark_counts.py [SHARED_DIRECTORY]

EdgeMark publishes as MACs half of the floating point operations that TensorFlow's profiler counts in a model's graph.
The profiler is asked here too, operator by operator, so that every difference has a name.
"""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": ""}

from typing import Any

from harness.model.datasets.sources import goal_of
from harness.model.description import Cnn, Description, read_description
from harness.model.description.layers import build_network
from harness.paths import REPOSITORY

SHARED = REPOSITORY.parent / "shared"
PAGE = REPOSITORY / "docs" / "edgemark_counts.md"
PRODUCTS = ("MatMul", "Conv2D", "DepthwiseConv2dNative")
"""Operators whose operations are multiply-accumulates, two operations each."""
OTHERS = {
    "BiasAdd": "biases",
    "Softmax": "softmax",
    "MaxPool": "pooling",
    "AvgPool": "pooling",
    "Mean": "pooling",
}
"""What the rest is called; what is not named here is element-wise."""


@dataclass(frozen=True)
class Counts:
    """One model.

    Attributes:
        parameters: of the Keras model that EdgeMark built.
        macs: multiply-accumulates.
        rest: half the operations of everything else, by kind.
        unfused: half the operations that Keras 3 adds because it spells batch normalization out, where the Keras 2
            of EdgeMark has an operator of which the profiler counts nothing.
        in_description: parameters of the model that the description asks for, with batch normalization.
    """

    name: str
    parameters: int
    in_description: int
    macs: int
    rest: Counter[str]
    unfused: float

    @property
    def profiled(self) -> int:
        """What EdgeMark calls MACs."""
        return int(self.macs + sum(self.rest.values()) - self.unfused)


def counts_of(path: Path) -> Counts:
    """Count a described model as EdgeMark built it."""
    description = read_description(path)
    network = description.network
    # EdgeMark reads `use_batchnorm`, its files say `use_batch_norm`: it never normalized these.
    built = replace(network, use_batch_norm=False) if isinstance(network, Cnn) else network
    model = _model(replace(description, network=built))
    operations = _operations(model)
    products = sum(operations.pop(op, 0) for op in PRODUCTS)
    rest: Counter[str] = Counter()
    for op, count in operations.items():
        rest[OTHERS.get(op, "element-wise")] += count / 2  # type: ignore[assignment]
    whole = _model(description).count_params()
    return Counts(description.name, model.count_params(), whole, products // 2, rest, _unfused(model))


def _model(description: Description) -> Any:
    import keras

    keras.backend.clear_session()
    return build_network(description.network, goal_of(description.data), 1)


def _operations(model: Any) -> dict[str, int]:
    """Floating point operations by TensorFlow operator, as its profiler counts them."""
    import tensorflow as tf
    from tensorflow.python.profiler import model_analyzer, option_builder

    signature = [tf.TensorSpec((1, *one.shape[1:]), one.dtype) for one in model.inputs]
    graph = tf.function(lambda x: model(x), input_signature=signature).get_concrete_function().graph
    options = {**option_builder.ProfileOptionBuilder.float_operation(), "output": "none"}
    found: Counter[str] = Counter()
    kinds = [model_analyzer.profile(graph, cmd="op", options=options)]
    while kinds:
        kind = kinds.pop()
        found[kind.name] += kind.float_ops
        kinds += kind.children
    return {name: count for name, count in found.items() if count}


def _unfused(model: Any) -> float:
    """Half of 2 operations an element and 6 a channel of every normalized image."""
    import keras

    operations = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization) and len(layer.output.shape) == 4:
            _, height, width, channels = layer.output.shape
            operations += (2 * height * width + 6) * channels
    return operations / 2


def main(shared: Path) -> None:
    """Write the page."""
    with (shared / "truth" / "edgemark_models_meta.csv").open() as file:
        published = {row["model"]: (int(row["params"]), int(row["macs"])) for row in csv.DictReader(file)}
    paths = sorted((shared / "configs" / "edgemark").glob("*/*.yaml"), key=lambda path: published[path.stem][1])
    counts = [counts_of(path) for path in paths]
    for one in counts:
        print(one, published[one.name])
    PAGE.write_text(page(counts, published))


def page(counts: list[Counts], published: dict[str, tuple[int, int]]) -> str:
    """The page in Markdown."""
    equal = sum((one.parameters, one.profiled) == published[one.name] for one in counts)
    kinds = ("biases", "softmax", "pooling", "element-wise")
    lines = [
        "# Counts of EdgeMark's models",
        "",
        "Made by `python benchmarks/edgemark_counts.py`; EdgeMark's figures are those of its `Experiments.xlsx` "
        "(commit 3e7237d).",
        "",
        f"For {equal} of {len(counts)} models both figures come out as published. *MACs* are products that are added "
        "up, and nothing else. EdgeMark's are half of all floating point operations that TensorFlow's profiler counts, "
        "rounded down: biases (1 an element), softmax (5 an element), pooling and element-wise operators count too. "
        "*As profiled* is the sum, and has to be the published figure.",
        "",
        "Two things to know:",
        "",
        "- EdgeMark's files of FC and CNN models say `use_batch_norm`, its code reads `use_batchnorm`: what it "
        "measured is not normalized. Here the key does what it says. Its parameters are folded into the layer before "
        "when the model is converted, so that what is deployed has as many as EdgeMark's; while it is trained it has "
        "those of the last column.",
        "- The profiler counts nothing for the fused batch normalization of Keras 2. Keras 3 spells it out (2 "
        "operations an element, 6 a channel), which is left out here again.",
        "",
        f"| model | parameters | published | MACs | {' | '.join(kinds)} | as profiled | published | in training |",
        f"| --- {'| ---: ' * (len(kinds) + 6)}|",
    ]
    for one in counts:
        rest = Counter(one.rest)
        rest["element-wise"] -= one.unfused  # type: ignore[assignment]
        parameters, macs = published[one.name]
        others = " | ".join(f"{rest[kind]:,.15g}" for kind in kinds)
        sums = f"{one.profiled:,} | {macs:,} | {one.in_description:,}"
        lines.append(f"| {one.name} | {one.parameters:,} | {parameters:,} | {one.macs:,} | {others} | {sums} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED)
