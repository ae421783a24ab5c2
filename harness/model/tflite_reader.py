"""Any `.tflite` file, checked whole before anything else touches it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cache import sha256
from harness.errors import ModelError
from harness.model.file_bounds import check_size
from harness.model.intake.kind import otherwise
from harness.model.model import Layer, Model, Tensor
from harness.model.tflite_geometry import check_geometry
from harness.model.tflite_graph import Graph, GraphOperator, GraphTensor
from harness.model.tflite_operators import indices, read_operator
from harness.model.tflite_tensors import Buffers, read_tensor, require_fixed_size
from harness.model.workload import macs, parameters

if TYPE_CHECKING:
    from harness.model.tflite_fields import Fields

IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3


def read_tflite(path: Path, name: str | None = None) -> Model:
    """Read and check a model file.

    Of a file with several subgraphs (control flow, signatures) this reads the main one, the first, and checks that
    the others' tables are in order.

    Args:
        name: how the user calls it; the file's stem when left out.

    Raises:
        ModelError: there is no such file, or it is truncated, corrupt, or no `.tflite`; the text says what is wrong.
    """
    content = _read(path)
    graph = parse_graph(content, str(path))
    return Model(
        name=name or path.stem,
        path=path.absolute(),
        sha256=sha256(content),
        size=len(content),
        inputs=tuple(graph.tensors[index].value() for index in graph.inputs),
        outputs=tuple(graph.tensors[index].value() for index in graph.outputs),
        layers=_layers(graph),
    )


def parse_graph(content: bytes, origin: str) -> Graph:
    """The main subgraph of a file's bytes.

    Args:
        origin: what to call them in an error: the path.

    Raises:
        ModelError: the bytes are not a whole and consistent model.
    """
    try:
        return _graph(content)
    except ModelError as error:
        raise ModelError(f"{origin}: {error}") from error


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise ModelError(f"{path}: no such file; give the path of a .tflite file")
        check_size(path)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: {error}") from error


def _graph(content: bytes) -> Graph:
    if content[4:8] != IDENTIFIER:
        raise ModelError(f"is not a .tflite file: it lacks {IDENTIFIER.decode()!r} at byte 4{otherwise(content)}")
    # flatbuffers brings numpy with it, which collecting benchmarks can do without.
    from harness.model.tflite_fields import read_fields

    fields = read_fields(content)
    if fields["Version"] != SCHEMA_VERSION:
        raise ModelError(f"has schema version {fields['Version']}, needs {SCHEMA_VERSION}")
    if not fields["Subgraphs"]:
        raise ModelError("has no subgraph")
    main, buffers = fields["Subgraphs"][0], Buffers(content, fields["Buffers"])
    tensors = [read_tensor(index, one, buffers) for index, one in enumerate(main["Tensors"])]
    operators = [
        read_operator(index, one, fields["OperatorCodes"], len(tensors)) for index, one in enumerate(main["Operators"])
    ]
    for other in fields["Subgraphs"][1:]:
        for _ in (*other["Tensors"], *other["Operators"]):
            pass  # Reading them is the check.
    graph = Graph(
        tuple(tensors),
        tuple(_named(operators, tensors)),
        tuple(indices(main["Inputs"], len(tensors))),
        tuple(indices(main["Outputs"], len(tensors))),
    )
    _check(graph, main)
    return graph


def _named(operators: Sequence[GraphOperator], tensors: Sequence[GraphTensor]) -> list[GraphOperator]:
    """The operators, each under the name of its first output; one met before gets its operator's number."""
    taken: set[str] = set()
    named = []
    for operator in operators:
        name = tensors[operator.outputs[0]].name if operator.outputs else operator.name
        while name in taken:
            name = f"{name}#{operator.index}"
        taken.add(name)
        named.append(replace(operator, name=name))
    return named


def _check(graph: Graph, main: Fields) -> None:
    if not graph.inputs or not graph.outputs or not graph.operators:
        raise ModelError("has no input, no output or no operator")
    for index in graph.inputs:
        require_fixed_size(graph.tensors[index], main["Tensors"][index])
        if graph.tensors[index].data is not None:
            raise ModelError(f"input {graph.tensors[index].name!r} is a constant")
    _check_order(graph)
    for operator in graph.operators:
        check_geometry(graph, operator)


def _check_order(graph: Graph) -> None:
    """Every tensor is made once, before it is used."""
    ready = {one.index for one in graph.tensors if one.data is not None or one.is_variable} | set(graph.inputs)
    for operator in graph.operators:
        for index in operator.inputs:
            if index is not None and index not in ready:
                raise ModelError(
                    f"operator {operator.index} ({operator.op}) uses tensor {index} "
                    f"{graph.tensors[index].name!r} before it is made"
                )
        for index in operator.outputs:
            if index in ready:
                raise ModelError(f"operator {operator.index} ({operator.op}) makes tensor {index} a second time")
            ready.add(index)
    for index in graph.outputs:
        if index not in ready:
            raise ModelError(f"output {graph.tensors[index].name!r} is made by no operator")


def _layers(graph: Graph) -> tuple[Layer, ...]:
    values = [one.value() for one in graph.tensors]
    counted: set[int] = set()
    return tuple(_layer(operator, graph, values, counted) for operator in graph.operators)


def _layer(operator: GraphOperator, graph: Graph, values: Sequence[Tensor], counted: set[int]) -> Layer:
    """One layer; parameters shared by several are counted with the first."""
    inputs = [None if one is None else graph.tensors[one] for one in operator.inputs]
    outputs = [graph.tensors[one] for one in operator.outputs]
    own = [None if one is None or one.index in counted else one for one in inputs]
    counted.update(one.index for one in own if one is not None)
    return Layer(
        index=operator.index,
        name=operator.name,
        op=operator.op,
        inputs=tuple(values[one] for one in operator.inputs if one is not None),
        outputs=tuple(values[one] for one in operator.outputs),
        macs=macs(operator.op, inputs, outputs),
        parameters=parameters(operator.op, own),
    )
