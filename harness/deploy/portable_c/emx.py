"""Runs emx-onnx-cgen, and reads from its C which function it calls with which buffers.

Its entry function keeps all temporaries on the stack at once. So it is read, not called: the glue calls the same
functions in the same order, with buffers of a planned arena. What is not as this version writes it is an error.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from math import prod
from pathlib import Path

from harness.deploy.toolchain import run_tool
from harness.errors import BuildError
from harness.model.model import ITEM_BYTES

ENTRY = "emx_model"
# All constants in the C file, no buffer on the heap.
_OPTIONS = ("--large-weight-threshold", "0", "--large-temp-threshold", "0", "--color", "never")

_NUMPY_TYPES = {"float": "float32", "int8_t": "int8", "int32_t": "int32", "int64_t": "int64", "bool": "bool"}
_BUFFER = r"(?:const )?(?P<type>\w+) (?P<name>\w+)(?P<shape>(?:\[[^\]]+\])+)"
_PARAMETER = re.compile(_BUFFER)
_TEMPORARY = re.compile(rf"    {_BUFFER};")
_CALL = re.compile(
    r"    (?P<function>node\d+_layer_(?P<layer>\d+)_(?P<kind>kernel|alias)_\d+)\((?P<arguments>[^()]*)\);"
)


@dataclass(frozen=True)
class EmxCall:
    """One call of the entry function.

    Attributes:
        layer: index of the operator that it is part of.
        is_alias: it only copies its first argument to its last.
        arguments: C expressions: names of constants or of buffers; the output is the last.
    """

    function: str
    layer: int
    is_alias: bool
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class EmxProgram:
    """What the entry function does.

    Attributes:
        parameters: names of its parameters: the graph's inputs, then its outputs.
        buffers: bytes of each parameter and temporary.
        calls: in their order.
    """

    parameters: tuple[str, ...]
    buffers: dict[str, int]
    calls: tuple[EmxCall, ...]


def compile_onnx(content: bytes, directory: Path) -> Path:
    """The C file that emx-onnx-cgen makes of an ONNX model, in that directory.

    Raises:
        BuildError: it failed; the text has its words.
    """
    onnx, source = directory / "model.onnx", directory / "emx_model.c"
    onnx.write_bytes(content)
    arguments = ("compile", *_OPTIONS, "--model-name", ENTRY, str(onnx), str(source))
    try:
        run_tool([sys.executable, "-m", "emx_onnx_cgen", *arguments])
    except BuildError as error:
        raise BuildError(f"emx-onnx-cgen could not compile the model: {error}") from error
    onnx.unlink()
    return source


def read_program(source: str) -> EmxProgram:
    """The entry function of a C file.

    Raises:
        BuildError: it is not written as expected.
    """
    head, _, rest = source.partition(f"\nvoid {ENTRY}(")
    parameters, _, body = rest.partition(") {\n")
    if not head or not body:
        raise BuildError(f"emx-onnx-cgen wrote no function {ENTRY}")
    buffers = {}
    for text in parameters.split(", "):
        name, nbytes = _buffer(text.replace("restrict ", ""), _PARAMETER)
        buffers[name] = nbytes
    names, calls = tuple(buffers), []
    for line in body[: body.index("\n}")].splitlines():
        if call := _CALL.fullmatch(line):
            arguments = tuple(call["arguments"].split(", "))
            calls.append(EmxCall(call["function"], int(call["layer"]), call["kind"] == "alias", arguments))
        elif line.strip():
            name, nbytes = _buffer(line, _TEMPORARY)
            buffers[name] = nbytes
    return EmxProgram(names, buffers, tuple(calls))


def _buffer(text: str, pattern: re.Pattern[str]) -> tuple[str, int]:
    """Name and bytes of a declaration."""
    found = pattern.fullmatch(text)
    sizes = re.findall(r"\[(\d+)\]", found["shape"]) if found else []
    if not found or found["type"] not in _NUMPY_TYPES or len(sizes) != found["shape"].count("["):
        raise BuildError(f"emx-onnx-cgen wrote what this backend can't read: {text.strip()[:100]}")
    return found["name"], prod(map(int, sizes)) * ITEM_BYTES[_NUMPY_TYPES[found["type"]]]
