"""What processes with TensorFlow share: it gets one of its own, so that what it prints and takes stays there."""

from __future__ import annotations

import os
import sys
from typing import Any

OPTIONAL_TO_KERAS = ("matplotlib", "pandas", "sklearn")
"""Packages that Keras imports when they are there, for what is not done here: half the time its import takes."""

# oneDNN picks other kernels on other processors, and with them other rounding.
_ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": ""}
_LINES_SHOWN = 5


def environment() -> dict[str, str]:
    """The environment variables of such a process."""
    return {**os.environ, **_ENVIRONMENT}


def import_tensorflow() -> None:
    """Import it without what is not needed here."""
    absent = [name for name in OPTIONAL_TO_KERAS if name not in sys.modules]
    hidden: dict[str, Any] = dict.fromkeys(absent)
    sys.modules.update(hidden)
    import tensorflow  # noqa: F401 - what uses it imports it again

    for name in absent:
        del sys.modules[name]


def last_words(errors: bytes) -> str:
    """The end of what it wrote to its standard error."""
    return "\n".join(errors.decode(errors="replace").strip().splitlines()[-_LINES_SHOWN:])
