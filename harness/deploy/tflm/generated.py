"""Writes what is generated for a model: its flatbuffer as an object, and `generated.h` for the glue."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from harness.deploy.tflm.library import GLUE
from harness.deploy.tflm.probe import Arena
from harness.model.model import Tensor
from harness.model.tflite_graph import Graph

GLUE_FILES = ("interpreter.h", "model.cc", "probe.cc")


def write_model(content: bytes, directory: Path) -> Path:
    """The flatbuffer, aligned as TFLM asks, as a C file; gives back its path."""
    (directory / "model.tflite").write_bytes(content)
    source = directory / "model_flatbuffer.c"
    source.write_text(
        "/* The model, byte by byte as the converter wrote it. */\n"
        '__asm__(".pushsection .rodata.model_flatbuffer, \\"a\\"\\n.balign 16\\n.global model_flatbuffer\\n"\n'
        '        ".type model_flatbuffer, %object\\nmodel_flatbuffer:\\n"\n'
        f'        ".incbin \\"{directory / "model.tflite"}\\"\\n"\n'
        '        ".size model_flatbuffer, . - model_flatbuffer\\n.popsection");\n'
    )
    return source


def copy_glue(directory: Path) -> None:
    """Put the glue beside what is generated."""
    for name in GLUE_FILES:
        shutil.copy(GLUE / name, directory / name)


def header(methods: Sequence[str], graph: Graph, arena: Arena | None = None) -> str:
    """The text of `generated.h`; before the arena is known, without what the firmware alone needs."""
    added = " && ".join(f"(resolver)->{method}() == kTfLiteOk" for method in methods)
    lines = [
        "#ifndef GENERATED_H",
        "#define GENERATED_H",
        f"#define MODEL_OPERATOR_KINDS {len(methods)}",
        f"#define MODEL_ADD_OPERATORS(resolver) ({added})",
    ]
    if arena is not None:
        inputs = [graph.tensors[index].value() for index in graph.inputs]
        outputs = [graph.tensors[index].value() for index in graph.outputs]
        lines += [
            f"#define MODEL_ARENA_BYTES {arena.minimum}",
            f"#define MODEL_STEP_COUNT {len(graph.operators)}",
            f"#define MODEL_INPUT_COUNT {len(inputs)}",
            f"#define MODEL_OUTPUT_COUNT {len(outputs)}",
            f"#define MODEL_INPUTS(arena) {_tensors(inputs, arena.input_offsets)}",
            f"#define MODEL_OUTPUTS(arena) {_tensors(outputs, arena.output_offsets)}",
        ]
    return "\n".join([*lines, "#endif", ""])


def _tensors(tensors: Sequence[Tensor], offsets: Sequence[int]) -> str:
    return ", ".join(f"{{(arena) + {at}, {tensor.nbytes}}}" for tensor, at in zip(tensors, offsets, strict=True))
