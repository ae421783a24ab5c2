"""The layers of a description, as Keras has them.

Recurrent layers are unrolled for a batch of one: only so do they convert to plain operators, which backends for
microcontrollers have (docs/models.md lists them). Left rolled they become WHILE, which none takes in int8.
"""

from __future__ import annotations

from typing import Any

from harness.model.description.description import Cnn, Reference, Rnn
from harness.model.goal import Goal


def build_network(network: Cnn | Rnn | Reference, goal: Goal, batch_size: int | None) -> Any:
    """The Keras model, with its layers' own random weights.

    Args:
        batch_size: 1 for what is converted; None for any, in training.
    """
    from harness.model.zoo.references import build_reference

    if isinstance(network, Reference):
        return build_reference(network, goal, batch_size)
    import keras

    first = keras.layers.Input(goal.input_shape, batch_size=batch_size, dtype=goal.input_dtype)
    last = _recurrent(network, goal, first, batch_size) if isinstance(network, Rnn) else _convolutional(network, first)
    return keras.Model(first, keras.layers.Dense(goal.outputs, activation=goal.activation)(last))


def _convolutional(network: Cnn, last: Any) -> Any:
    from keras import layers

    for filters, kernel, stride in network.convs_params:
        if filters:
            last = layers.Conv2D(filters, kernel, strides=stride, padding="same")(last)
            last = _activated(network, last)
            last = layers.SpatialDropout2D(network.convs_dropout)(last) if network.convs_dropout else last
        elif kernel:
            last = layers.MaxPooling2D(kernel, strides=stride, padding="same")(last)
        else:
            last = layers.GlobalAveragePooling2D()(last)
    if len(last.shape) > 2:
        last = layers.Flatten()(last)
    for units in network.denses_params:
        last = _activated(network, layers.Dense(units)(last))
        last = layers.Dropout(network.denses_dropout)(last) if network.denses_dropout else last
    return last


def _activated(network: Cnn, last: Any) -> Any:
    from keras import layers

    if network.use_batch_norm:
        last = layers.BatchNormalization()(last)
    return layers.Activation(network.activation)(last)


def _recurrent(network: Rnn, goal: Goal, last: Any, batch_size: int | None) -> Any:
    import keras

    if network.embedding_dim:
        last = lookup(int(goal.input_range[1]) + 1, network.embedding_dim)(last)
    layer = getattr(keras.layers, network.rnn_type)
    return layer(network.rnn_units, return_sequences=goal.sequential, unroll=batch_size == 1)(last)


def lookup(entries: int, size: int) -> Any:
    """An embedding that is one GATHER. Keras's own counts negative indices from the end: three operators more."""
    import keras
    import tensorflow

    class Lookup(keras.layers.Embedding):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            return tensorflow.gather(self._embeddings, inputs)

    return Lookup(entries, size)
