"""Memory-mapped registers that remember what was written: the base of every peripheral."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class RegisterBlock:
    """A block of 32-bit registers; plain storage until a subclass gives some of them behaviour."""

    def __init__(self, name: str, origin: int, size: int = 0x400, values: Mapping[int, int] | None = None) -> None:
        """Make a block whose registers reset to `values` (by offset), the others to 0."""
        self.name = name
        self.origin = origin
        self.size = size
        self._reset_values = dict(values or {})
        self._values = dict(self._reset_values)

    def reset(self) -> None:
        """Back to the reset values."""
        self._values = dict(self._reset_values)

    def stored(self, offset: int) -> int:
        """What the register holds, without the effects of reading it."""
        return self._values.get(offset, 0)

    def read(self, offset: int) -> int:
        """The word that a read returns."""
        return self.stored(offset)

    def write(self, offset: int, value: int) -> None:
        """Take a word that was written."""
        self._values[offset] = value

    def read_narrow(self, offset: int, size: int) -> int:
        """A read of 1 or 2 bytes, at any byte of the block."""
        return self.read(offset & ~3) >> (8 * (offset & 3)) & ((1 << 8 * size) - 1)

    def write_narrow(self, offset: int, size: int, value: int) -> None:
        """A write of 1 or 2 bytes; the rest of the word keeps what is stored there."""
        shift = 8 * (offset & 3)
        mask = ((1 << 8 * size) - 1) << shift
        self.write(offset & ~3, self.stored(offset & ~3) & ~mask | value << shift & mask)


@dataclass(frozen=True)
class Follower:
    """Status bits that follow control bits at once: `width` bits at `status_bit` mirror those at `control_bit`."""

    control: int
    control_bit: int
    status: int
    status_bit: int
    width: int = 1


class FollowingBlock(RegisterBlock):
    """Storage in which ready bits follow their enables, as an oscillator that starts at once."""

    def __init__(
        self,
        name: str,
        origin: int,
        followers: tuple[Follower, ...],
        values: Mapping[int, int] | None = None,
        *,
        size: int = 0x400,
    ) -> None:
        """See `RegisterBlock`; `followers` are the status bits."""
        super().__init__(name, origin, size, values)
        self._followers = followers

    def read(self, offset: int) -> int:
        """Storage, with the status bits of this register filled in."""
        value = self.stored(offset)
        for follower in self._followers:
            if follower.status == offset:
                mask = (1 << follower.width) - 1
                state = self.stored(follower.control) >> follower.control_bit & mask
                value = value & ~(mask << follower.status_bit) | state << follower.status_bit
        return value
