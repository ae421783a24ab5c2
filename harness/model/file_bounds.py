"""What a model file from outside may be, and make us take: the same bounds for every format."""

from __future__ import annotations

from pathlib import Path

from harness.errors import ModelError

MOST_BYTES = 2**28
"""No microcontroller holds a model of this size."""
MOST_INFLATION = 10
"""How many times its own size a file may unpack to, or reading it may take of memory.

Weights hardly compress, and real `.tflite` files take 2 to 9 times. Each reader adds a slack for what it takes whatever
the file.
"""


def check_size(path: Path) -> None:
    """Refuse a file that is too large to be read.

    Raises:
        ModelError: it is larger than `MOST_BYTES`.
        OSError: it is not there.
    """
    if path.stat().st_size > MOST_BYTES:
        raise ModelError(f"{path}: is larger than {MOST_BYTES:,} bytes, which no microcontroller holds")
