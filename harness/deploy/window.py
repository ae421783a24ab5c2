"""The geometry of operators that slide a window over an image."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """Where each output pixel looks in the input; all in pixels, `channels` those of the input."""

    height: int
    width: int
    channels: int
    out_height: int
    out_width: int
    kernel_height: int
    kernel_width: int
    stride_height: int = 1
    stride_width: int = 1
    dilation_height: int = 1
    dilation_width: int = 1
    pad_top: int = 0
    pad_left: int = 0

    @property
    def columns(self) -> int:
        """Width of the padded input that the kernel ever touches."""
        return (self.out_width - 1) * self.stride_width + (self.kernel_width - 1) * self.dilation_width + 1

    @property
    def used_width(self) -> int:
        """Pixels of an input row that lie in these columns."""
        return min(self.width, self.columns - self.pad_left)

    @property
    def taps(self) -> int:
        return self.kernel_height * self.kernel_width

    @property
    def is_pointwise(self) -> bool:
        """Whether output pixel n depends on input pixel n alone, in the order of memory."""
        strides = (self.stride_height, self.stride_width)
        same = (self.height, self.width) == (self.out_height, self.out_width)
        return self.taps == 1 and strides == (1, 1) and same

    def reshaped(self, width: int) -> Window:
        """A pointwise window over the same pixels in rows of another width, which divides their number."""
        height = self.height * self.width // width
        return Window(height, width, self.channels, height, width, 1, 1)


def padding_before(extent: int, out_extent: int, kernel: int, stride: int, dilation: int) -> int:
    """TFLite's `SAME` padding before the first pixel; with out_extent of `VALID` it is 0."""
    needed = (out_extent - 1) * stride + (kernel - 1) * dilation + 1
    return max(needed - extent, 0) // 2
