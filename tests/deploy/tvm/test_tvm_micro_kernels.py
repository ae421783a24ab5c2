"""Micro-kernels: one symbol for one meaning, words for the fetch unit, and pairs for the Cortex-M7."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import capstone
import numpy as np
import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from harness.deploy.quantize_math import Rounding
from harness.deploy.target import Core
from harness.deploy.toolchain import find_toolchain, run_tool
from harness.deploy.tvm.kernels.packing import can_be_packed, pack_channels
from harness.deploy.tvm.micro.dense_dots import DenseDots
from harness.deploy.tvm.micro.dots import Dots
from harness.deploy.tvm.micro.dual_issue import in_pairs
from harness.deploy.tvm.micro.finish import Finish
from harness.deploy.tvm.micro.moves import CopyWords, WidenWords

FINISH = Finish(Rounding.TWICE, -128, -128, 127)
DOTS = Dots(True, 4, True, True, 32, 3, 1, 8, 64, 0, 16, FINISH)


def test_a_symbol_tells_one_meaning_from_another() -> None:
    assert DOTS.symbol == replace(DOTS).symbol
    assert DOTS.symbol != replace(DOTS, stride=64).symbol
    assert DOTS.symbol != replace(DOTS, finish=replace(FINISH, zero_point=-127)).symbol


def test_a_cortex_m7_gets_the_same_instructions_in_another_order() -> None:
    plain, paired = DOTS.source(Core.CORTEX_M4).splitlines(), DOTS.source(Core.CORTEX_M7).splitlines()
    assert plain != paired
    assert sorted(plain) == sorted(paired)


_registers = st.sampled_from([f"r{n}" for n in range(4, 9)])
_lines = st.one_of(
    st.builds("add {}, {}, {}".format, _registers, _registers, _registers),
    st.builds("lsl {}, {}, #3".format, _registers, _registers),
    st.builds("smlad {}, {}, {}, {}".format, _registers, _registers, _registers, _registers),
    st.builds("sxtb16 {}, {}".format, _registers, _registers),
    st.builds("ldr {}, [r0], #4".format, _registers),
    st.builds("ldr {}, [sp, #{}]".format, _registers, st.sampled_from([0, 4])),
    st.builds("str {}, [sp, #{}]".format, _registers, st.sampled_from([0, 4])),
)


def _trace(lines: list[str]) -> dict[str, str]:
    """What registers and stack hold at the end, as expressions of what they held before."""
    state: dict[str, str] = {}

    def value(place: str) -> str:
        return state.get(place, place)

    for line in lines:
        mnemonic, operands = line.split(" ", 1)
        place = operands[operands.find("[") :] if "[" in operands else ""
        target, *sources = operands.replace(place, "").rstrip(", ").split(", ")
        if mnemonic == "str":
            state[place] = value(target)
        elif place.startswith("[sp"):
            state[target] = value(place)
        elif place:
            state[target], state["r0"] = f"load({value('r0')})", f"next({value('r0')})"
        else:
            state[target] = f"{mnemonic}({','.join(map(value, sources))})"
    return state


@given(st.lists(_lines, max_size=14))
def test_another_order_has_the_same_meaning(lines: list[str]) -> None:
    ordered = in_pairs(lines)
    assert sorted(ordered) == sorted(lines)
    assert _trace(ordered) == _trace(lines)


def test_branches_and_labels_stay_where_they_are() -> None:
    lines = ["1:", "ldr r4, [r0], #4", "smlad r5, r4, r4, r5", "subs r3, r3, #1", "bne 1b", "mov r0, #1"]
    ordered = in_pairs(lines)
    assert ordered[0] == "1:"
    assert ordered[4:] == ["bne 1b", "mov r0, #1"]


def test_a_load_comes_between_products_that_do_not_need_it() -> None:
    lines = ["smlad r4, r6, r7, r4", "smlad r5, r6, r7, r5", "ldr r8, [r0], #4", "ldr r9, [r1], #4"]
    assert in_pairs(lines) == [lines[0], lines[2], lines[1], lines[3]]


@given(npst.arrays(np.int8, st.tuples(st.integers(1, 5), st.sampled_from([2, 4, 6]))))
def test_packed_weights_give_both_sums_of_any_input(taps: np.ndarray[tuple[int, int], np.dtype[np.int8]]) -> None:
    if not can_be_packed(taps):
        assert (taps == -128).any()
        return
    words = pack_channels(taps).view("<i2").astype(np.int64).reshape(-1, taps.shape[1])
    x = np.random.default_rng(0).integers(-128, 128, taps.shape[1])
    for pair in range(len(taps) // 2):
        low = (words[pair].astype(np.int8).astype(np.int64) * x).sum()
        high = (words[pair] * x).sum() - low
        assert low == taps[2 * pair + 1] @ x
        assert high == 256 * (taps[2 * pair] @ x)


@pytest.mark.parametrize(("depth", "fits"), [(511, True), (600, False)])
def test_sums_that_might_overflow_are_not_packed(depth: int, fits: bool) -> None:
    assert can_be_packed(np.full((2, depth), 127, np.int8)) is fits


def test_instructions_are_words(tmp_path: Path) -> None:
    """Where nothing is cut off beyond int8, none has 16 bits, so that none lies across words."""
    kernels = DOTS, DenseDots(4, False, 2, 8, FINISH), CopyWords(), WidenWords()
    source, made = tmp_path / "micro.c", tmp_path / "micro.o"
    source.write_text("".join(kernel.source(Core.CORTEX_M4) for kernel in kernels))
    compiler = str(find_toolchain().compiler)
    run_tool([compiler, "-mcpu=cortex-m4", "-mthumb", "-O2", "-c", source, "-o", made])
    with made.open("rb") as file:
        code = ELFFile(file).get_section_by_name(".text").data()
    disassembler = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    short = [f"{name} {operands}" for _, size, name, operands in disassembler.disasm_lite(code, 0) if size == 2]
    assert len(code) > 1000
    assert not [text for text in short if not text.startswith(("nop", "movs r0, r0"))]
