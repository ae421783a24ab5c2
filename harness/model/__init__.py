"""Stage 1, intake: model files and model code in, `Model` and `Dataset` values out."""
