"""Stage 2, variants: one model in, converted and quantized models out."""

from __future__ import annotations

from harness.optimize.convert import make_variant, variant_of_file
from harness.optimize.variant import Quantization, Variant

__all__ = ["Quantization", "Variant", "make_variant", "variant_of_file"]
