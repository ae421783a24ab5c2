"""Operators without weights."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from harness.deploy.cmsis_nn.c_function import KINDS, CFunction, offset, read, write
from harness.deploy.cmsis_nn.structures import Structure, activation, buffer_bytes, dims, image, strides_and_padding
from harness.deploy.cmsis_nn.tables import softmax_tables
from harness.deploy.operator_view import OperatorView, scale_of, zero_point_of
from harness.deploy.program import Activation, Call
from harness.deploy.quantize_math import quantize_multiplier
from harness.model.model import ITEM_BYTES

_ADD_LEFT_SHIFTS = {"int8": 20, "int16": 15}


def add(view: OperatorView, _dsp: bool) -> list[Call[CFunction]]:
    """ADD: both inputs are scaled to the larger of their scales, twice, in some more bits."""
    left, right = view.given(0), view.given(1)
    twice_larger = 2 * max(scale_of(left), scale_of(right))
    numbers: list[int] = []
    for tensor in (left, right):
        multiplier = quantize_multiplier(scale_of(tensor) / twice_larger)
        numbers += [-zero_point_of(tensor), multiplier.quantized, multiplier.shift]
    left_shift = _ADD_LEFT_SHIFTS[view.output.dtype]
    after = quantize_multiplier(twice_larger / ((1 << left_shift) * scale_of(view.output)))
    output = [zero_point_of(view.output), after.quantized, after.shift, *view.output_range()]
    return [_elementwise(view, "arm_elementwise_add", [*numbers, left_shift], output)]


def multiply_elements(view: OperatorView, _dsp: bool) -> list[Call[CFunction]]:
    """MUL; TFLite computes its scale in single precision."""
    left, right = view.given(0), view.given(1)
    after = quantize_multiplier(float(left.scales[0] * right.scales[0] / view.output.scales[0]))
    output = [zero_point_of(view.output), after.quantized, after.shift, *view.output_range()]
    return [_elementwise(view, "arm_elementwise_mul", [-zero_point_of(left), -zero_point_of(right)], output)]


def _elementwise(view: OperatorView, name: str, inputs: Sequence[int], output: Sequence[int]) -> Call[CFunction]:
    """The kernel takes equal shapes: what is broadcast takes loops around it."""
    left, right, y = view.given(0), view.given(1), view.output
    kind = KINDS[y.dtype]
    loops, (to_left, to_right, to_y), block = _broadcast(left.shape, right.shape, y.shape)
    function = CFunction(
        f"{name}_{kind.ending}",
        parameters=(
            *(read(0, kind.value, offset(to_left)), read(1, kind.value, offset(to_right)), *map(str, inputs)),
            *(write(2, kind.value, offset(to_y)), *map(str, output), str(block)),
        ),
        has_status=True,
        loops=loops,
    )
    return Call(function, (view.argument(0), view.argument(1), Activation(y.index)))


def _broadcast(
    left: tuple[int, ...], right: tuple[int, ...], shape: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[list[int], list[int], list[int]], int]:
    """Loops, how far each moves in left, right and output, and how many elements then lie side by side in all."""
    rank = len(shape)
    left, right = ((1,) * (rank - len(each)) + each for each in (left, right))
    split = rank
    while split and left[split - 1] == right[split - 1] == shape[split - 1]:
        split -= 1
    moves = tuple(_strides(each)[:split] for each in (left, right, shape))
    return shape[:split], (moves[0], moves[1], moves[2]), prod(shape[split:])


def _strides(shape: Sequence[int]) -> list[int]:
    """Elements from one index to the next in each dimension; 0 where there is but one."""
    return [0 if extent == 1 else prod(shape[axis + 1 :]) for axis, extent in enumerate(shape)]


def pool(view: OperatorView, dsp: bool) -> list[Call[CFunction]]:
    """AVERAGE_POOL_2D and MAX_POOL_2D."""
    average, kind = view.operator.op == "AVERAGE_POOL_2D", KINDS[view.output.dtype]
    name = f"{'arm_avgpool' if average else 'arm_max_pool'}_{kind.ending}"
    window = view.window(view.number("filter_height"), view.number("filter_width"))
    params = Structure(
        "cmsis_nn_pool_params",
        {**strides_and_padding(window), "activation": activation(view.output_range())},
    )
    nbytes = buffer_bytes(name, dsp, window.out_width, window.channels) if average else 0
    function = CFunction(
        name,
        parameters=("&context", "&params", "&input", read(0, kind.value), "&filter", "&output", write(1, kind.value)),
        definitions=(
            f"static const cmsis_nn_context context = {{{'$2' if nbytes else 0}, {nbytes}}};",
            params.define("params"),
            image(view.given(0).shape).define("input"),
            dims(1, window.kernel_height, window.kernel_width, 1).define("filter"),
            image(view.output.shape).define("output"),
        ),
        workspaces=(nbytes,) if nbytes else (),
        has_status=True,
    )
    return [_unary(view, function)]


def softmax(view: OperatorView, _dsp: bool) -> list[Call[CFunction]]:
    """SOFTMAX over the last dimension."""
    x = view.given(0)
    rows = (prod(x.shape[:-1]), x.shape[-1])
    if x.dtype == "int16":
        # Differences are scaled to the first table's argument, whose range is 10 (TFLite's softmax.cc).
        multiplier = quantize_multiplier(scale_of(x) * view.real("beta") / (10.0 / 65535.0))
        numbers = (*rows, multiplier.quantized, multiplier.shift)
        function = CFunction(
            "arm_softmax_s16",
            (
                read(0, "int16_t"),
                *map(str, (*rows, multiplier.quantized, multiplier.shift)),
                "&tables",
                write(3, "int16_t"),
            ),
            definitions=("static const cmsis_nn_softmax_lut_s16 tables = {(int16_t *)$1, (int16_t *)$2};",),
            has_status=True,
        )
        return [Call(function, (view.argument(0), *softmax_tables(), Activation(view.output.index)))]
    # Differences are scaled to Q5.26 (TFLite's PreprocessSoftmaxScaling, kScaledDiffIntegerBits = 5).
    multiplier = quantize_multiplier(min(view.real("beta") * scale_of(x) * (1 << 26), 2.0**31 - 1))
    smallest = -((31 << 26) >> multiplier.shift)
    numbers = (*rows, multiplier.quantized, multiplier.shift)
    return [_unary(view, CFunction("arm_softmax_s8", (read(0), *map(str, numbers), str(smallest), write(1))))]


def mean(view: OperatorView, _dsp: bool) -> list[Call[CFunction]]:
    """MEAN over neighbouring axes; the number of values folds into the multiplier as in TFLite's QuantizedMeanOrSum."""
    x, y, kind = view.given(0), view.output, KINDS[view.output.dtype]
    axes = sorted({int(axis) % len(x.shape) for axis in view.constant(1).ravel()})
    outer, count = prod(x.shape[: axes[0]]), prod(x.shape[axes[0] : axes[-1] + 1])
    ratio = quantize_multiplier(scale_of(x) / scale_of(y))
    room = min(count.bit_length() - 1, 32, 31 + ratio.shift)
    numbers = (outer, count, prod(x.shape[axes[-1] + 1 :]), zero_point_of(x))
    scale = ((ratio.quantized << room) // count, ratio.shift - room, zero_point_of(y))
    parameters = (read(0, kind.value), *map(str, (*numbers, *scale)), write(1, kind.value))
    return [_unary(view, CFunction(f"mean_{kind.ending}", parameters))]


def pad(view: OperatorView, _dsp: bool) -> list[Call[CFunction]]:
    """PAD: fill all, then copy rows."""
    x, y = view.given(0), view.output
    item = ITEM_BYTES[x.dtype]
    before = view.constant(1).reshape(-1, 2)[:, 0].tolist()
    to_y = [prod(y.shape[axis + 1 :]) * item for axis in range(len(y.shape))]
    start = sum(count * stride for count, stride in zip(before, to_y, strict=True))
    filled = CFunction("memset", ("$0", str(zero_point_of(y) & 0xFF), str(y.value().nbytes)))
    to_x = [stride * item for stride in _strides(x.shape)[:-1]]
    row = (f"$1 + {start}{offset(to_y[:-1])}", read(0, "uint8_t", offset(to_x)), str(x.shape[-1] * item))
    copied = CFunction("memcpy", row, loops=x.shape[:-1])
    return [Call(filled, (Activation(y.index),)), _unary(view, copied)]


def transpose(view: OperatorView, _dsp: bool) -> list[Call[CFunction]]:
    """TRANSPOSE: what still lies side by side is copied at once."""
    x, y = view.given(0), view.output
    item, order = ITEM_BYTES[x.dtype], [int(axis) for axis in view.constant(1).ravel()]
    kept = len(order)
    while kept and order[kept - 1] == kept - 1:
        kept -= 1
    strides = [stride * item for stride in _strides(x.shape)]
    to_y = [stride * item for stride in _strides(y.shape)[:kept]]
    block = str(prod(y.shape[kept:]) * item)
    to_x = [strides[axis] for axis in order[:kept]]
    moved = (f"$1{offset(to_y)}", read(0, "uint8_t", offset(to_x)), block)
    return [_unary(view, CFunction("memcpy", moved, loops=y.shape[:kept]))]


def concatenate(view: OperatorView, _dsp: bool) -> list[Call[CFunction]]:
    """CONCATENATION: rows of each input, one beside the other."""
    y = view.output
    axis, item = view.number("axis") % len(y.shape), ITEM_BYTES[y.dtype]
    outer, width = prod(y.shape[:axis]), prod(y.shape[axis:]) * item
    calls, start = [], 0
    for index in range(len(view.operator.inputs)):
        part = view.given(index)
        row = prod(part.shape[axis:]) * item
        function = CFunction(
            "memcpy",
            (f"$1 + {start}{offset([width])}", read(0, "uint8_t", offset([row])), str(row)),
            loops=(outer,),
        )
        calls.append(Call(function, (view.argument(index), Activation(y.index))))
        start += row
    return calls


def _unary(view: OperatorView, function: CFunction) -> Call[CFunction]:
    return Call(function, (view.argument(0), Activation(view.output.index)))
