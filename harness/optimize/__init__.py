"""Stage 2, variants: one model in, converted and quantized models out."""

from __future__ import annotations

from harness.optimize.convert import make_variant, variant_of_file
from harness.optimize.quantization import Quantization
from harness.optimize.recipe import Recipe
from harness.optimize.variant import Variant

__all__ = ["Quantization", "Recipe", "Variant", "make_variant", "variant_of_file"]
