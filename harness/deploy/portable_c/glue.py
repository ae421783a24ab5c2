"""The C that implements `firmware/include/model.h` by calls of emx-onnx-cgen's functions, with a planned arena."""

from __future__ import annotations

from dataclasses import dataclass

from harness.deploy.arena import Lifetime, lower_bound, plan_arena
from harness.deploy.backend import Step
from harness.deploy.model_source import model_implementation
from harness.deploy.portable_c.emx import EmxCall, EmxProgram
from harness.model.tflite_graph import Graph

_HEAD = (
    "/* A function a node of the ONNX graph: so that each can be timed and found in the image. */",
    "#define EMX_NODE_FN __attribute__((noinline)) static",
)


@dataclass(frozen=True)
class Glue:
    """A program with every buffer in its place.

    Attributes:
        text: of the C file.
        steps: as it reports them.
        arena_bytes, arena_lower_bound: see `GeneratedCode`.
    """

    text: str
    steps: tuple[Step, ...]
    arena_bytes: int
    arena_lower_bound: int


def make_glue(program: EmxProgram, graph: Graph, emx_file: str) -> Glue:
    """Calls, steps and memory of a program; `emx_file` is the name of the C file to include."""
    roots = _storage(program)
    calls = [call for call in program.calls if not call.is_alias]
    lifetimes = _lifetimes(program, calls, roots)
    plan = plan_arena(list(lifetimes.values()))
    places = dict(zip(lifetimes, plan.offsets, strict=True))
    offsets = {name: places[root] for name, root in roots.items() if root in places}
    steps = _steps(calls, graph)
    ends = [(offsets[name], program.buffers[name]) for name in program.parameters]
    inputs, outputs = ends[: len(graph.inputs)], ends[len(graph.inputs) :]
    text = [*_HEAD, f'#include "{emx_file}"', '#include "model.h"\n']
    text += model_implementation(inputs, outputs, len(steps), plan.nbytes, _body(calls, offsets))
    return Glue("\n".join(text), steps, plan.nbytes, lower_bound(list(lifetimes.values())))


def _storage(program: EmxProgram) -> dict[str, str]:
    """For each buffer the one whose memory it is: a copy under another shape shares it."""
    roots = {name: name for name in program.buffers}

    def root(name: str) -> str:
        while roots[name] != name:
            name = roots[name]
        return name

    for call in program.calls:
        if call.is_alias:
            roots[root(call.arguments[-1])] = root(call.arguments[0])
    return {name: root(name) for name in roots}


def _lifetimes(program: EmxProgram, calls: list[EmxCall], roots: dict[str, str]) -> dict[str, Lifetime]:
    """Inputs live from before the first call, outputs to after the last."""
    spans: dict[str, tuple[int, int]] = {}
    sizes: dict[str, int] = {}

    def extend(name: str, step: int) -> None:
        first, last = spans.get(roots[name], (step, step))
        spans[roots[name]] = (min(first, step), max(last, step))
        sizes[roots[name]] = max(sizes.get(roots[name], 0), program.buffers[name])

    for step, call in enumerate(calls):
        for name in call.arguments:
            if name in program.buffers:
                extend(name, step)
    for name in program.parameters:
        extend(name, -1 if name.startswith("input_") else len(calls))
    return {root: Lifetime(sizes[root], *span) for root, span in spans.items()}


def _steps(calls: list[EmxCall], graph: Graph) -> tuple[Step, ...]:
    """A step for each layer that computes; one that only renames its input joins the step before, or the first."""
    last_calls = {call.layer: call.function for call in calls}
    steps: list[Step] = []
    waiting: tuple[str, ...] = ()
    for operator in graph.operators:
        if operator.index in last_calls:
            steps.append(Step(last_calls[operator.index], (*waiting, operator.name)))
            waiting = ()
        elif steps:
            steps[-1] = Step(steps[-1].kernel, (*steps[-1].layers, operator.name))
        else:
            waiting = (*waiting, operator.name)
    return tuple(steps)


def _body(calls: list[EmxCall], offsets: dict[str, int]) -> list[str]:
    """The calls, and after the last one of each layer the report of its step."""
    lines, step = [], 0
    for place, call in enumerate(calls):
        arguments = (f"(void *)(arena + {offsets[name]})" if name in offsets else name for name in call.arguments)
        lines.append(f"    {call.function}({', '.join(arguments)});")
        if place + 1 == len(calls) or calls[place + 1].layer != call.layer:
            lines.append(f"    if (step_done)\n        step_done({step});")
            step += 1
    return lines
