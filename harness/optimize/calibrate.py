"""Post-training quantization with a choice of how ranges of activations are found, by LiteRT's own quantizer.

TensorFlow's converter knows only the least and greatest value. So a float32 `.tflite` is run on the representative
samples here, a range is found for each tensor that it computes, and `ai_edge_quantizer` rewrites the graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.tflite_reader import parse_graph
from harness.optimize.quantization import Quantization
from harness.optimize.ranges import find_range
from harness.optimize.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_VALUES_A_SAMPLE = 2048
"""Of each tensor, drawn at random; its least and greatest are always among them."""


def quantize(
    content: bytes,
    quantization: Quantization,
    samples: NDArray[np.generic],
    recipe: Recipe,
    seed: int,
) -> bytes:
    """A float32 `.tflite` of one input in one of the calibrated quantizations.

    Args:
        samples: (count, *input shape without batch).
        seed: of the values that are looked at.
    """
    import numpy as np
    from ai_edge_quantizer import qtyping, quantizer
    from ai_edge_quantizer.algorithm_manager import AlgorithmName

    names = qtyping.TFLOperationName
    tool = quantizer.Quantizer(content)
    bits = 16 if quantization.activations == "int16" else 8
    granularity = qtyping.QuantGranularity.TENSORWISE if recipe.per_tensor else qtyping.QuantGranularity.CHANNELWISE
    tool.add_static_config(".*", names.ALL_SUPPORTED, bits, 8, granularity)
    if quantization.io == "float32":
        for end in (names.INPUT, names.OUTPUT):
            tool.update_quantization_recipe(".*", end, algorithm_key=AlgorithmName.NO_QUANTIZE)
    ranges = {
        name: find_range(values, recipe.calibration, 2**bits - 1)
        for name, values in _activations(content, samples, seed).items()
    }
    statistics = {
        name: {"min": np.full(1, least, np.float32), "max": np.full(1, greatest, np.float32)}
        for name, (least, greatest) in ranges.items()
    }
    result: bytes = bytes(tool.quantize(statistics, enable_progress_report=False).quantized_model)
    return result


def _activations(content: bytes, samples: NDArray[np.generic], seed: int) -> dict[str, NDArray[np.float32]]:
    """Values of every float tensor that is given or computed, by its name."""
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    graph = parse_graph(content, "the float32 model")
    wanted = {
        tensor.index: tensor.name for tensor in graph.tensors if tensor.data is None and tensor.dtype == "float32"
    }
    interpreter = Interpreter(
        model_content=content,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
    )
    interpreter.allocate_tensors()
    (given,) = interpreter.get_input_details()
    generator = np.random.default_rng(seed)
    found: dict[str, list[NDArray[np.float32]]] = {name: [] for name in wanted.values()}
    for sample in samples:
        interpreter.set_tensor(given["index"], sample.reshape(given["shape"]))
        interpreter.invoke()
        for index, name in wanted.items():
            found[name].append(_drawn(interpreter.get_tensor(index).ravel(), generator))
    return {name: np.concatenate(values) for name, values in found.items()}


def _drawn(values: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    import numpy as np

    if values.size <= _VALUES_A_SAMPLE:
        return values
    ends = np.array([values.min(), values.max()], np.float32)
    return np.concatenate([ends, generator.choice(values, _VALUES_A_SAMPLE, replace=False)])
