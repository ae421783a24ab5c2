"""What a model file from outside may make us take: the same bound for every format."""

from __future__ import annotations

MOST_INFLATION = 10
"""How many times its own size a file may unpack to, or reading it may take of memory.

Weights hardly compress, and real `.tflite` files take 2 to 9 times. Each reader adds a slack for what it takes whatever
the file.
"""
