"""Stage 3, deployment: a variant in, firmware for one target out."""
