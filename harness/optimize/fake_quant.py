"""Quantization-aware training: a model learns with weights and activations rounded as int8 will round them.

Batch normalizations are folded into the weights first, as the converter does. In training, kernels are rounded to
symmetric int8 by channel, and every tensor that the int8 model stores to int8 of the range that it has had of late
(Jacob et al., Quantization and training of neural networks for efficient integer-arithmetic-only inference, 2018). The
converter then takes these ranges, from fake-quantization operators in the graph. Imported where TensorFlow is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from harness.errors import ModelError
from harness.optimize.fine_tune import AfterBatch, Lessons, fine_tune
from harness.optimize.keras_graph import called, consumers, copied, copy_weights, producers, rebuilt

Ranges = Mapping[str, tuple[float, float]]
"""The least and greatest real value of a layer's output, by the layer's name."""

LEARNING_RATE = 3e-4
_MEMORY = 0.99
_BITS = 8
_WEIGHTED = ("Conv2D", "Dense", "DepthwiseConv2D")
# TFLite computes these with the scale of their input.
_OF_THEIR_INPUTS_SCALE = ("AveragePooling2D", "Dropout", "Flatten", "MaxPooling2D", "Reshape", "ZeroPadding2D")


def folded(model: Any) -> Any:
    """The same function with batch normalizations folded into the weights before them, where nothing lies between."""
    sources, readers = producers(model), consumers(model)
    before = {
        layer.name: sources[layer.name][0]
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization) and _folds(sources[layer.name][0], readers)
    }
    grown = {layer.name for layer in before.values()}

    def make(layer: Any, tensors: list[Any]) -> Any:
        if layer.name in before:
            return tensors[0]
        changes: dict[str, object] = {"use_bias": True} if layer.name in grown else {}
        if getattr(layer, "activation", None) is not keras.activations.softmax:
            return called(copied(layer, **changes), tensors)
        # What goes into the softmax is stored too.
        logits = called(copied(layer, activation="linear", **changes), tensors)
        return keras.layers.Softmax(name=f"{layer.name}_softmax")(logits)

    new = rebuilt(model, make, batch_size=None)
    for layer in model.layers:
        if layer.name not in before and layer.name not in grown:
            new.get_layer(layer.name).set_weights(layer.get_weights())
    for name, layer in before.items():
        new.get_layer(layer.name).set_weights(_folded_weights(layer, model.get_layer(name)))
    return new


def _folds(layer: Any, readers: Mapping[str, list[Any]]) -> bool:
    """Whether a normalization after this layer can go into its weights."""
    linear = getattr(layer, "activation", None) is keras.activations.linear
    return type(layer).__name__ in _WEIGHTED and linear and len(readers[layer.name]) == 1


def _folded_weights(layer: Any, normalization: Any) -> list[Any]:
    deviation = np.sqrt(np.array(normalization.moving_variance) + normalization.epsilon)
    scale = (np.array(normalization.gamma) if normalization.scale else np.float32(1)) / deviation
    shift = np.array(normalization.beta) if normalization.center else 0.0
    kernel, *bias = layer.get_weights()
    # The channels of a depthwise kernel lie along its last two dimensions.
    by_channel = scale.reshape(kernel.shape[2:]) if type(layer).__name__ == "DepthwiseConv2D" else scale
    return [kernel * by_channel, ((bias[0] if bias else 0.0) - np.array(normalization.moving_mean)) * scale + shift]


def train_quantized(model: Any, lessons: Lessons, epochs: int, seed: int, after_batch: AfterBatch) -> Ranges:
    """Train a folded model in place.

    Returns:
        the range of every tensor that its int8 form stores.

    Raises:
        ModelError: a layer has weights of which it is not known how int8 rounds them.
    """
    for layer in model.layers:
        if layer.weights and type(layer).__name__ not in (*_WEIGHTED, "BatchNormalization"):
            raise ModelError(f"layer {layer.name}: qat knows no {type(layer).__name__}, only {', '.join(_WEIGHTED)}")
    observers = {name: _Observed(f"{name}_observed") for name in _stored(model)}

    def make(layer: Any, tensors: list[Any]) -> Any:
        output = called(_Rounded(layer) if layer.weights else copied(layer), tensors)
        return observers[layer.name](output) if layer.name in observers else output

    # The layers with weights are the folded model's own: what is trained is what it has.
    fine_tune(rebuilt(model, make, batch_size=None), lessons, epochs, seed, after_batch, LEARNING_RATE)
    return {name: (float(one.least.value), float(one.greatest.value)) for name, one in observers.items()}


def with_ranges(model: Any, ranges: Ranges) -> Any:
    """A folded model for a batch of one that tells the converter the ranges."""

    def make(layer: Any, tensors: list[Any]) -> Any:
        output = called(copied(layer), tensors)
        return _Observed(f"{layer.name}_range", ranges[layer.name])(output) if layer.name in ranges else output

    new = rebuilt(model, make, batch_size=1)
    copy_weights(model, new)
    return new


def _stored(model: Any) -> list[str]:
    """The layers of a folded model whose outputs its int8 form stores with a scale of their own."""
    readers = consumers(model)
    shared = (*_OF_THEIR_INPUTS_SCALE, "Softmax")
    return [
        layer.name
        for layer in model.layers
        if type(layer).__name__ not in shared and not _fuses(layer, readers[layer.name])
    ]


def _fuses(layer: Any, readers: list[Any]) -> bool:
    """Whether a layer is computed at once with the ReLU that follows it."""
    return type(layer).__name__ in (*_WEIGHTED, "Add") and [type(one).__name__ for one in readers] == ["ReLU"]


class _Rounded(keras.layers.Layer):
    """Calls a layer with its kernel rounded to symmetric int8, by output channel."""

    def __init__(self, layer: Any) -> None:
        super().__init__(name=f"{layer.name}_rounded")
        self.layer = layer

    def call(self, values: Any) -> Any:
        """(batch, ...) in and out, as of the layer."""
        if type(self.layer).__name__ not in _WEIGHTED:
            return self.layer(values)
        kernel = self.layer.kernel
        shape = (-1, kernel.shape[-1])
        if type(self.layer).__name__ == "DepthwiseConv2D":
            shape = (-1, kernel.shape[-2] * kernel.shape[-1])
        by_channel = tf.reshape(kernel.value, shape)
        largest = tf.maximum(tf.reduce_max(tf.abs(by_channel), axis=0), 1e-8)
        rounded = tf.quantization.fake_quant_with_min_max_vars_per_channel(
            by_channel, -largest, largest, num_bits=_BITS, narrow_range=True
        )
        with keras.StatelessScope(state_mapping=[(kernel, tf.reshape(rounded, kernel.shape))]):
            return self.layer(values)


class _Observed(keras.layers.Layer):
    """Rounds what passes through to int8 of the range seen lately, or of a fixed one."""

    def __init__(self, name: str, fixed: tuple[float, float] | None = None) -> None:
        super().__init__(name=name)
        self.fixed = fixed

    def build(self, _shape: Any) -> None:
        if self.fixed is None:
            self.least = self.add_weight(shape=(), initializer="zeros", trainable=False, name="least")
            self.greatest = self.add_weight(shape=(), initializer="zeros", trainable=False, name="greatest")

    def call(self, values: Any, training: bool = False) -> Any:
        if self.fixed is not None:
            return tf.quantization.fake_quant_with_min_max_args(values, *self.fixed, num_bits=_BITS)
        if training:
            self._follow(self.least, tf.minimum(tf.reduce_min(values), 0.0))
            self._follow(self.greatest, tf.maximum(tf.reduce_max(values), 0.0))
        return tf.quantization.fake_quant_with_min_max_vars(
            values, self.least.value, self.greatest.value, num_bits=_BITS
        )

    def _follow(self, limit: Any, found: Any) -> None:
        memory = tf.where(tf.equal(limit.value, 0.0), 0.0, _MEMORY)
        limit.assign(memory * limit.value + (1 - memory) * found)
