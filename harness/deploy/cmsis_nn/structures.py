"""CMSIS-NN's structures of numbers: as C initializers for the target, and as words for calls on the host."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.deploy.cmsis_nn.library import size_functions
from harness.deploy.window import Window


@dataclass(frozen=True)
class Structure:
    """One of the structures of `arm_nn_types.h`; all of its fields are int32.

    Attributes:
        fields: in the order of their declaration.
    """

    kind: str
    fields: Mapping[str, int | Structure]

    def initializer(self) -> str:
        """Its value in C."""
        values = ((name, v.initializer() if isinstance(v, Structure) else str(v)) for name, v in self.fields.items())
        return f"{{{', '.join(f'.{name} = {value}' for name, value in values)}}}"

    def define(self, name: str) -> str:
        """A definition in C."""
        return f"static const {self.kind} {name} = {self.initializer()};"

    def words(self) -> Iterator[int]:
        """Its memory, word by word."""
        for value in self.fields.values():
            yield from value.words() if isinstance(value, Structure) else (value,)


def dims(n: int, h: int, w: int, c: int) -> Structure:
    """`cmsis_nn_dims`; what `n` and `c` are is each function's own matter."""
    return Structure("cmsis_nn_dims", {"n": n, "h": h, "w": w, "c": c})


def image(shape: tuple[int, ...]) -> Structure:
    """`cmsis_nn_dims` of a tensor of TFLite's order."""
    n, h, w, c = shape
    return dims(n, h, w, c)


def tile(h: int, w: int) -> Structure:
    """`cmsis_nn_tile`, which has the width first."""
    return Structure("cmsis_nn_tile", {"w": w, "h": h})


def activation(limits: tuple[int, int]) -> Structure:
    """`cmsis_nn_activation` of (low, high)."""
    return Structure("cmsis_nn_activation", {"min": limits[0], "max": limits[1]})


def strides_and_padding(window: Window) -> dict[str, int | Structure]:
    """The fields that all windows have."""
    return {
        "stride": tile(window.stride_height, window.stride_width),
        "padding": tile(window.pad_top, window.pad_left),
    }


def dilation(window: Window) -> dict[str, int | Structure]:
    """The field that those of convolutions have too."""
    return {"dilation": tile(window.dilation_height, window.dilation_width)}


def buffer_bytes(kernel: str, dsp: bool, *arguments: Structure | int) -> int:
    """What a kernel's own size function says.

    Args:
        kernel: such as `arm_convolve_wrapper_s8`.
        dsp: for a core whose DSP extension is used.
        arguments: as the function declares them.
    """
    function = getattr(size_functions(), f"{kernel}_get_buffer_size{'_dsp' if dsp else ''}")
    function.restype = ctypes.c_int32
    return int(function(*(_argument(each) for each in arguments)))


def _argument(value: Structure | int) -> object:
    if isinstance(value, int):
        return ctypes.c_int32(value)
    words = tuple(value.words())
    return ctypes.byref((ctypes.c_int32 * len(words))(*words))
