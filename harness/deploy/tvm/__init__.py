"""The `tvm` backend. TVM itself is imported only when it generates code."""

from harness.deploy.tvm.backend import TvmBackend

__all__ = ["TvmBackend"]
