"""Kernels with many zeros or few values: how they come to have them, and how training leaves them so."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.optimize.fine_tune import AfterBatch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_RAMP = 0.6
"""Share of the training after which the full sparsity is reached; the rest makes up for it."""
_ITERATIONS = 30

Put = Callable[["NDArray[np.float32]"], "NDArray[np.float32]"]
"""Puts a kernel in order: gives what it has to be, from what a step of training made of it."""


def kernels(model: Any) -> list[Any]:
    """The weights that are pruned and clustered: what is multiplied with activations, no biases or normalizations."""
    return [one for layer in model.layers for one in layer.trainable_weights if len(one.shape) > 1]


def pruning(model: Any, per_cent: int) -> AfterBatch:
    """Makes ever more of each kernel's smallest weights zero while it is trained.

    The share of zeros grows by the cubic of Zhu and Gupta, To prune or not to prune, 2017, from 0 up to `per_cent` when
    `_RAMP` of the training is done; from then on the same weights stay zero.
    """
    import numpy as np

    masks: list[NDArray[np.bool_]] = []
    reached = False

    def after(done: float) -> None:
        nonlocal reached
        share = per_cent / 100 * (1 - (1 - min(done / _RAMP, 1)) ** 3)
        weights = [np.array(kernel) for kernel in kernels(model)]
        if not reached:
            masks[:] = [_largest(one, one.size - round(share * one.size)) for one in weights]
            reached = done >= _RAMP
        for kernel, one, mask in zip(kernels(model), weights, masks, strict=True):
            kernel.assign(np.where(mask, one, 0))

    return after


def _largest(weights: NDArray[np.float32], count: int) -> NDArray[np.bool_]:
    """Which weights are the `count` largest."""
    import numpy as np

    mask = np.zeros(weights.size, bool)
    mask[np.argsort(-np.abs(weights).ravel(), kind="stable")[:count]] = True
    return mask.reshape(weights.shape)


def clustered(weights: NDArray[np.float32], count: int, keep_zeros: bool) -> NDArray[np.float32]:
    """A kernel with at most `count` different values.

    Found by k-means from equally spaced ones, as in Han et al., Deep compression, 2016.

    Args:
        keep_zeros: zero is one of the values, and is that of exactly the weights that are zero.
    """
    import numpy as np
    from scipy.cluster.vq import kmeans2

    free = weights != 0 if keep_zeros else np.ones(weights.shape, bool)
    centroids = count - (not free.all())
    values = weights[free].astype(np.float64)
    if len(np.unique(values)) <= centroids:
        return weights
    start = np.linspace(values.min(), values.max(), centroids)
    with warnings.catch_warnings():
        # A centroid that no weight is nearest to stays where it is, and is not used.
        warnings.simplefilter("ignore", UserWarning)
        found, nearest = kmeans2(values[:, None], start[:, None], iter=_ITERATIONS, minit="matrix")
    result = np.zeros_like(weights)
    result[free] = found[nearest, 0]
    return result


def cluster(model: Any, count: int, keep_zeros: bool) -> None:
    """Cluster each kernel of a model."""
    import numpy as np

    for kernel in kernels(model):
        kernel.assign(clustered(np.array(kernel), count, keep_zeros))


def keeping(model: Any, zeros: bool, values: bool) -> AfterBatch:
    """Keeps what a model's kernels have now: which weights are zero, and which share a value.

    A value that is shared moves by the mean of what training does to each of its weights, as if it were one.
    """
    import numpy as np

    puts = [_putting(np.array(kernel), zeros, values) for kernel in kernels(model)]

    def after(_done: float) -> None:
        for kernel, put in zip(kernels(model), puts, strict=True):
            kernel.assign(put(np.array(kernel)))

    return after if zeros or values else lambda _done: None


def _putting(weights: NDArray[np.float32], zeros: bool, values: bool) -> Put:
    import numpy as np

    kept = weights != 0 if zeros else np.ones(weights.shape, bool)
    if not values:
        return lambda trained: np.where(kept, trained, 0)
    _, group = np.unique(weights, return_inverse=True)
    sizes = np.bincount(group.ravel())

    def put(trained: NDArray[np.float32]) -> NDArray[np.float32]:
        means = np.bincount(group.ravel(), trained.ravel()) / sizes
        return np.where(kept, means[group].reshape(trained.shape), 0).astype(np.float32)

    return put
