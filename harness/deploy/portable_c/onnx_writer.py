"""An ONNX graph that grows operator by operator from a `.tflite` graph, each tensor in the layout that is asked for.

TFLite's images are (batch, height, width, channels), ONNX's operators want (batch, channels, height, width). A tensor
is made in one of the two, and turned into the other when an operator first asks for it: chains of convolutions never
turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from harness.model.tflite_graph import Graph, GraphTensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPSET = 17
"""Of ONNX; the `com.microsoft` operators are ONNX Runtime's quantized ones."""
MICROSOFT = "com.microsoft"


class Layout(Enum):
    """The order of a tensor's dimensions."""

    PLAIN = "plain"
    """As in the `.tflite` file."""
    CHANNELS_FIRST = "channels_first"
    """Of four dimensions, the last one moved to the second place."""


TO_CHANNELS_FIRST = (0, 3, 1, 2)
TO_PLAIN = (0, 2, 3, 1)


def in_layout(shape: Sequence[int], layout: Layout) -> tuple[int, ...]:
    """A `.tflite` shape in that layout."""
    return tuple(shape) if layout is Layout.PLAIN else tuple(shape[axis] for axis in TO_CHANNELS_FIRST)


class OnnxWriter:
    """Collects nodes; every node is named after the layer that it is part of: see `node_name`."""

    def __init__(self, graph: Graph) -> None:
        """Begin with the graph's inputs, which are in plain layout."""
        self.graph = graph
        self.layer = 0
        self._nodes: list[Any] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], Any] = {}
        self._made = {(index, Layout.PLAIN): f"input_{place}" for place, index in enumerate(graph.inputs)}
        self._declared: dict[str, tuple[str, tuple[int, ...]]] = {}

    def node(self, op: str, inputs: Sequence[str], domain: str = "", **attributes: Any) -> str:
        """Add a node of the current layer; gives back the name of its output."""
        from onnx import helper

        output = f"value_{len(self._nodes)}"
        kind = "alias" if op == "Reshape" else "kernel"
        name = f"{node_prefix(self.layer)}{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, list(inputs), [output], name=name, domain=domain, **attributes))
        return output

    def constant(self, array: NDArray[np.generic]) -> str:
        """An initializer; equal ones are one."""
        import numpy as np
        from onnx import numpy_helper

        key = (str(array.dtype), array.shape, array.tobytes())
        if key not in self._constants:
            name = f"constant_{len(self._constants)}"
            self._constants[key] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return str(self._constants[key].name)

    def layouts(self, index: int) -> set[Layout]:
        """The layouts in which a tensor is there already; constants come in any."""
        return {layout for made, layout in self._made if made == index}

    def use(self, index: int, layout: Layout = Layout.PLAIN) -> str:
        """The name of a tensor in that layout; constants and turned tensors are made when first asked for."""
        tensor = self.graph.tensors[index]
        if (index, layout) not in self._made:
            if tensor.data is not None:
                data = tensor.data
                self._made[index, layout] = self.constant(
                    data if layout is Layout.PLAIN else data.transpose(TO_CHANNELS_FIRST)
                )
            else:
                self._made[index, layout] = self._turned(tensor, layout)
        return self._made[index, layout]

    def made(self, index: int, name: str, layout: Layout = Layout.PLAIN) -> None:
        """Tell that a value is this tensor in that layout."""
        self._made[index, layout] = name

    def declare(self, name: str, dtype: str, shape: Sequence[int]) -> str:
        """Tell type and shape of what ONNX can't infer: ONNX Runtime's operators make it. Gives back the name."""
        self._declared[name] = (dtype, tuple(shape))
        return name

    def reshape(self, name: str, shape: Sequence[int]) -> str:
        """The same bytes in another shape."""
        import numpy as np

        return self.node("Reshape", [name, self.constant(np.array(shape, np.int64))])

    def _turned(self, tensor: GraphTensor, layout: Layout) -> str:
        other = Layout.PLAIN if layout is Layout.CHANNELS_FIRST else Layout.CHANNELS_FIRST
        source = self._made[tensor.index, other]
        _, height, width, channels = tensor.shape
        if channels == 1 or height * width == 1:
            return self.reshape(source, in_layout(tensor.shape, layout))
        return self.node("Transpose", [source], perm=TO_PLAIN if layout is Layout.PLAIN else TO_CHANNELS_FIRST)

    def write(self) -> bytes:
        """The model, its outputs in plain layout; what turns them belongs to the last layer."""
        from onnx import TensorProto, helper

        def info(name: str, dtype: str, shape: Sequence[int]) -> Any:
            return helper.make_tensor_value_info(name, getattr(TensorProto, _ONNX_TYPES[dtype]), shape)

        def infos(indices: Sequence[int]) -> list[Any]:
            tensors = [self.graph.tensors[index] for index in indices]
            return [info(self.use(tensor.index), tensor.dtype, tensor.shape) for tensor in tensors]

        inputs, outputs = infos(self.graph.inputs), infos(self.graph.outputs)
        names = {value.name for value in outputs}
        others = [info(name, *kind) for name, kind in self._declared.items() if name not in names]
        constants = list(self._constants.values())
        graph = helper.make_graph(self._nodes, "model", inputs, outputs, constants, value_info=others)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="tinyml-harness", ir_version=8)
        content: bytes = model.SerializeToString(deterministic=True)
        return content


_ONNX_TYPES = {"float32": "FLOAT", "int8": "INT8"}


def node_prefix(layer: int) -> str:
    """What the names of all nodes of an operator begin with; `alias` or `kernel` follows."""
    return f"layer_{layer}_"
