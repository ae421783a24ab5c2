"""ONNX files, converted by onnx2tf and answered by onnxruntime; PyTorch's exported programs, by way of ONNX.

onnx2tf turns channels first into channels last, so a model takes (and gives) samples in TensorFlow's layout.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ModelError
from harness.model.intake.onnx_graph import complaints, converter_operators, is_quantized, read_onnx, real_inputs
from harness.model.intake.onnx_quantized import without_quantization
from harness.model.intake.torch_archive import safe_copy
from harness.model.samples import INPUT_RANGE
from harness.optimize.intake.check_inputs import check_inputs
from harness.optimize.intake.load_keras import refuse_if
from harness.optimize.intake.source import Source, function_converter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto

    Array = NDArray[np.generic]
    Answer = Callable[[Sequence[Array]], list[Array]]

QUANTIZED_BOUND = 0.1
"""Of an output's greatest magnitude: how far a QDQ model and its float network may lie apart for half of the inputs."""
_OPERATORS = "ops"


def load_onnx(path: Path) -> Source:
    """An ONNX model, checked against onnxruntime.

    Raises:
        ModelError: it is corrupt, or has operators that are not converted; these are listed.
    """
    model = read_onnx(path)
    _refuse_unknown(model)
    if not is_quantized(model):
        return _source(model, _session(model))
    plain = without_quantization(model)
    _check_quantized(real_inputs(model.graph), _session(plain), _session(model))
    return _source(plain, _session(plain))


def _session(model: ModelProto) -> Answer:
    """What onnxruntime answers."""
    import onnxruntime

    names = list(real_inputs(model.graph))
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's classes are not public.
        raise ModelError(f"onnxruntime {onnxruntime.__version__} can't load it: {error}") from error
    return lambda arrays: session.run(None, dict(zip(names, arrays, strict=True)))


def _refuse_unknown(model: ModelProto) -> None:
    import onnx2tf

    refuse_if(complaints(model, converter_operators(Path(onnx2tf.__file__).with_name(_OPERATORS))))


def load_torch(path: Path) -> Source:
    """An exported program of PyTorch, checked against PyTorch.

    Raises:
        ModelError: it is corrupt, or holds what is not taken (see `torch_archive`).
    """
    import torch

    copy = path.with_name("safe.pt2")
    safe_copy(path, copy)
    try:
        program = torch.export.load(copy)
        run = program.module()
        exported = torch.onnx.export(program, dynamo=True, verbose=False)
    except Exception as error:  # Every kind of error comes from there.
        raise ModelError(f"PyTorch {torch.__version__} can't take it: {' '.join(str(error).split())}") from error
    target = path.with_name("exported.onnx")
    if exported is None:
        raise ModelError(f"PyTorch {torch.__version__} makes no ONNX model of it")
    exported.save(str(target))

    def answer(arrays: Sequence[Array]) -> list[Array]:
        with torch.no_grad():
            found = run(*(torch.from_numpy(array.copy()) for array in arrays))
        return [one.numpy() for one in torch.utils._pytree.tree_leaves(found)]

    model = read_onnx(target)
    _refuse_unknown(model)
    return _source(model, answer)


def _source(model: ModelProto, answer: Answer) -> Source:
    """The model converted, with answers in its new layout."""
    network = _converted(model)
    inputs = tuple((tuple(int(size) for size in one.shape), one.dtype.name) for one in network.inputs)
    ranks = [len(shape) for shape, _ in real_inputs(model.graph).values()]

    def answer_channels_last(arrays: Sequence[Array]) -> list[Array]:
        given = [_first(array) if rank > 2 else array for array, rank in zip(arrays, ranks, strict=True)]
        found = answer(given)
        own = [one.numpy() for one in as_list(network(list(arrays), training=False))]
        if len(found) != len(own):
            raise ModelError(f"the converted model has {len(own)} outputs, the source {len(found)}")
        return [_aligned(one, like) for one, like in zip(found, own, strict=True)]

    def converter() -> Any:
        return function_converter(inputs, lambda *tensors: as_list(network(list(tensors), training=False)))

    return Source(inputs, converter, answer_channels_last)


def _check_quantized(inputs: dict[str, tuple[tuple[int, ...], int]], real: Answer, quantized: Answer) -> None:
    """Whether taking out the quantization of a QDQ model left the model what it was.

    What lies beyond the ranges that a model is quantized for saturates in one and not in the other, and tells nothing:
    so inputs beyond `INPUT_RANGE` are left out, and of the others, some of which look like nothing real, half count.

    Raises:
        ModelError: it did not.
    """
    import numpy as np
    from onnx.helper import tensor_dtype_to_np_dtype

    specs = [(shape, tensor_dtype_to_np_dtype(kind).name) for shape, kind in inputs.values()]
    low, high = INPUT_RANGE
    given = [
        arrays for arrays in check_inputs(specs, 0) if all(low <= one.min() and one.max() <= high for one in arrays)
    ]
    share = float(np.median([_share(real(arrays), quantized(arrays)) for arrays in given]))
    if share > QUANTIZED_BOUND:
        raise ModelError(
            f"without its quantization it answers {share:.0%} otherwise, more than {QUANTIZED_BOUND:.0%}; "
            "bring the float model that it was quantized from"
        )


def _share(ours: Sequence[Array], theirs: Sequence[Array]) -> float:
    """The greatest difference of any output, as a part of the greatest magnitude of that output."""
    import numpy as np

    return max(
        float(np.abs(one.astype(np.float64) - other.astype(np.float64)).max(initial=0))
        / (float(np.abs(other).max(initial=0)) or 1.0)
        for one, other in zip(ours, theirs, strict=True)
    )


def as_list(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]


def _converted(model: ModelProto) -> Any:
    """A model of tf_keras by onnx2tf."""
    import numpy as np

    converter: Any = importlib.import_module("onnx2tf.onnx2tf")
    # It would fetch pictures to compare layers with, where a model takes pictures.
    converter.download_test_image_data = lambda: np.random.default_rng(0).random((20, 128, 128, 3), np.float32)
    with tempfile.TemporaryDirectory() as folder:
        try:
            return converter.convert(
                onnx_graph=model,
                output_folder_path=folder,
                batch_size=1,
                not_use_onnxsim=True,
                disable_model_save=True,
                verbosity="error",
            )
        except (Exception, SystemExit) as error:  # It ends the process where it gives up.
            raise ModelError(f"onnx2tf can't convert it: {' '.join(str(error).split())}") from error


def _first(array: Array) -> Array:
    """Channels last to channels first."""
    import numpy as np

    return np.ascontiguousarray(np.moveaxis(array, -1, 1))


def _aligned(found: Array, like: Array) -> Array:
    """An output of the source in the layout that the converted model gives it: its own, or channels last.

    Where the shapes allow both, the one that is nearer to what the converted model answers.
    """
    import numpy as np

    layouts = [found, np.moveaxis(found, 1, -1)] if found.ndim > 2 else [found]
    fitting = [one for one in layouts if one.shape == like.shape]
    if not fitting:
        raise ModelError(f"an output has shape {found.shape} in the source, {like.shape} when converted")
    return min(fitting, key=lambda one: float(np.abs(one.astype(np.float64) - like.astype(np.float64)).max(initial=0)))
