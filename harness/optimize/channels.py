"""Structured pruning: whole channels are cut out, and a smaller model remains.

Channels that are added to each other go or stay together, as do those that pass through a depthwise convolution, a
normalization, an activation or a pooling. Such a group loses the channels whose filters weigh least: their L1 norm,
times what a batch normalization makes of it (Li et al., Pruning filters for efficient ConvNets, 2017; Liu et al.,
Learning efficient convolutional networks through network slimming, 2017). The model's own inputs and outputs keep
theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import ModelError
from harness.optimize.keras_graph import called, consumers, copied, is_input, producers, rebuilt

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

# Layers whose output has its input's channels, each computed from its own; Flatten repeats them at every place.
_PASSING = {
    *("Activation", "AveragePooling2D", "BatchNormalization", "DepthwiseConv2D", "Dropout", "Flatten", "LeakyReLU"),
    *("GlobalAveragePooling2D", "GlobalMaxPooling2D", "MaxPooling2D", "ReLU", "SpatialDropout2D", "ZeroPadding2D"),
}
_JOINING = {"Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"}
_MAKING = {"Conv2D": "filters", "Dense": "units"}


def without_channels(model: Any, per_cent: int) -> Any:
    """A model without this share of the channels of each group, at least one of which stays.

    Raises:
        ModelError: no channel may go: there are none but those of the inputs, outputs and layers that are not known.
    """
    groups = _Groups.of(model)
    masks = {root: _kept(model, members, per_cent) for root, members in groups.prunable(model).items()}
    if not masks:
        raise ModelError(f"{model.name}: has no channels that could be cut out")

    def mask(layer: Any) -> Mask | None:
        return masks.get(groups.root[layer.name])

    def make(layer: Any, tensors: list[Any]) -> Any:
        kept, changes = mask(layer), {}
        if kept is not None and type(layer).__name__ in _MAKING:
            changes = {_MAKING[type(layer).__name__]: int(kept.sum())}
        return called(copied(layer, **changes), tensors)

    smaller = rebuilt(model, make, batch_size=None)
    sources = producers(model)
    for layer in model.layers:
        if layer.weights:
            smaller.get_layer(layer.name).set_weights(_cut(layer, mask(sources[layer.name][0]), mask(layer)))
    return smaller


@dataclass(frozen=True)
class _Groups:
    """Layers whose outputs have the same channels.

    Attributes:
        root: by each layer's name, the name of the layer that stands for its group.
        fixed: roots of groups that must keep all channels.
    """

    root: dict[str, str]
    fixed: frozenset[str]

    @classmethod
    def of(cls, model: Any) -> _Groups:
        root = {layer.name: layer.name for layer in model.layers}
        fixed: set[str] = set()

        def join(one: str, other: str) -> None:
            old, new = root[one], root[other]
            root.update({name: new for name, of in root.items() if of == old})

        sources, readers = producers(model), consumers(model)
        for layer in model.layers:
            kind, inputs = type(layer).__name__, [source.name for source in sources[layer.name]]
            if is_input(layer) or not readers[layer.name]:
                fixed.add(layer.name)
            if kind in _JOINING or (kind in _PASSING and getattr(layer, "depth_multiplier", 1) == 1):
                for name in inputs:
                    join(layer.name, name)
            elif kind not in _MAKING or getattr(layer, "groups", 1) != 1 or len(layer.kernel.shape) == 3:
                fixed |= {layer.name, *inputs}
        return cls(root, frozenset(root[name] for name in fixed))

    def prunable(self, model: Any) -> dict[str, list[Any]]:
        """The layers with filters of each group that may lose some, by root."""
        found: dict[str, list[Any]] = {}
        for layer in model.layers:
            root = self.root[layer.name]
            if type(layer).__name__ in _MAKING and root not in self.fixed:
                found.setdefault(root, []).append(layer)
        return found


def _kept(model: Any, layers: list[Any], per_cent: int) -> Mask:
    """(channels,) of a group: those of the heaviest filters."""
    import numpy as np

    weight = np.sum([_importance(model, layer) for layer in layers], axis=0)
    gone = min(round(len(weight) * per_cent / 100), len(weight) - 1)
    kept = np.ones(len(weight), bool)
    kept[np.argsort(weight, kind="stable")[:gone]] = False
    return kept


def _importance(model: Any, layer: Any) -> NDArray[np.float64]:
    """(channels,) of the filters of a layer, 1 in the mean, so that those added to each other count alike."""
    import numpy as np

    kernel = np.asarray(layer.kernel, np.float64)
    norm = np.abs(kernel).sum(axis=tuple(range(kernel.ndim - 1)))
    after = consumers(model)[layer.name]
    if len(after) == 1 and type(after[0]).__name__ == "BatchNormalization" and after[0].scale:
        deviation = np.sqrt(np.asarray(after[0].moving_variance, np.float64) + after[0].epsilon)
        norm *= np.abs(np.asarray(after[0].gamma, np.float64)) / deviation
    importance: NDArray[np.float64] = norm / max(norm.mean(), 1e-30)
    return importance


def _cut(layer: Any, read: Mask | None, made: Mask | None) -> list[NDArray[np.float32]]:
    """The weights of a layer that reads and makes only these channels; None: all."""
    if type(layer).__name__ not in _MAKING:
        # Depthwise kernels are (height, width, channels, 1), parameters of normalizations (channels,).
        return [_along(array, min(2, array.ndim - 1), made) for array in layer.get_weights()]
    kernel, *bias = layer.get_weights()
    kernel = _along(_along(kernel, kernel.ndim - 2, read), kernel.ndim - 1, made)
    return [kernel, *(_along(one, 0, made) for one in bias)]


def _along(array: NDArray[np.float32], axis: int, mask: Mask | None) -> NDArray[np.float32]:
    """What a mask leaves of an axis, on which its channels may come several times over, as after Flatten."""
    import numpy as np

    if mask is None:
        return array
    return np.compress(np.tile(mask, array.shape[axis] // len(mask)), array, axis)
