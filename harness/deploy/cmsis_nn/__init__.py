"""The `cmsis_nn` backend: Arm's CMSIS-NN kernels, called by generated C without an interpreter.

How exact it is, against TFLite's reference kernels: bit by bit, with one exception. Where CMSIS-NN leaves a choice, it
is made so: FULLY_CONNECTED of int8 rounds once (`CMSIS_NN_USE_SINGLE_ROUNDING`), all else twice, as the interpreter
does. The exception is FULLY_CONNECTED of int16, which is at most one step off: CMSIS-NN shortens the multiplier to 16
bits.
"""

from __future__ import annotations

from harness.deploy.cmsis_nn.backend import CmsisNnBackend

__all__ = ["CmsisNnBackend"]
