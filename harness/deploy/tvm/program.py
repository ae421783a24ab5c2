"""A model as a flat list of kernel calls on tensors, before anything has an address."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from harness.model.tflite_graph import Graph, GraphOperator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tvm.tirx import PrimFunc

    from harness.deploy.tvm.micro.micro_kernel import MicroKernel

ALIASES = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})
"""Operators that give the same bytes another shape: they cost nothing."""


class KernelSource(Protocol):
    """Something a C function can be generated from; equal ones share one function."""

    @property
    def kind(self) -> str:
        """What the function's name starts with."""

    @property
    def workspaces(self) -> tuple[int, ...]:
        """Bytes of each workspace; their pointers come after all other arguments."""

    @property
    def micro_kernels(self) -> tuple[MicroKernel, ...]:
        """What the function calls."""

    @property
    def in_place(self) -> tuple[int, ...]:
        """Numbers of the arguments whose memory the output may take, if nothing else needs it."""

    def prim_func(self, name: str) -> PrimFunc:
        """The function, of raw pointers and C linkage."""


@dataclass(frozen=True)
class Activation:
    """An argument that lies in the arena: a tensor by its index in the graph."""

    tensor: int


@dataclass(frozen=True)
class Scratch:
    """An argument that lies in the arena from one call of a step to another of the same step."""

    name: str
    nbytes: int


if TYPE_CHECKING:
    Argument = Activation | Scratch | NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a kernel; constants are arrays, the output is the last argument."""

    kernel: KernelSource
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, eq=False)
class ProgramStep:
    """Calls that are timed as one, and the names of the layers that they compute."""

    layers: tuple[str, ...]
    calls: tuple[Call, ...]


@dataclass(frozen=True, eq=False)
class Program:
    """All steps of an inference.

    Attributes:
        storage: for each tensor of the graph, the tensor whose memory it shares: itself, if no alias.
    """

    graph: Graph
    steps: tuple[ProgramStep, ...]
    storage: tuple[int, ...]


def assemble(
    graph: Graph,
    groups: Sequence[tuple[GraphOperator, ...]],
    lower: Callable[[tuple[GraphOperator, ...]], Sequence[Call] | None],
) -> Program:
    """The program of a graph.

    An alias has no step of its own: it joins the one before it, or if none is, the first.

    Args:
        groups: all operators in the order of execution; those together that might be one step.
        lower: gives the calls of a group; None for several that no kernel computes together.
    """
    storage = list(range(len(graph.tensors)))
    steps: list[ProgramStep] = []
    waiting: tuple[str, ...] = ()
    for group, calls in _lowered(groups, lower):
        names = tuple(operator.name for operator in group)
        if calls is None:
            source = group[0].inputs[0]
            assert source is not None
            storage[group[0].outputs[0]] = storage[source]
            if steps:
                steps[-1] = ProgramStep((*steps[-1].layers, *names), steps[-1].calls)
            else:
                waiting = (*waiting, *names)
            continue
        steps.append(ProgramStep((*waiting, *names), tuple(calls)))
        waiting = ()
    return Program(graph, tuple(steps), tuple(storage))


def _lowered(
    groups: Sequence[tuple[GraphOperator, ...]], lower: Callable[[tuple[GraphOperator, ...]], Sequence[Call] | None]
) -> Iterator[tuple[tuple[GraphOperator, ...], Sequence[Call] | None]]:
    """Each step's operators and calls; None for those of an alias."""
    for group in groups:
        if group[0].op in ALIASES:
            yield group, None
            continue
        calls = lower(group)
        if calls is not None:
            yield group, calls
        else:
            yield from (((operator,), lower((operator,))) for operator in group)
