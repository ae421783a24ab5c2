"""TensorFlow Lite Micro's interpreter is an extra, and its project makes wheels for Linux on x86-64 alone."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

needs_tflm = pytest.mark.skipif(find_spec("tflite_micro") is None, reason="needs tflite_micro, of the extra tflm")
