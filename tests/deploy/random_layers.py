"""int8 layers of any geometry and quantization, and how each is written into a `.tflite`."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.deploy.tiny_model import TinyModel

Shape = tuple[int, ...]
SAME = schema.Padding.SAME


@dataclass(frozen=True)
class Value:
    """A tensor of the graph that grows."""

    index: int
    shape: Shape
    scale: float
    zero_point: int


@dataclass
class Builder:
    """A file that grows by layers.

    Attributes:
        dtype: of activations, int8 or int16.
        weight_dtype: int8 or int4.
        inputs: of the model.
    """

    dtype: str = "int8"
    weight_dtype: str = "int8"
    tiny: TinyModel = field(default_factory=TinyModel)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    inputs: list[int] = field(default_factory=list)

    def value(self, shape: Shape, scale: float, zero_point: int) -> Value:
        """A tensor; TFLite refuses scales by which a clamp's limits do not fit into an int32."""
        scale = min(max(scale, 1e-7), 1e7)
        zero_point = zero_point if self.dtype == "int8" else 0
        return Value(self.tiny.tensor(shape, self.dtype, scale, zero_point), shape, scale, zero_point)

    def source(self, shape: Shape, scale: float, zero_point: int) -> Value:
        """A new input of the model."""
        made = self.value(shape, scale, zero_point)
        self.inputs.append(made.index)
        return made

    def numbers(self, values: object) -> int:
        """An int32 constant."""
        array = np.asarray(values)
        return self.tiny.tensor(array.shape, "int32", data=array)

    def weights(self, x: Value, shape: Shape, channels: int, axis: int, scaling: Scaling) -> list[int]:
        """Input, weights and bias of a layer with weights."""
        spread = self.rng.uniform(0.3, 2, channels if scaling.per_channel else 1)
        scales = scaling.gain * scaling.ratio * spread
        largest = min(scaling.largest_weight, 127 if self.weight_dtype == "int8" else 7)
        data = self.rng.integers(-largest, largest + 1, shape)
        inputs = [x.index, self.tiny.tensor(shape, self.weight_dtype, scales, data=data, channel_axis=axis)]
        if scaling.bias or (len(shape) == 4 and axis == 0):  # TFLite's CONV_2D can't do without
            bias = np.clip(self.rng.integers(-20, 21, channels) / scaling.gain, -(2**30), 2**30)
            kind = "int32" if self.dtype == "int8" else "int64"
            inputs.append(self.tiny.tensor((channels,), kind, x.scale * scales, data=bias))
        return inputs


@dataclass(frozen=True)
class Scaling:
    """What a layer with weights does to scales.

    Attributes:
        gain: the typical ratio of the accumulator's scale to the output's: a large one needs small weights.
        ratio: of the output's scale to the input's.
    """

    gain: float
    ratio: float
    zero_point: int
    per_channel: bool
    bias: bool

    @property
    def largest_weight(self) -> int:
        return 127 if self.gain < 0.01 else 1

    def output(self, builder: Builder, x: Value, shape: Shape) -> Value:
        return builder.value(shape, x.scale * self.ratio, self.zero_point)


@dataclass(frozen=True)
class Window:
    """Rows before columns."""

    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: int = SAME

    def out(self, shape: Shape) -> tuple[int, int]:
        sizes = []
        for size, kernel, stride, dilation in zip(shape[1:3], self.kernel, self.stride, self.dilation, strict=True):
            spared = 0 if self.padding == SAME else (kernel - 1) * dilation
            sizes.append(-(-(size - spared) // stride))
        return sizes[0], sizes[1]

    def options(self, dilated: bool) -> dict[str, int]:
        options = {"padding": self.padding, "strideH": self.stride[0], "strideW": self.stride[1]}
        if dilated:
            options |= {"dilationHFactor": self.dilation[0], "dilationWFactor": self.dilation[1]}
        return options


@dataclass(frozen=True)
class Convolution:
    """CONV_2D, or DEPTHWISE_CONV_2D, of which `filters` is the multiplier."""

    depthwise: bool
    window: Window
    filters: int
    scaling: Scaling
    activation: int

    def add(self, builder: Builder, x: Value) -> Value:
        channels = x.shape[3]
        out_channels = channels * self.filters if self.depthwise else self.filters
        options = self.window.options(dilated=True) | {"fusedActivationFunction": self.activation}
        y = self.scaling.output(builder, x, (1, *self.window.out(x.shape), out_channels))
        if self.depthwise:
            inputs = builder.weights(x, (1, *self.window.kernel, out_channels), out_channels, 3, self.scaling)
            options["depthMultiplier"] = self.filters
            builder.tiny.operator("DEPTHWISE_CONV_2D", inputs, y.index, "DepthwiseConv2DOptions", **options)
        else:
            inputs = builder.weights(x, (out_channels, *self.window.kernel, channels), out_channels, 0, self.scaling)
            builder.tiny.operator("CONV_2D", inputs, y.index, "Conv2DOptions", **options)
        return y


@dataclass(frozen=True)
class Dense:
    """FULLY_CONNECTED over rows of the last dimension."""

    features: int
    scaling: Scaling
    activation: int

    def add(self, builder: Builder, x: Value) -> Value:
        depth = x.shape[-1]
        rows = prod(x.shape) // depth
        inputs = builder.weights(x, (self.features, depth), self.features, 0, self.scaling)
        y = self.scaling.output(builder, x, (rows, self.features))
        options = {"fusedActivationFunction": self.activation}
        builder.tiny.operator("FULLY_CONNECTED", inputs, y.index, "FullyConnectedOptions", version=4, **options)
        return y


@dataclass(frozen=True)
class Pool:
    """AVERAGE_POOL_2D or MAX_POOL_2D."""

    name: str
    window: Window
    activation: int

    def add(self, builder: Builder, x: Value) -> Value:
        y = builder.value((1, *self.window.out(x.shape), x.shape[3]), x.scale, x.zero_point)
        height, width = self.window.kernel
        options = self.window.options(dilated=False) | {"fusedActivationFunction": self.activation}
        builder.tiny.operator(
            self.name, [x.index], y.index, "Pool2DOptions", filterHeight=height, filterWidth=width, **options
        )
        return y


@dataclass(frozen=True)
class Pair:
    """ADD, SUB or MUL with itself, another input of the same shape, or one that is broadcast.

    Attributes:
        kept: which dimensions of the other input are not 1; None: it is the first one itself.
        ratio: of the other's scale to the first one's.
        out_ratio: of the output's scale to the larger of the two, or to what a product needs.
    """

    name: str
    kept: tuple[bool, bool, bool] | None
    ratio: float
    zero_point: int
    out_ratio: float
    out_zero_point: int
    activation: int

    def add(self, builder: Builder, x: Value) -> Value:
        other = x
        if self.kept is not None:
            shape = (1, *(size if kept else 1 for size, kept in zip(x.shape[1:], self.kept, strict=True)))
            other = builder.source(shape, x.scale * self.ratio, self.zero_point)
        scale = x.scale * other.scale * 50 if self.name == "MUL" else max(x.scale, other.scale)
        y = builder.value(x.shape, scale * self.out_ratio, self.out_zero_point)
        kind = f"{self.name.title()}Options"
        options = {"fusedActivationFunction": self.activation}
        if self.name != "MUL":
            options["potScaleInt16"] = False
        order = [x.index, other.index] if self.zero_point % 2 else [other.index, x.index]
        builder.tiny.operator(self.name, order, y.index, kind, version=2, **options)
        return y


@dataclass(frozen=True)
class Rescale:
    """RELU and its like, LEAKY_RELU of some `alpha`, or QUANTIZE to another scale."""

    name: str
    ratio: float
    zero_point: int
    alpha: float | None = None

    def add(self, builder: Builder, x: Value) -> Value:
        y = builder.value(x.shape, x.scale * self.ratio, self.zero_point)
        version = 1 if self.name == "RELU_N1_TO_1" else 2
        options = "" if self.alpha is None else "LeakyReluOptions"
        builder.tiny.operator(self.name, [x.index], y.index, options, version=version, alpha=self.alpha)
        return y


@dataclass(frozen=True)
class Pad:
    """PAD of rows, columns and channels."""

    amounts: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]

    def add(self, builder: Builder, x: Value) -> Value:
        amounts = ((0, 0), *self.amounts)
        shape = tuple(size + sum(both) for size, both in zip(x.shape, amounts, strict=True))
        y = builder.value(shape, x.scale, x.zero_point)
        builder.tiny.operator("PAD", [x.index, builder.numbers(amounts)], y.index, "PadOptions", version=2)
        return y


@dataclass(frozen=True)
class Concatenate:
    """CONCATENATION with another input; itself, where `size` is 0."""

    axis: int
    size: int

    def add(self, builder: Builder, x: Value) -> Value:
        other = x
        if self.size:
            shape = tuple(self.size if axis == self.axis else size for axis, size in enumerate(x.shape))
            other = builder.source(shape, x.scale, x.zero_point)
        joined = [size + other.shape[axis] if axis == self.axis else size for axis, size in enumerate(x.shape)]
        y = builder.value(tuple(joined), x.scale, x.zero_point)
        order = [x.index, other.index] if self.size % 2 else [other.index, x.index]
        builder.tiny.operator("CONCATENATION", order, y.index, "ConcatenationOptions", axis=self.axis - 4, version=2)
        return y


@dataclass(frozen=True)
class Mean:
    """MEAN over neighbouring axes."""

    axes: tuple[int, ...]
    ratio: float
    zero_point: int

    def add(self, builder: Builder, x: Value) -> Value:
        shape = tuple(1 if axis in self.axes else size for axis, size in enumerate(x.shape))
        y = builder.value(shape, x.scale * self.ratio, self.zero_point)
        inputs = [x.index, builder.numbers(self.axes)]
        builder.tiny.operator("MEAN", inputs, y.index, "ReducerOptions", keepDims=True, version=2)
        return y


@dataclass(frozen=True)
class Transpose:
    """TRANSPOSE of rows, columns and channels."""

    order: tuple[int, ...]

    def add(self, builder: Builder, x: Value) -> Value:
        y = builder.value(tuple(x.shape[axis] for axis in self.order), x.scale, x.zero_point)
        inputs = [x.index, builder.numbers(self.order)]
        builder.tiny.operator("TRANSPOSE", inputs, y.index, "TransposeOptions", version=2)
        return y


@dataclass(frozen=True)
class Softmax:
    """SOFTMAX over the last dimension."""

    beta: float

    def add(self, builder: Builder, x: Value) -> Value:
        y = builder.value(x.shape, 1 / 256 if builder.dtype == "int8" else 1 / 32768, -128)
        builder.tiny.operator("SOFTMAX", [x.index], y.index, "SoftmaxOptions", beta=self.beta)
        return y


@dataclass(frozen=True)
class Curve:
    """LOGISTIC or TANH."""

    name: str

    def add(self, builder: Builder, x: Value) -> Value:
        y = builder.value(x.shape, *((1 / 256, -128) if self.name == "LOGISTIC" else (1 / 128, 0)))
        builder.tiny.operator(self.name, [x.index], y.index, version=2)
        return y


@dataclass(frozen=True)
class Resize:
    """RESIZE_BILINEAR or RESIZE_NEAREST_NEIGHBOR."""

    bilinear: bool
    size: tuple[int, int]
    align_corners: bool
    half_pixel_centers: bool

    def add(self, builder: Builder, x: Value) -> Value:
        y = builder.value((1, *self.size, x.shape[3]), x.scale, x.zero_point)
        name = "RESIZE_BILINEAR" if self.bilinear else "RESIZE_NEAREST_NEIGHBOR"
        options = "ResizeBilinearOptions" if self.bilinear else "ResizeNearestNeighborOptions"
        # TFLite takes no more than one of both rules.
        rules = {
            "alignCorners": self.align_corners,
            "halfPixelCenters": self.half_pixel_centers and not self.align_corners,
        }
        builder.tiny.operator(name, [x.index, builder.numbers(self.size)], y.index, options, **rules)
        return y


Layer = Convolution | Dense | Pool | Pair | Rescale | Pad | Concatenate | Mean | Transpose | Softmax | Curve | Resize
