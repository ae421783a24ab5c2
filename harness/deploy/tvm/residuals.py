"""Which operators might be one step: a convolution, and the addition of what went around it."""

from __future__ import annotations

from harness.deploy.program import Group
from harness.model.tflite_graph import Graph


def fuse_residuals(graph: Graph) -> list[Group]:
    """All operators in order, an addition together with a convolution right before it of which nobody else knows."""
    groups: list[Group] = []
    for operator in graph.operators:
        before = groups[-1][-1] if groups else None
        if operator.op == "ADD" and before is not None and before.op == "CONV_2D":
            made = before.outputs[0]
            users = [each for each in graph.operators if made in each.inputs]
            if users == [operator] and operator.inputs.count(made) == 1 and made not in graph.outputs:
                groups[-1] = before, operator
                continue
        groups.append((operator,))
    return groups
