"""Keras models taken apart and put together again, layer by layer. Imported where TensorFlow is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from harness.errors import ModelError

Make = Callable[[Any, list[Any]], Any]
"""Gives the output tensor that takes the place of a layer's, from the layer and its new input tensors."""


def inputs_of(layer: Any) -> list[Any]:
    """The tensors that a layer of a functional model reads.

    Raises:
        ModelError: the layer stands at several places of the graph.
    """
    try:
        tensors = layer.input
    except (AttributeError, ValueError) as error:
        raise ModelError(f"layer {layer.name!r} is used more than once; recipes need one layer a place") from error
    return list(tensors) if isinstance(tensors, Sequence) else [tensors]


def producers(model: Any) -> dict[str, list[Any]]:
    """The layers whose outputs each layer reads, by the layer's name; none for an input."""
    import keras

    makers = {id(layer.output): layer for layer in model.layers}
    return {
        layer.name: [] if isinstance(layer, keras.layers.InputLayer) else [makers[id(t)] for t in inputs_of(layer)]
        for layer in model.layers
    }


def consumers(model: Any) -> dict[str, list[Any]]:
    """The layers that read each layer's output, by the layer's name."""
    found: dict[str, list[Any]] = {layer.name: [] for layer in model.layers}
    sources = producers(model)
    for layer in model.layers:
        for source in sources[layer.name]:
            found[source.name].append(layer)
    return found


def copied(layer: Any, **changes: object) -> Any:
    """A new layer of the same configuration and name, apart from the changes, without its weights."""
    return type(layer).from_config({**layer.get_config(), **changes})


def rebuilt(model: Any, make: Make, batch_size: int | None) -> Any:
    """A functional model of the same graph whose layers `make` makes anew; what it is given for an input is there."""
    import keras

    made: dict[int, Any] = {}
    inputs: dict[int, Any] = {}
    for layer in model.layers:
        new = None
        if is_input(layer):
            old = layer.output
            new = inputs[id(old)] = keras.Input(old.shape[1:], batch_size, dtype=old.dtype, name=layer.name)
        tensors = [made[id(tensor)] for tensor in inputs_of(layer)] if new is None else [new]
        made[id(layer.output)] = make(layer, tensors)
    ends = [inputs[id(one)] for one in model.inputs], [made[id(one)] for one in model.outputs]
    return keras.Model(*(end[0] if len(end) == 1 else end for end in ends))


def with_batch(model: Any, batch_size: int | None) -> Any:
    """The same model for another batch size."""
    new = rebuilt(model, lambda layer, tensors: called(copied(layer), tensors), batch_size)
    copy_weights(model, new)
    return new


def copy_weights(source: Any, target: Any) -> None:
    """Give the layers of one model the weights of another's of the same names."""
    for layer in source.layers:
        target.get_layer(layer.name).set_weights(layer.get_weights())


def called(layer: Any, tensors: list[Any]) -> Any:
    """The output of a layer of one input, or of several that it takes as a list; of an input, what is given for it."""
    if is_input(layer):
        return tensors[0]
    return layer(tensors if len(tensors) > 1 else tensors[0])


def is_input(layer: Any) -> bool:
    """Whether it stands for an input of the model."""
    import keras

    return isinstance(layer, keras.layers.InputLayer)
