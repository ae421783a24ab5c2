"""The `tflm` backend: TensorFlow Lite Micro, from a tree that the user brings."""

from __future__ import annotations

from harness.deploy.tflm.backend import TflmBackend

__all__ = ["TflmBackend"]
