"""What speaks against a Keras model, from its configuration alone: code in it, and layers that Keras does not have."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from harness.errors import ModelError

_MOST_DEPTH = 100
_CODE = ("Lambda", "__lambda__", "function")
_OPERATIONS = re.compile(r"keras\.src\.ops\.\w+")
_OWN = re.compile(
    r"builtins|keras(\.(layers|initializers|regularizers|constraints|activations|dtype_policies|models)(\.\w+)*"
    r"|\.src\.(ops|models|engine)\.\w+)?"
)
"""Modules whose objects models are made of; others of Keras hold functions that do more than compute."""
_MODELS = ("Functional", "Sequential", "Model", "InputLayer")


def complaints(config: Any, layer_classes: Collection[str]) -> list[str]:
    """Everything that can't be taken, one line each with the layer's name; empty where there is nothing.

    Args:
        config: of `config.json`, or of the attribute `model_config` of an HDF5 file.
        layer_classes: names of Keras' own layers.

    Raises:
        ModelError: it is no configuration of a model.
    """
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        raise ModelError("its configuration describes no model")
    found: list[str] = []
    for name, part in _objects(config, "the model", 0):
        complaint = _complaint(part, is_layer=part.get("_is_layer", False), layer_classes=layer_classes)
        if complaint:
            found.append(f"{name}: {complaint}")
    return list(dict.fromkeys(found))


def _complaint(part: dict[str, Any], is_layer: bool, layer_classes: Collection[str]) -> str:
    class_name, module = str(part["class_name"]), part.get("module")
    registered = part.get("registered_name")
    if class_name in _CODE:
        return f"{class_name} holds Python code, which is never run; use Keras' own layers for it, or export to ONNX"
    foreign = module is not None and not _OWN.fullmatch(str(module))
    if foreign or ">" in class_name or (isinstance(registered, str) and ">" in registered):
        return f"{class_name} is a custom object, whose code is not in the file; export the model to ONNX"
    is_operation = bool(_OPERATIONS.fullmatch(str(module)))
    if is_layer and not is_operation and class_name not in layer_classes and class_name not in _MODELS:
        return f"{class_name} is no layer of this version of Keras"
    return ""


def _objects(value: Any, name: str, depth: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """All serialized objects below a value, each with the name of the layer it belongs to."""
    if depth > _MOST_DEPTH:
        raise ModelError(f"its configuration is nested deeper than {_MOST_DEPTH}")
    if isinstance(value, dict):
        inner = value.get("config")
        if isinstance(value.get("class_name"), str):
            own = inner.get("name") if isinstance(inner, dict) else None
            name = str(own) if isinstance(own, str) else name
            yield name, value
        for key, one in value.items():
            if key == "compile_config":  # How it was trained: models are loaded without it.
                continue
            if key == "layers" and isinstance(one, list):
                one = [{**layer, "_is_layer": True} if isinstance(layer, dict) else layer for layer in one]
            yield from _objects(one, name, depth + 1)
    elif isinstance(value, list):
        for one in value:
            yield from _objects(one, name, depth + 1)
