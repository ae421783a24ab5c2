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
from harness.model.intake.onnx_graph import complaints, converter_operators, read_onnx, real_inputs
from harness.model.intake.torch_archive import safe_copy
from harness.optimize.intake.load_keras import refuse_if
from harness.optimize.intake.source import Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto

    Array = NDArray[np.generic]
    Answer = Callable[[Sequence[Array]], list[Array]]

_OPERATORS = "ops"


def load_onnx(path: Path) -> Source:
    """An ONNX model, checked against onnxruntime.

    Raises:
        ModelError: it is corrupt, or has operators that are not converted; these are listed.
    """
    import onnxruntime

    model = read_onnx(path)
    names = list(real_inputs(model.graph))
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's classes are not public.
        raise ModelError(f"onnxruntime {onnxruntime.__version__} can't load it: {error}") from error
    return _source(model, lambda arrays: session.run(None, dict(zip(names, arrays, strict=True))))


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
    exported.save(str(target))

    def answer(arrays: Sequence[Array]) -> list[Array]:
        with torch.no_grad():
            found = run(*(torch.from_numpy(array.copy()) for array in arrays))
        return [one.numpy() for one in torch.utils._pytree.tree_leaves(found)]

    return _source(read_onnx(target), answer)


def _source(model: ModelProto, answer: Answer) -> Source:
    """The model converted, with answers in its new layout."""
    import onnx2tf

    refuse_if(complaints(model, converter_operators(Path(onnx2tf.__file__).with_name(_OPERATORS))))
    network = _converted(model)
    inputs = tuple((tuple(int(size) for size in one.shape), one.dtype.name) for one in network.inputs)
    ranks = [len(shape) for shape, _ in real_inputs(model.graph).values()]

    def answer_channels_last(arrays: Sequence[Array]) -> list[Array]:
        found = answer([_first(array) if rank > 2 else array for array, rank in zip(arrays, ranks, strict=True)])
        own = [one.numpy() for one in as_list(network(list(arrays), training=False))]
        if len(found) != len(own):
            raise ModelError(f"the converted model has {len(own)} outputs, the source {len(found)}")
        return [_aligned(one, like) for one, like in zip(found, own, strict=True)]

    return Source(
        inputs, lambda *tensors: as_list(network(list(tensors), training=False)), network, answer_channels_last
    )


def as_list(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]


def _converted(model: ModelProto) -> Any:
    """A model of tf_keras by onnx2tf."""
    import numpy as np

    converter = importlib.import_module("onnx2tf.onnx2tf")
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
    return min(fitting, key=lambda one: float(np.abs(one.astype(np.float64) - like).max(initial=0)))
