"""The smallest backend there can be: it shows how one looks, and misbehaves in any way a test needs.

Its "model" takes two int8 inputs and gives their sum, the first one's last element repeated where that is shorter,
and the first one negated. Whatever the variant says is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from harness.cache import sha256
from harness.deploy.backend import GeneratedCode, Step
from harness.deploy.options import BuildOptions
from harness.deploy.target import Target
from harness.model.model import Model, Tensor
from harness.optimize.variant import Quantization, Variant

_SOURCE = Template("""
#include <stddef.h>
#include "model.h"

static const int8_t bias[64] = {0};
static int8_t first[$first], second[$second], sums[$second], negated[$first];
$declarations

const uint32_t model_input_count = 2;
const uint32_t model_output_count = 2;
const uint32_t model_step_count = 2;
const uint32_t model_arena_bytes = 16;
const model_tensor_t model_inputs[] = {{first, sizeof first}, {second, sizeof second}};
const model_tensor_t model_outputs[] = {{sums, sizeof sums}, {negated, sizeof negated}};

static void add(void)
{
    for (uint32_t i = 0; i < sizeof sums; i++) {
        sums[i] = (int8_t)(second[i] + first[i < sizeof first ? i : sizeof first - 1] + bias[(uint8_t)second[i] % 64]);
    }
}

static void negate(void)
{
    for (uint32_t i = 0; i < sizeof negated; i++) {
        negated[i] = (int8_t)-first[i];
    }
}

int32_t model_init(void)
{
    return $init_error;
}

int32_t model_run(model_step_done_t step_done)
{
    $misbehaviour
    add();
    if (step_done != NULL) {
        step_done(0);
    }
    negate();
    if (step_done != NULL) {
        step_done(1);
    }
    return 0;
}
""")


@dataclass(frozen=True)
class IdentityBackend:
    """A `Backend` whose code is written by hand.

    Attributes:
        misbehaviour: C statements that an inference begins with.
        declarations: C declarations that these need.
        init_error: what model_init returns.
        first, second: elements of the inputs.
    """

    misbehaviour: str = ""
    declarations: str = ""
    init_error: int = 0
    first: int = 3
    second: int = 5
    name: str = field(default="identity", init=False)

    def versions(self) -> Mapping[str, str]:
        return {"identity": sha256(repr(self).encode())}

    def load(self) -> None:
        """Nothing to load."""

    def complaints(self, variant: Variant, target: Target, options: BuildOptions) -> Sequence[str]:  # noqa: ARG002
        return ()

    def generate(
        self,
        variant: Variant,  # noqa: ARG002
        target: Target,  # noqa: ARG002
        options: BuildOptions,  # noqa: ARG002
        directory: Path,
    ) -> GeneratedCode:
        source = directory / "identity.c"
        source.write_text(
            _SOURCE.substitute(
                misbehaviour=self.misbehaviour,
                declarations=self.declarations,
                init_error=self.init_error,
                first=self.first,
                second=self.second,
            )
        )
        return GeneratedCode(
            sources=(source,),
            objects=(),
            include_directories=(),
            arena_bytes=16,
            arena_lower_bound=16,
            steps=(Step("add", ("sums",)), Step("negate", ("negated",))),
            inputs=(_int8("first", self.first), _int8("second", self.second)),
            outputs=(_int8("sums", self.second), _int8("negated", self.first)),
        )


def _int8(name: str, elements: int) -> Tensor:
    return Tensor(name, (1, elements), "int8")


def identity_variant() -> Variant:
    """A variant to hand to this backend."""
    model = Model("identity", Path("identity.tflite"), sha256(b""), 0, (), (), ())
    return Variant(model, Quantization.INT8, "identity")


def expected_output(data: bytes, first: int = 3) -> bytes:
    """What the inference of these input bytes gives."""
    ours, theirs = data[:first], data[first:]
    sums = bytes((value + ours[min(index, first - 1)]) % 256 for index, value in enumerate(theirs))
    return sums + bytes(-value % 256 for value in ours)


HANGS = IdentityBackend('for (;;) { __asm volatile(""); }')
FAULTS = IdentityBackend("*(volatile uint32_t *)0xF0000000u = 1;")
UNDEFINED_INSTRUCTION = IdentityBackend('__asm volatile("udf #7");')
OVERFLOWS_STACK = IdentityBackend(
    "sums[0] = (int8_t)dig(1);",
    """
__attribute__((noinline)) static uint32_t dig(uint32_t depth)
{
    volatile uint32_t frame[64];
    frame[depth % 64] = depth;
    return depth == 0 ? 0 : dig(depth + 1) + frame[depth % 64];
}""",
)
RETURNS_ERROR = IdentityBackend("return -7;")
FAILS_TO_START = IdentityBackend(init_error=-9)
COUNTS_ITS_RUNS = IdentityBackend("second[0] = ++runs;", "static int8_t runs;")
TAKES_A_MILLION_CYCLES = IdentityBackend('for (uint32_t i = 0; i < 250000; i++) { __asm volatile(""); }')
DOES_NOT_COMPILE = IdentityBackend("this is not C;")
ALLOCATES = IdentityBackend("sums[0] = *(int8_t *)malloc(8);", "#include <stdlib.h>")
