"""The ways in which a model's numbers are stored."""

from __future__ import annotations

from enum import StrEnum

from harness.errors import ConfigError


class Quantization(StrEnum):
    """How weights, activations, inputs and outputs are stored: all that TFLite's converter offers."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    """Weights and biases are float16, and a DEQUANTIZE before each layer makes float32 of them; the rest is float32."""
    DYNAMIC = "dynamic"
    """Weights are int8, except small ones (less than 1024 elements); the rest is float32. Hybrid kernels quantize the
    activations that they read as they go, by the range these happen to have."""
    INT8_FLOAT_IO = "int8_float_io"
    """As `INT8` within; a QUANTIZE and a DEQUANTIZE make float32 of input and output."""
    INT8 = "int8"
    """Weights, activations, input and output are int8."""
    INT16X8_FLOAT_IO = "int16x8_float_io"
    """As `INT16X8` within; a QUANTIZE and a DEQUANTIZE make float32 of input and output."""
    INT16X8 = "int16x8"
    """Activations, input and output are int16, weights int8, biases int64."""

    INT16 = "int16"
    """The features of a model of scikit-learn are int16, and with them the thresholds of trees."""

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise ConfigError(f"no quantization is called {str(value)!r}; there are {', '.join(cls)}")

    @property
    def activations(self) -> str:
        """The type of what flows from layer to layer, as numpy names it."""
        return next((dtype for dtype in ("int16", "int8") if self.startswith(dtype)), "float32")

    @property
    def io(self) -> str:
        """The type of input and output."""
        return "float32" if self.endswith("_float_io") else self.activations

    @property
    def is_calibrated(self) -> bool:
        """Whether representative samples are needed, to find the ranges of activations."""
        return self.activations != "float32"


NETWORK_QUANTIZATIONS = tuple(one for one in Quantization if one is not Quantization.INT16)
"""Those of a `.tflite`."""

CLASSICAL_QUANTIZATIONS = (Quantization.FLOAT32, Quantization.INT16)
"""Those of a model of scikit-learn."""
