"""What a function or a table takes of flash and RAM; read by `harness.bench.image_symbols`."""

from __future__ import annotations

from dataclasses import dataclass

from harness.value import Value


@dataclass(frozen=True)
class SymbolSize(Value):
    """A function or a table.

    Attributes:
        name: the symbol; `(unnamed)` for what has none, such as texts and padding, `(others)` for all small ones.
        file: the object file that it came from; empty for `(others)`.
        part: what it belongs to: `weights`, `kernels`, `runtime`, `base`, `model` (its arena and variables).
        flash, ram: bytes.
    """

    name: str
    file: str
    part: str
    flash: int
    ram: int
