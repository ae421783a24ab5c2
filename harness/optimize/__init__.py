"""Stage 2, variants: one model in, converted and quantized models out."""
