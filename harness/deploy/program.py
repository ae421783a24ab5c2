"""A model as a flat list of kernel calls on tensors, before anything has an address: for backends that write C."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from harness.model.tflite_graph import Graph, GraphOperator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALIASES = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})
"""Operators that give the same bytes another shape: they cost nothing."""


class Kernel(Protocol):
    """What a call runs."""

    @property
    def workspaces(self) -> tuple[int, ...]:
        """Bytes of each workspace; their addresses come after all other arguments."""


KernelT = TypeVar("KernelT", bound=Kernel, covariant=True)


@dataclass(frozen=True)
class Activation:
    """An argument that lies in the arena: a tensor by its index in the graph, or what begins `offset` bytes into it."""

    tensor: int
    offset: int = 0


@dataclass(frozen=True)
class Scratch:
    """An argument that lies in the arena from one call of a step to another of the same step."""

    name: str
    nbytes: int


if TYPE_CHECKING:
    Argument = Activation | Scratch | NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class Call(Generic[KernelT]):
    """One call of a kernel; constants are arrays, the output is the last argument."""

    kernel: KernelT
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, eq=False)
class ProgramStep(Generic[KernelT]):
    """Calls that are timed as one, and the names of the layers that they compute."""

    layers: tuple[str, ...]
    calls: tuple[Call[KernelT], ...]


@dataclass(frozen=True, eq=False)
class Program(Generic[KernelT]):
    """All steps of an inference.

    Attributes:
        storage: for each tensor of the graph, the tensor whose memory it shares: itself, if no alias.
    """

    graph: Graph
    steps: tuple[ProgramStep[KernelT], ...]
    storage: tuple[int, ...]


def _never(_operator: GraphOperator) -> Sequence[int]:
    return ()


def assemble(
    graph: Graph,
    lower: Callable[[GraphOperator], Sequence[Call[KernelT]]],
    may_overwrite: Callable[[GraphOperator], Sequence[int]] = _never,
) -> Program[KernelT]:
    """The program of a graph. An alias has no step of its own: it joins the one before it, or if none is, the first.

    Args:
        may_overwrite: the inputs, as tensors of the graph, over which an operator can write its output while it reads
            them. The first that is of the output's size, and that nothing needs any more, gives its memory.
    """
    groups = [(operator,) for operator in graph.operators]
    return assemble_groups(graph, groups, lambda group: lower(group[0]), lambda group, _calls: may_overwrite(group[0]))


Group = tuple[GraphOperator, ...]
"""Operators in a row that might be one step; the last one's output is that of the group."""


def assemble_groups(
    graph: Graph,
    groups: Sequence[Group],
    lower: Callable[[Group], Sequence[Call[KernelT]] | None],
    may_overwrite: Callable[[Group, Sequence[Call[KernelT]]], Sequence[int]],
) -> Program[KernelT]:
    """The same for operators of which several may become one step.

    Args:
        groups: all operators in order; an alias is a group by itself.
        lower: gives the calls of a group; None for several operators that no kernel computes as one.
    """
    storage = list(range(len(graph.tensors)))
    steps: list[ProgramStep[KernelT]] = []
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
        candidates = may_overwrite(group, calls)
        inputs = {index for operator in group for index in operator.inputs if index is not None}
        read = {storage[index] for index in inputs.difference(candidates)}
        for source in candidates:
            if storage[source] not in read and _is_free(graph, storage, source, group[-1]):
                storage[group[-1].outputs[0]] = storage[source]
                break
        steps.append(ProgramStep((*waiting, *names), tuple(calls)))
        waiting = ()
    return Program(graph, tuple(steps), tuple(storage))


def _lowered(
    groups: Sequence[Group], lower: Callable[[Group], Sequence[Call[KernelT]] | None]
) -> Iterator[tuple[Group, Sequence[Call[KernelT]] | None]]:
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


def _is_free(graph: Graph, storage: Sequence[int], source: int, operator: GraphOperator) -> bool:
    """Whether a tensor's memory has the size of the operator's output, and no other use from there on."""
    tensor, output = graph.tensors[source], graph.tensors[operator.outputs[0]]
    if tensor.data is not None or tensor.value().nbytes != output.value().nbytes:
        return False
    needed = {index for later in graph.operators[operator.index + 1 :] for index in later.inputs if index is not None}
    needed |= set(graph.outputs)
    return all(storage[index] != storage[source] for index in needed)
