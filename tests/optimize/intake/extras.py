"""Tests that need packages of the extras `onnx` and `torch` skip without them."""

from __future__ import annotations

import importlib.util

import pytest

ONNX = ("onnx2tf", "onnxruntime", "tf_keras")
TORCH = (*ONNX, "torch", "onnxscript")


def needs(packages: tuple[str, ...]) -> pytest.MarkDecorator:
    """Skips where one of them is not installed."""
    lacking = [name for name in packages if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(lacking), reason=f"needs {', '.join(lacking)}, of the extras onnx and torch")
