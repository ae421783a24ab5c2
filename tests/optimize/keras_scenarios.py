"""What the steps of recipes do to Keras models, told as JSON by a process of its own, where TensorFlow may be.

`python -m tests.optimize.keras_scenarios`
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from harness.model.zoo.find import find_entry
from harness.optimize import channels, fake_quant, fine_tune, sparse
from harness.optimize.keras_graph import with_batch
from harness.tensorflow_process import import_tensorflow

NETWORKS = ("lenet5_digits", "kws_ds_cnn", "ic_resnet8", "ad_autoencoder", "vww_mobilenet_v1", "mobilenet_v2")
PER_CENT = 50


def main() -> None:
    """Print all facts."""
    import_tensorflow()
    facts = {
        "cut": {name: cut(name) for name in NETWORKS},
        "fold": {name: fold(name) for name in ("kws_ds_cnn", "ic_resnet8")},
        "prune": prune(),
        "keep": keep(),
        "distill": distill(),
        "recurrent": recurrent(),
    }
    print(json.dumps(facts))


def network(name: str) -> Any:
    """With random weights throughout, and batch normalizations as if trained."""
    generator = np.random.default_rng(0)
    model = with_batch(find_entry(name).build(1), None)
    for layer in model.layers:
        layer.set_weights(
            [generator.uniform(0.1, 1, one.shape) / max(one.size, 1) ** 0.3 for one in layer.get_weights()]
        )
    return model


def samples(name: str) -> Any:
    entry = find_entry(name)
    return entry.made_up_inputs(3, 0).astype(np.float32) / max(abs(end) for end in entry.input_range)


def outputs(model: Any, inputs: Any) -> Any:
    return np.asarray(model(inputs, training=False), np.float64)


def difference(one: Any, other: Any) -> float:
    """The largest, of the largest value."""
    return float(np.abs(one - other).max() / np.abs(one).max())


def cut(name: str) -> dict[str, Any]:
    """Make every other channel dead but in the head, and cut half of the channels: nothing may change."""
    model = network(name)
    for layer in model.layers[:-1]:
        if type(layer).__name__ == "BatchNormalization":
            gamma, beta, mean, variance = layer.get_weights()
            layer.set_weights([_every_other(gamma), _every_other(beta), mean, variance])
        elif layer.weights and type(layer).__name__ != "DepthwiseConv2D":
            layer.set_weights([_every_other(one) for one in layer.get_weights()])
        elif layer.weights:
            kernel, *bias = layer.get_weights()
            layer.set_weights([kernel, *map(_every_other, bias)])
    smaller = channels.without_channels(model, PER_CENT)
    inputs = samples(name)
    return {
        "difference": difference(outputs(model, inputs), outputs(smaller, inputs)),
        "parameters": [model.count_params(), smaller.count_params()],
        "outputs": [model.output.shape[-1], smaller.output.shape[-1]],
        "inputs": [list(model.input.shape), list(smaller.input.shape)],
    }


def _every_other(array: Any) -> Any:
    array[..., 1::2] = 0
    return array


def fold(name: str) -> dict[str, Any]:
    model = network(name)
    folded = fake_quant.folded(model)
    inputs = samples(name)
    return {
        "difference": difference(outputs(model, inputs), outputs(folded, inputs)),
        "normalizations": sum(type(layer).__name__ == "BatchNormalization" for layer in folded.layers),
    }


def prune() -> dict[str, Any]:
    """The share of zeros of each kernel as training goes on, and whether what is zero at the end stays so."""
    model = network("lenet5_digits")
    after = sparse.pruning(model, 80)
    shares = []
    for done in (0.0, 0.1, 0.3, 0.6, 0.8, 1.0):
        disturb(model)
        after(done)
        shares.append([float((np.array(one) == 0).mean()) for one in sparse.kernels(model)])
    return {"shares": shares, "sizes": [int(np.prod(one.shape)) for one in sparse.kernels(model)]}


def keep() -> dict[str, Any]:
    """Zeros and shared values, after training has disturbed them."""
    model = network("lenet5_digits")
    sparse.pruning(model, 80)(1.0)
    sparse.cluster(model, 16, keep_zeros=True)
    zeros = [np.array(one) == 0 for one in sparse.kernels(model)]
    after = sparse.keeping(model, zeros=True, values=True)
    disturb(model)
    disturbed = [len(np.unique(np.array(one))) for one in sparse.kernels(model)]
    after(0.5)
    kept = [np.array(one) for one in sparse.kernels(model)]
    return {
        "values": [len(np.unique(one)) for one in kept],
        "disturbed": disturbed,
        "same_zeros": all(np.array_equal(one == 0, other) for one, other in zip(kept, zeros, strict=True)),
    }


def disturb(model: Any) -> None:
    generator = np.random.default_rng(1)
    for one in sparse.kernels(model):
        one.assign(np.array(one) + generator.normal(0, 1e-3, one.shape))


def distill() -> dict[str, Any]:
    """The loss of a student that says what the teacher says, and of those that say something else."""
    label, teacher = np.eye(3, dtype=np.float32)[:1], np.array([[0.6, 0.3, 0.1]], np.float32)
    targets = np.stack([label, teacher], axis=1)
    said = {
        "teacher": teacher,
        "uniform": np.full((1, 3), 1 / 3, np.float32),
        "wrong": np.array([[0.1, 0.3, 0.6]], np.float32),
    }
    return {name: float(fine_tune._distilled(targets, one)[0]) for name, one in said.items()}


def recurrent() -> str:
    """Why no channels can be cut out of a network of one recurrent layer."""
    from harness.errors import ModelError

    try:
        channels.without_channels(with_batch(find_entry("simple_rnn_1").build(1), None), PER_CENT)
    except ModelError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    main()
