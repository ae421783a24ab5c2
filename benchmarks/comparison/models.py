"""Networks that were measured by others, built anew: the same layers, seeded weights.

    python benchmarks/comparison/models.py NAME QUANTIZATION PATH       (what `model_file` runs in a process of its own)

EdgeMark's come from its configurations (`../shared/configs/edgemark`); what those leave to its program is taken to be
padding that keeps the size, 2x2 maximum pooling, global average pooling, and normalization before the activation. Each
must have as many parameters as EdgeMark publishes. LeNet-5 and ResNet-20 of the ETH thesis are those of the papers that
it names (LeCun et al. 1998, with padding to 28x28 and ReLU; He et al. 2015, for CIFAR-10).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from harness.cache import cached, sha256_of_files
from harness.model.zoo.blocks import normalized_relu
from harness.model.zoo.entry import ZooEntry
from harness.optimize.convert import TENSORFLOW_ENVIRONMENT
from harness.paths import REPOSITORY

SHARED = REPOSITORY.parent / "shared"
CONFIGS = SHARED / "configs" / "edgemark"
MLPERF_FILES = {
    "AD": "ad01_int8.tflite",
    "IC": "pretrainedResnet_quant.tflite",
    "KWS": "kws_ref_model.tflite",
    "VWW": "vww_96_int8.tflite",
}
_SAMPLES = 20
_SHAPES: dict[str, tuple[tuple[int, ...], int]] = {
    # Input, and outputs; of scikit-learn's former Boston housing prices, 13 properties and a price.
    "sinus": ((1,), 1),
    "boston": ((13,), 1),
    "mnist": ((28, 28, 1), 10),
    "cifar10": ((32, 32, 3), 10),
}
Build = Callable[[int | None], Any]


def model_file(name: str, quantization: str) -> Path:
    """The `.tflite` of a network, from the cache where it was made before."""
    if name in MLPERF_FILES:
        return SHARED / "models" / "mlperf_tiny" / MLPERF_FILES[name]
    config = _config(name)
    key = {
        "name": name,
        "quantization": quantization,
        "code": sha256_of_files(Path(__file__)),
        "config": config.read_text() if config else "",
    }

    def make(directory: Path) -> None:
        print(f"making {name} {quantization}", file=sys.stderr, flush=True)
        command = [sys.executable, __file__, name, quantization, str(directory / f"{name}.tflite")]
        environment = {**os.environ, **TENSORFLOW_ENVIRONMENT, "PYTHONPATH": str(REPOSITORY)}
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)

    return cached("published-models", key, make) / f"{name}.tflite"


def _config(name: str) -> Path | None:
    return next(iter(CONFIGS.glob(f"*/{name}.yaml")), None)


def entry(name: str) -> ZooEntry:
    """A network as the zoo would have it."""
    config = _config(name)
    if config is None:
        shape, build = _FROM_PAPERS[name]
    else:
        shape, build = _from_config(yaml.safe_load(config.read_text()))
    return ZooEntry(name, name, "as published", None, False, "see this module", shape, (0.0, 1.0), build)


def _from_config(config: dict[str, Any]) -> tuple[tuple[int, ...], Build]:
    """Input shape and builder of an EdgeMark configuration of the type CNN, with or without convolutions."""
    data, arguments = config["dataset"]["name"], config["dataset"]["args"]
    shape, outputs = _SHAPES.get(data) or (tuple(arguments["feature_shape"]), arguments["num_labels"])
    flat = bool(arguments.get("flat_features"))
    if flat:
        shape = (shape[0] * shape[1] * shape[2],)

    def build(batch_size: int | None) -> Any:
        import keras
        from keras import layers

        first = last = layers.Input(shape, batch_size=batch_size)
        for filters, size, stride in config["convs_params"]:
            if filters:
                convolution = layers.Conv2D(filters, size, strides=stride, padding="same")
                last = _activated(convolution(last), config)
            else:
                last = layers.MaxPooling2D(size)(last) if size else layers.GlobalAveragePooling2D()(last)
        last = layers.Flatten()(last) if len(last.shape) > 2 else last
        for units in config["denses_params"]:
            last = _activated(layers.Dense(units)(last), config)
        ending = "softmax" if outputs > 1 else config["activation"] if not config["denses_params"] else None
        return keras.Model(first, layers.Dense(outputs, activation=ending)(last))

    return shape, build


def _activated(last: Any, config: dict[str, Any]) -> Any:
    from keras import layers

    if config["use_batch_norm"]:
        last = layers.BatchNormalization()(last)
    return layers.Activation(config["activation"])(last)


def _lenet5(batch_size: int | None) -> Any:
    import keras
    from keras import layers

    first = last = layers.Input((28, 28, 1), batch_size=batch_size)
    for filters, padding in ((6, "same"), (16, "valid")):
        last = layers.Conv2D(filters, 5, padding=padding, activation="relu")(last)
        last = layers.AveragePooling2D(2)(last)
    last = layers.Flatten()(last)
    for units in (120, 84):
        last = layers.Dense(units, activation="relu")(last)
    return keras.Model(first, layers.Dense(10, activation="softmax")(last))


def _resnet20(batch_size: int | None) -> Any:
    import keras
    from keras import layers

    first = layers.Input((32, 32, 3), batch_size=batch_size)
    last = normalized_relu(layers.Conv2D(16, 3, padding="same")(first))
    for filters in (16, 32, 64):
        for block in range(3):
            stride = 2 if filters != 16 and block == 0 else 1
            inner = normalized_relu(layers.Conv2D(filters, 3, strides=stride, padding="same")(last))
            inner = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same")(inner))
            shortcut = layers.Conv2D(filters, 1, strides=stride)(last) if stride != 1 else last
            last = layers.ReLU()(layers.Add()([shortcut, inner]))
    last = layers.GlobalAveragePooling2D()(last)
    return keras.Model(first, layers.Dense(10, activation="softmax")(last))


_FROM_PAPERS: dict[str, tuple[tuple[int, ...], Build]] = {
    "LeNet5": ((28, 28, 1), _lenet5),
    "ResNet20": ((32, 32, 3), _resnet20),
}


def _check_parameters(name: str, made: ZooEntry) -> None:
    """That there are as many as EdgeMark publishes, which counts them with normalization folded."""
    from keras import layers

    published = pd.read_csv(SHARED / "truth" / "edgemark_models_meta.csv").set_index("model").params
    if name not in published:
        return
    folded = [one for one in made.build(1).layers if not isinstance(one, layers.BatchNormalization)]
    count = sum(one.count_params() for one in folded)
    if count != published[name]:
        raise SystemExit(f"{name} has {count} parameters as built here, {published[name]} as published")


def main(name: str, quantization: str, path: Path) -> None:
    """Build, give weights, convert."""
    from harness.optimize.convert_process import convert_entry

    made = entry(name)
    _check_parameters(name, made)
    convert_entry(made, 0, _SAMPLES if quantization == "int8" else 0, path)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
