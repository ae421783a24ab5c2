"""Keras' files and TensorFlow's SavedModel, each loaded by its own library, after it was looked through."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ModelError
from harness.model.intake.archive import read_json, read_members
from harness.model.intake.hdf5 import check_hdf5, read_hdf5_config
from harness.model.intake.keras_config import complaints
from harness.optimize.intake.source import FOREIGN_FLOATS, Source, fixed_batch, function_converter

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

_SIGNATURE = "serving_default"
_PARTS = ("config.json", "metadata.json", "model.weights.h5")


def load_keras(path: Path) -> Source:
    """A `.keras` file.

    Raises:
        ModelError: it is corrupt, or holds code or custom objects; all of these are listed.
    """
    members = read_members(path)
    lacking = [name for name in _PARTS if name not in members]
    if lacking:
        raise ModelError(f"is truncated or corrupt: lacks {', '.join(lacking)}")
    check_hdf5(members["model.weights.h5"])
    return _load(path, read_json(members["config.json"], "config.json"))


def load_hdf5(path: Path) -> Source:
    """A whole model in an `.h5` file; errors as of `load_keras`."""
    check_hdf5(path.read_bytes())
    return _load(path, read_hdf5_config(path))


def _load(path: Path, config: Any) -> Source:
    import keras

    known = {name for name in dir(keras.layers) if name[0].isupper()}
    refuse_if(complaints(config, known))
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras has no class of its own for files it can't read.
        raise ModelError(f"Keras {keras.__version__} can't load it: {' '.join(str(error).split())}") from error
    _refuse_types(model)
    if not model.inputs:
        raise ModelError("was never built: call it once, or give it an Input, and save it again")
    inputs = tuple((fixed_batch(one.shape, one.name), str(one.dtype)) for one in model.inputs)

    def answer(arrays: Sequence[NDArray[np.generic]]) -> list[NDArray[np.generic]]:
        return _flat(model.predict_on_batch(list(arrays) if len(arrays) > 1 else arrays[0]))

    def network(*tensors: Any) -> list[Any]:
        return _flat(unrolled(list(tensors) if len(tensors) > 1 else tensors[0], training=False))

    unrolled = _unrolled(model)
    return Source(inputs, lambda: function_converter(inputs, network), answer)


def _refuse_types(model: Any) -> None:
    """Refuse layers that compute in a type that TFLite has no operators for: those of mixed precision, say."""
    wide = [
        f"{layer.name} ({layer.compute_dtype})"
        for layer in model._flatten_layers(include_self=False)
        if str(layer.compute_dtype) in FOREIGN_FLOATS
    ]
    if wide:
        raise ModelError(
            f"computes in other types than float32: {', '.join(wide)}; make the model anew after "
            "keras.config.set_dtype_policy('float32'), and give it the weights of this one"
        )


def _unrolled(model: Any) -> Any:
    """The same model, with recurrent layers step by step: TFLite's loops are not for microcontrollers."""
    import keras

    if not any(hasattr(layer, "unroll") or hasattr(layer, "forward_layer") for layer in model._flatten_layers()):
        return model

    def unroll(layer: Any) -> Any:
        config = layer.get_config()
        wrapped = [config[key]["config"] for key in ("layer", "backward_layer") if isinstance(config.get(key), dict)]
        for one in (config, *wrapped):
            if "unroll" in one:
                one["unroll"] = True
        return type(layer).from_config(config)

    copy = keras.models.clone_model(model, clone_function=unroll, recursive=True)
    copy.set_weights(model.get_weights())
    return copy


def load_saved_model(path: Path) -> Source:
    """The `serving_default` signature of a SavedModel.

    Raises:
        ModelError: it is corrupt, has no such signature, or has operators that reach for files; these are listed.
    """
    import tensorflow as tf

    from harness.model.intake import saved_model

    refuse_if(saved_model.complaints(saved_model.read_saved_model(path)))
    try:
        loaded = tf.saved_model.load(str(path))
        signature = loaded.signatures[_SIGNATURE]
    except KeyError as error:
        raise ModelError(f"has no signature {error}; save it with model.export(folder)") from error
    except Exception as error:
        raise ModelError(f"TensorFlow {tf.__version__} can't load it: {' '.join(str(error).split())}") from error
    _, keywords = signature.structured_input_signature
    names = sorted(keywords)
    inputs = tuple((_shape(keywords[name], name), keywords[name].dtype.name) for name in names)

    def network(*tensors: Any) -> list[Any]:
        # By way of the loaded model, which owns the variables.
        outputs = loaded.signatures[_SIGNATURE](**dict(zip(names, tensors, strict=True)))
        return [outputs[name] for name in sorted(outputs)]

    def answer(arrays: Sequence[NDArray[np.generic]]) -> list[NDArray[np.generic]]:
        return [one.numpy() for one in network(*map(tf.constant, arrays))]

    return Source(inputs, lambda: function_converter(inputs, network), answer)


def refuse_if(found: list[str]) -> None:
    """Refuse a model of which something is said.

    Raises:
        ModelError: with all of it, a line each.
    """
    if found:
        raise ModelError("can't be taken:\n" + "\n".join(f"  {one}" for one in found))


def _shape(spec: Any, name: str) -> tuple[int, ...]:
    if spec.shape.rank is None:
        raise ModelError(f"input {name!r} leaves its rank open; save the model with fixed sizes")
    return fixed_batch(spec.shape.as_list(), name)


def _flat(outputs: Any) -> list[Any]:
    """Outputs in the order of the network's, whatever holds them."""
    import keras

    return list(keras.tree.flatten(outputs))
