"""The firmware of a board's self-test: the bench firmware, with a program that tests memories in place of a model."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.cache import sha256, sha256_of_files
from harness.deploy.backend import GeneratedCode, Step
from harness.deploy.build import build_firmware
from harness.deploy.firmware import Firmware
from harness.deploy.options import BuildOptions
from harness.deploy.target import Target
from harness.model.model import Model, Tensor
from harness.optimize.variant import Quantization, Variant
from harness.paths import FIRMWARE

RANGES, ECHO_BYTES = 32, 512
"""As in firmware/selftest/self_test.c."""
GOOD = 1
"""What is given in place of an address where a memory holds what is written."""
_SOURCES = FIRMWARE / "selftest"
_RANGE_BYTES = 8


class _SelfTestBackend:
    """A `Backend` that generates nothing: its code is written by hand."""

    name = "self_test"

    def versions(self) -> Mapping[str, str]:
        """The code itself."""
        return {"self_test": sha256_of_files(_SOURCES)}

    def load(self) -> None:
        """Nothing to load."""

    def complaints(self, variant: Variant, target: Target, options: BuildOptions) -> Sequence[str]:  # noqa: ARG002
        """None: it runs anywhere."""
        return ()

    def generate(
        self,
        variant: Variant,  # noqa: ARG002
        target: Target,  # noqa: ARG002
        options: BuildOptions,  # noqa: ARG002
        directory: Path,  # noqa: ARG002
    ) -> GeneratedCode:
        """Hand over the code."""
        ranges, echo = RANGES * _RANGE_BYTES, ECHO_BYTES
        return GeneratedCode(
            sources=(_SOURCES / "self_test.c",),
            objects=(),
            include_directories=(),
            arena_bytes=0,
            arena_lower_bound=0,
            steps=(Step("first_failure", ("RAM",)), Step("add_up", ("flash",)), Step("model_run", ("echo",))),
            inputs=(_bytes("memories", ranges), _bytes("programmed", _RANGE_BYTES), _bytes("heard", echo)),
            outputs=(_bytes("failures", 4 * RANGES), _bytes("checksum", 4), _bytes("said", echo)),
        )


def self_test_firmware(target: Target) -> Firmware:
    """The image for a board.

    Raises:
        BuildError: the cross compiler is missing, or refuses what the board file says.
        ConfigError: there is no bench firmware for the family.
        DoesNotFitError: a memory is too small.
    """
    model = Model("self_test", Path("self_test"), sha256(b""), 0, (), (), ())
    return build_firmware(Variant(model, Quantization.INT8, "self_test"), target, _SelfTestBackend())


def pack_inputs(memories: Sequence[tuple[int, int]], programmed: tuple[int, int], echo: bytes) -> bytes:
    """All inputs: (address, bytes) of at most 32 pieces of RAM and of one of flash, and what is to be echoed."""
    ranges = [*memories, *[(0, 0)] * (RANGES - len(memories)), programmed]
    return b"".join(struct.pack("<II", *one) for one in ranges) + echo


def unpack_outputs(data: bytes) -> tuple[list[int], int, bytes]:
    """The first address that fails in each piece of RAM (`GOOD` if none), the flash's checksum, and the echo."""
    words = struct.unpack_from(f"<{RANGES + 1}I", data)
    return list(words[:RANGES]), words[RANGES], bytes(~byte & 0xFF for byte in data[4 * (RANGES + 1) :])


def checksum(data: bytes) -> int:
    """What the firmware makes of these bytes."""
    total = sums = 0
    for byte in data:
        total += byte
        sums += total
    return sums & 0xFFFF_FFFF


def _bytes(name: str, size: int) -> Tensor:
    return Tensor(name, (1, size), "int8")
