"""What can be told of a model's file without running it: its size, and what pruning and clustering have come to."""

from __future__ import annotations

import gzip

from harness.model.model import Model, ModelFormat
from harness.model.tflite_graph import Graph, GraphTensor, open_graph


def file_facts(model: Model) -> dict[str, float]:
    """`model_size` and `model_gzip` in bytes, `sparsity` 0 to 1, of a network: quantities of a record.

    Sparse and clustered models are no smaller on a board whose kernels do not know of it; under gzip they are (Han et
    al., Deep compression, 2016; Figure 6.1 of Heim's thesis, ETH Zurich, 2020).

    Raises:
        ModelError: the file is gone or changed.
    """
    packed = gzip.compress(model.read_bytes(), compresslevel=9, mtime=0)
    sizes: dict[str, float] = {"model_size": model.size, "model_gzip": len(packed)}
    return {**sizes, "sparsity": _sparsity(open_graph(model))} if model.format is ModelFormat.TFLITE else sizes


def _sparsity(graph: Graph) -> float:
    """Share of zeros among all kernels; 0 for a model without any."""
    import numpy as np

    kernels = [tensor for tensor in graph.tensors if _is_kernel(tensor)]
    zeros = sum(int(np.count_nonzero(one.data == _zero(one))) for one in kernels)
    return zeros / max(sum(one.value().elements for one in kernels), 1)


def _is_kernel(tensor: GraphTensor) -> bool:
    """A constant of weights; biases, shapes and axes are vectors, or of wider integers."""
    return tensor.data is not None and len(tensor.shape) > 1 and tensor.dtype not in ("int32", "int64", "bool")


def _zero(tensor: GraphTensor) -> int:
    """What stands for 0: with a scale a channel it is 0 itself."""
    return int(tensor.zero_points[0]) if len(tensor.zero_points) == 1 else 0
