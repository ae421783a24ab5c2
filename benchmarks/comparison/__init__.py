"""What `benchmarks/truth.py` is made of: published rows, their models, what virtual boards say, and tables of both."""
