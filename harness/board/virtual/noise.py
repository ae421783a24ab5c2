"""A bad serial line, for tests: bytes are damaged, lost or added at random, the same way for the same seed."""

from __future__ import annotations

import random

from harness.errors import ConfigError


class Noise:
    """Damages a stream of bytes."""

    def __init__(self, seed: int, rate: float) -> None:
        """Make a line on which each byte suffers with probability `rate`."""
        self._random = random.Random(seed)
        self._rate = rate

    @classmethod
    def parse(cls, text: str) -> Noise:
        """Read `SEED:RATE`, such as `7:0.01`.

        Raises:
            ConfigError: it is not that, or the rate is no probability.
        """
        seed, _, rate = text.partition(":")
        try:
            noise = cls(int(seed), float(rate))
        except ValueError:
            raise ConfigError(f"UART noise {text!r}: write SEED:RATE, such as 7:0.01") from None
        if not 0 <= noise._rate <= 1:
            raise ConfigError(f"UART noise {text!r}: the rate is a probability, 0 to 1")
        return noise

    def damage(self, data: bytes) -> bytes:
        """What arrives of some bytes."""
        return b"".join(self._one(byte) for byte in data)

    def _one(self, byte: int) -> bytes:
        if self._random.random() >= self._rate:
            return bytes([byte])
        kind = self._random.randrange(3)
        if kind == 0:
            return bytes([byte ^ 1 << self._random.randrange(8)])
        return b"" if kind == 1 else bytes([byte, self._random.randrange(256)])
