"""From operators of a float32 `.tflite` to kernels, through TVM's Relax front end and its fusion, layer by layer.

Each layer becomes a Relax function of its own, so that whatever the passes make of it is known to be that layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import tvm
import tvm_ffi
from tvm import relax
from tvm.relax.frontend.tflite.tflite_frontend import ExprTable, OperatorConverter, get_tensor_name

from harness.cache import sha256
from harness.deploy.target import Target
from harness.deploy.tvm.choices import noting, recorded
from harness.deploy.tvm.float_direct import lower_directly
from harness.deploy.tvm.float_kernel import FloatKernel, Task, lower_scheduled
from harness.deploy.tvm.kernels.elementwise import Concatenate
from harness.deploy.tvm.lowering import llvm_target
from harness.deploy.tvm.program import ALIASES, Activation, Call, Group, Scratch
from harness.deploy.tvm.schedules import schedule
from harness.deploy.tvm.tuning_records import Choices
from harness.model.model import Model
from harness.model.tflite_graph import Graph, GraphOperator

if TYPE_CHECKING:
    from harness.deploy.tvm.program import Argument


def lower_float(
    model: Model, graph: Graph, groups: Sequence[Group], target: Target, uses_dsp: bool, choices: Choices
) -> Callable[[Group], list[Call] | None]:
    """What gives the kernel calls of a group, or None if no kernel computes it as one.

    Args:
        choices: sizes of tiles by the task's key; rules decide on the others.
    """
    direct = {group: calls for group in _steps(groups) if (calls := lower_directly(graph, group, target, uses_dsp))}
    done = {operator.index for group in direct for operator in group}
    operators = [operator for operator in graph.operators if operator.op not in ALIASES and operator.index not in done]
    llvm = llvm_target(target)
    firsts: dict[_Signature, GraphOperator] = {}
    alike = {operator.index: firsts.setdefault(_signature(graph, operator), operator) for operator in operators}
    module = _optimize(_import(model, graph, list(firsts.values())), llvm)
    kernels = _Kernels(module, llvm, choices)

    def lower(group: Group) -> list[Call] | None:
        if group in direct:
            return direct[group]
        if len(group) > 1:
            return None
        return _Layer(graph, group[0], kernels).calls(module[_name(alike[group[0].index])])

    return lower


def _steps(groups: Sequence[Group]) -> list[Group]:
    """All that might be a step: groups, and the operators in them."""
    return [*groups, *((operator,) for group in groups if len(group) > 1 for operator in group)]


def _name(operator: GraphOperator) -> str:
    return f"layer_{operator.index}"


_Signature = tuple[object, ...]


def _signature(graph: Graph, operator: GraphOperator) -> _Signature:
    """The same for operators that compute the same of their inputs: the steps of unrolled networks."""
    computed = _computed_inputs(graph, operator)
    inputs: list[object] = []
    for index in operator.inputs:
        tensor = None if index is None else graph.tensors[index]
        if tensor is None:
            inputs.append(None)
        else:
            value = computed.index(tensor.index) if tensor.data is None else tensor.data.tobytes()
            inputs.append((tensor.shape, tensor.dtype, value))
    outputs = ((graph.tensors[index].shape, graph.tensors[index].dtype) for index in operator.outputs)
    return operator.op, *sorted(operator.options.items()), *inputs, *outputs


def _import(model: Model, graph: Graph, operators: list[GraphOperator]) -> tvm.IRModule:
    """One Relax function a layer; its parameters are the layer's computed inputs, in order and each once."""
    import tflite

    file = tflite.Model.GetRootAs(model.read_bytes(), 0)
    subgraph = file.Subgraphs(0)
    makers = {one.Outputs(0): one for one in map(subgraph.Operators, range(subgraph.OperatorsLength()))}
    builder = relax.BlockBuilder()
    for operator in operators:
        with builder.function(_name(operator)):
            table, inputs = ExprTable(), []
            for index in _computed_inputs(graph, operator):
                tensor = graph.tensors[index]
                inputs.append(relax.Var(f"tensor_{index}", relax.TensorType(tensor.shape, tensor.dtype)))
                table.set_expr(get_tensor_name(subgraph, index), inputs[-1])
            for tensor in (graph.tensors[index] for index in operator.inputs if index is not None and index in makers):
                if tensor.data is not None:  # the file has an operator that makes it of another constant
                    table.set_expr(get_tensor_name(subgraph, tensor.index), relax.const(tensor.data))
            with builder.dataflow():
                converter = OperatorConverter(file, subgraph, table, builder)
                result = builder.normalize(converter.convert_map[operator.op](op=makers[operator.outputs[0]]))
                output = builder.emit_output(result)
            builder.emit_func_output(output, inputs)
    return builder.get()


def _computed_inputs(graph: Graph, operator: GraphOperator) -> list[int]:
    return list(dict.fromkeys(i for i in operator.inputs if i is not None and graph.tensors[i].data is None))


def _optimize(module: tvm.IRModule, target: tvm.target.Target) -> tvm.IRModule:
    """Fold constants, legalize and fuse: afterwards each function is a flat list of `call_tir`."""
    passes = relax.transform
    with target:
        return tvm.ir.transform.Sequential(
            [
                passes.CanonicalizeBindings(),
                passes.FoldConstant(),
                passes.LegalizeOps(),
                passes.AnnotateTIROpPattern(),
                passes.FoldConstant(),
                passes.FuseOps(),
                passes.FuseTIR(),
                passes.DeadCodeElimination(),
                passes.RewriteDataflowReshape(),
                passes.ToNonDataflow(),
                passes.CanonicalizeBindings(),
            ]
        )(module)


class _Kernels:
    """The module's TIR functions, scheduled and lowered, each distinct one once."""

    def __init__(self, module: tvm.IRModule, target: tvm.target.Target, choices: Choices) -> None:
        self._module, self._target, self._choices = module, target, choices
        self._known: dict[int, list[tuple[tvm.tirx.PrimFunc, FloatKernel]]] = {}

    def lower(self, variable: tvm.ir.GlobalVar, kind: str) -> FloatKernel:
        """The kernel of a function of the module; `kind` names it, if it is new."""
        function = self._module[variable].without_attr("global_symbol")
        same_hash = self._known.setdefault(tvm_ffi.structural_hash(function), [])
        for known, kernel in same_hash:
            if tvm_ffi.structural_equal(known, function):
                return kernel
        kernel = self._scheduled(kind, function)
        same_hash.append((function, kernel))
        return kernel

    def _scheduled(self, kind: str, function: tvm.tirx.PrimFunc) -> FloatKernel:
        key, sizes = sha256(function.script().encode())[:32], list[int]()
        kernel = lower_scheduled(
            kind, schedule(function, noting(recorded(self._choices.get(key, ())), sizes)), self._target
        )
        return replace(kernel, task=Task(key, function, tuple(sizes))) if sizes else kernel


@dataclass
class _Layer:
    """Reads the calls of one layer's function."""

    graph: Graph
    operator: GraphOperator
    kernels: _Kernels

    def calls(self, function: relax.Function) -> list[Call]:
        """Intermediate results become scratch memory of the step."""
        inputs = _computed_inputs(self.graph, self.operator)
        places: dict[Any, Argument] = {v: Activation(i) for v, i in zip(function.params, inputs, strict=True)}
        bindings = [binding for block in function.body.blocks for binding in block.bindings]
        aliases = {b.var: source for b in bindings if (source := _alias_source(b.value)) is not None}
        result = _root(function.body.body, aliases)
        calls = []
        for number, binding in enumerate(b for b in bindings if b.var not in aliases):
            variable = binding.var
            place = Activation(self.operator.outputs[0]) if variable.same_as(result) else _scratch(number, variable)
            places[variable] = place
            sources = [_root(field, aliases) for field in binding.value.args[1].fields]
            arguments = [_constant(s) if isinstance(s, tvm.ir.GenericConst) else places[s] for s in sources]
            kernel = self.kernels.lower(binding.value.args[0], self.operator.op.lower())
            calls.append(Call(kernel, (*arguments, place)))
        return calls or [self._copy()]

    def _copy(self) -> Call:
        """A layer that changes nothing still has an output of its own."""
        source = self.graph.tensors[_computed_inputs(self.graph, self.operator)[0]]
        places = Activation(source.index), Activation(self.operator.outputs[0])
        return Call(Concatenate(1, (source.value().nbytes,)), places)


def _alias_source(value: Any) -> Any:
    """What a binding renames or reshapes; None if it computes."""
    if isinstance(value, relax.Var):
        return value
    name = value.op.name
    if name == "relax.reshape":
        return value.args[0]
    if name != "relax.call_tir":
        raise ValueError(f"the passes left {name} behind")
    return None


def _root(expression: Any, aliases: dict[Any, Any]) -> Any:
    while expression in aliases:
        expression = aliases[expression]
    return expression


def _constant(expression: Any) -> np.ndarray[Any, Any]:
    return np.asarray(expression.value.numpy())


def _scratch(number: int, variable: relax.Var) -> Scratch:
    shape = [int(extent) for extent in variable.ty.shape]
    return Scratch(f"scratch_{number}", prod(shape) * np.dtype(str(variable.ty.dtype)).itemsize)
