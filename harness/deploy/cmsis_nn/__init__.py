"""The `cmsis_nn` backend: Arm's CMSIS-NN kernels, called by generated C without an interpreter.

How exact it is, against TFLite's reference kernels: bit by bit, for every operator here. Where CMSIS-NN leaves a
choice, it is made so: FULLY_CONNECTED rounds once (`CMSIS_NN_USE_SINGLE_ROUNDING`), all else twice, as the interpreter
does.
"""

from __future__ import annotations

from harness.deploy.cmsis_nn.backend import CmsisNnBackend

__all__ = ["CmsisNnBackend"]
