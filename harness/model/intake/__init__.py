"""Model files of other tools than TFLite: what they are, and what speaks against them, before any tool loads them.

Nothing here needs TensorFlow or torch, or executes what a file says.
"""
