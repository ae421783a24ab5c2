"""What arena a model needs, asked of TensorFlow Lite Micro itself: its start-up code runs on an emulated core."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.deploy.tflm.arena_search import ALIGNMENT, edgemark_resolution, smallest
from harness.deploy.tflm.emulator import CODE, RAM, RAM_BYTES, Emulator
from harness.deploy.tflm.library import Compiler
from harness.deploy.toolchain import run_tool
from harness.errors import BuildError, UnsupportedModelError
from harness.model.tflite_graph import Graph
from harness.value import Value

_LOG_BYTES = 2048
_SECONDS_OF_AN_INFERENCE = 600
_ARENA = RAM + (RAM_BYTES >> 2)
_MOST = RAM_BYTES >> 1
_FAILED_NODE = re.compile(r"Node \S+ \(number (\d+)")


@dataclass(frozen=True)
class Arena(Value):
    """Bytes.

    Attributes:
        minimum: the smallest multiple of 16 that the model starts with.
        tries: sizes that were tried to find it.
        used: of the minimum, by the interpreter's own `arena_used_bytes`. The rest is needed only while it starts.
        recorded: what the interpreter with the recording allocator uses.
        edgemark, edgemark_tries, edgemark_resolution: what EdgeMark's search finds, with its steps.
        input_offsets, output_offsets: where in the arena the model's tensors lie.
    """

    minimum: int
    tries: int
    used: int
    recorded: int
    edgemark: int
    edgemark_tries: int
    edgemark_resolution: int
    input_offsets: tuple[int, ...]
    output_offsets: tuple[int, ...]


def link_probe(compiler: Compiler, objects: Sequence[Path], elf: Path) -> None:
    """Link the probe for the emulated core.

    Raises:
        BuildError: a symbol is nowhere; the text has the linker's words.
    """
    places = [f"-Wl,-Ttext={CODE:#x}", f"-Wl,-Tdata={RAM:#x}", "-Wl,--gc-sections", "-Wl,-e,probe_start"]
    roots = [f"-Wl,-u,probe_{one}" for one in ("used", "recorded", "invoke", "input_offset", "output_offset", "log")]
    flags = [*compiler.flags(compiler.options.kernels), "--specs=nano.specs", "-nostartfiles", "-Wl,-z,noexecstack"]
    run_tool([compiler.tools.compiler, *flags, *places, *roots, *objects, "-lm", "-o", elf])


def measure_arena(elf: Path, compiler: Compiler, graph: Graph) -> Arena:
    """Start the model in arenas of many sizes, and run it once in the smallest.

    Raises:
        UnsupportedModelError: a kernel refuses its layer, whatever the arena; the text has its words.
        BuildError: the code crashed.
    """
    core = Emulator(elf, compiler.target.core)
    recorded = core.call("probe_recorded", _ARENA, _MOST)

    def starts(nbytes: int) -> bool:
        try:
            return core.call("probe_start", _ARENA, nbytes) == 0
        except BuildError:
            return False  # a check of TFLM's own failed, where it is built with them

    if core.call("probe_start", _ARENA, _MOST) != 0:
        raise UnsupportedModelError(_refusal(core.text("probe_log", _LOG_BYTES), graph))
    resolution = edgemark_resolution(recorded)
    coarse = smallest(starts, resolution, recorded, _MOST)
    found = smallest(starts, ALIGNMENT, recorded, _MOST)
    if found is None or coarse is None or not starts(found.nbytes):
        raise BuildError(
            "TensorFlow Lite Micro starts in a large arena, but not in a smaller one that it started in before"
        )
    # Many kernels look at types only as they compute.
    if core.call("probe_invoke", seconds=_SECONDS_OF_AN_INFERENCE) != 0:
        raise UnsupportedModelError(_refusal(core.text("probe_log", _LOG_BYTES), graph))
    return Arena(
        minimum=found.nbytes,
        tries=found.tries,
        used=core.call("probe_used"),
        recorded=recorded,
        edgemark=coarse.nbytes,
        edgemark_tries=coarse.tries,
        edgemark_resolution=resolution,
        input_offsets=tuple(core.call("probe_input_offset", n) for n in range(len(graph.inputs))),
        output_offsets=tuple(core.call("probe_output_offset", n) for n in range(len(graph.outputs))),
    )


def _refusal(log: str, graph: Graph) -> str:
    """What the interpreter printed as it gave up, with the name of the layer that it numbers."""
    words = " ".join(log.split()) or "no reason given"
    number = _FAILED_NODE.search(words)
    if number and int(number[1]) < len(graph.operators):
        operator = graph.operators[int(number[1])]
        return f"TensorFlow Lite Micro refuses layer {operator.name} ({operator.op}): {words}"
    return f"TensorFlow Lite Micro refuses the model: {words}"
