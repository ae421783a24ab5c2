"""The `portable_c` backend: plain C that any core runs, made by emx-onnx-cgen from an ONNX graph."""

from harness.deploy.portable_c.backend import PortableCBackend

__all__ = ["PortableCBackend"]
