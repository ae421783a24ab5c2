"""Addresses computed when a block is entered are those that the core then accesses."""

from __future__ import annotations

import random
import struct
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from harness.board.spec import Accelerator, CacheGeometry, MemoryBank, MemoryTimingSpec
from harness.board.spec import Path as MemoryPath
from harness.board.virtual.block_clock import NEVER
from harness.board.virtual.engine import Engine
from harness.board.virtual.memory_timing import MappedBank, MemoryTiming
from harness.board.virtual.timing.cortex_m4 import CortexM4
from harness.deploy.target import Core

CODE, RAM, SIZE = 0x0800_0000, 0x2000_0000, 0x1_0000
WORD = 4
BLOCKS, INSTRUCTIONS = 250, 24
POINTERS, INDICES, DATA = ("r0", "r1", "r2", "r3", "sp"), ("r4", "r5"), ("r6", "r7", "r8")
TEMPLATES = (
    "ldr {d}, [{p}, #{o}]",
    "ldr {d}, [{p}], #{s}",
    "ldr {d}, [{p}, #{s}]!",
    "ldrb {d}, [{p}, {i}]",
    "ldrsh {d}, [{p}, {i}, lsl #1]",
    "str {d}, [{p}, #{o}]",
    "strb {d}, [{p}, {i}]",
    "strh {d}, [{p}], #{s}",
    "ldrd r6, r7, [{p}, #{o}]",
    "strd r6, r7, [{p}], #{s}",
    "ldm {q}, {{r6, r7, r8}}",
    "ldm {q}!, {{r6, r7, r8}}",
    "stmdb {q}!, {{r6, r7}}",
    "push {{r4, r6}}",
    "pop {{r6, r7}}",
    "vldr s0, [{p}, #{o}]",
    "vstr d1, [{p}, #{o}]",
    "vldmia {q}!, {{s2, s3, s4}}",
    "ldr {q}, [{p}, #{o}]",
    "ldr {q}, =buffer",
    "add {q}, {q}, #{o}",
    "sub {q}, {q}, #{o}",
    "add {q}, {p}, {i}, lsl #2",
    "mov {q}, {p}",
    "lsls {i}, {j}, #1",
    "and {i}, {j}, #0x3f",
    "orr {i}, {j}, #4",
    "eor {i}, {i}, {j}",
    "uxtb {i}, {j}",
    "ubfx {i}, {j}, #1, #4",
    "mul r6, {i}, {j}",
    "movs {i}, #{o}",
    "movw {q}, #:lower16:buffer\n movt {q}, #:upper16:buffer",
    "rsb {i}, {j}, #{o}",
    "smlad r6, r7, r8, r6",
    "vfma.f32 s0, s1, s2",
)


def random_block(seed: int) -> str:
    """Instructions without a branch, of which most access memory."""
    pick = random.Random(seed)
    lines = []
    for _ in range(INSTRUCTIONS):
        lines.append(
            pick.choice(TEMPLATES).format(
                d=pick.choice(DATA),
                p=pick.choice(POINTERS),
                q=pick.choice(POINTERS[:4]),
                i=pick.choice(INDICES),
                j=pick.choice(INDICES),
                o=4 * pick.randrange(16),
                s=4 * pick.randrange(-8, 9),
            )
        )
    return "\n".join((f"block_{seed}:", *lines, "bkpt", ".ltorg", ".balign 4"))


@cache
def assembled() -> tuple[bytes, tuple[int, ...]]:
    """The code of all blocks, and where each begins."""
    source = "\n".join((".syntax unified", ".thumb", f".equ buffer, {RAM + SIZE // 2:#x}", ".global table"))
    blocks = "\n".join(random_block(seed) for seed in range(BLOCKS))
    table = "\n".join(("table:", *(f".word block_{seed} - start" for seed in range(BLOCKS))))
    with TemporaryDirectory() as directory:
        out, text = Path(directory, "a.o"), Path(directory, "a.bin")
        subprocess.run(
            ["arm-none-eabi-as", "-march=armv7e-m+fp", "-o", str(out), "-"],
            input=f"{source}\nstart:\n{blocks}\n{table}\n",
            text=True,
            check=True,
        )
        subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", "-j", ".text", str(out), str(text)], check=True)
        code = text.read_bytes()
    return code, struct.unpack(f"<{BLOCKS}I", code[-4 * BLOCKS :])


class Bench:
    """A core whose memory is held in a cache of words so large that nothing ever leaves it."""

    def __init__(self) -> None:
        import ctypes

        self.engine = Engine(Core.CORTEX_M4, CortexM4())
        self.engine.float_unit_enabled = True
        self.engine.map_memory(CODE, SIZE, writable=False)
        ram = self.engine.map_memory(RAM, SIZE, writable=True)
        self.engine.write(CODE, assembled()[0])
        pointer = ctypes.addressof(ctypes.c_char.from_buffer(ram.buffer))
        flash = MemoryBank("code", CODE, SIZE, MemoryPath.DIRECT, writable=False)
        bank = MemoryBank("ram", RAM, SIZE, MemoryPath.ACCELERATOR, writable=True)
        words = CacheGeometry(SIZE, 0)
        spec = MemoryTimingSpec((flash, bank), Accelerator(WORD, WORD, words, words, unified=False), None)
        clock = self.engine.clock
        mapped = [MappedBank(bank, pointer, clock.index_code(RAM, SIZE)), self._code(flash)]
        self.timing = MemoryTiming(spec, clock.state, mapped)
        self.timing.flash(wait_states=1, prefetch=False, instruction_cache=False, data_cache=True)
        clock.state.timed = 1

    def _code(self, flash: MemoryBank) -> MappedBank:
        import ctypes

        memory = self.engine.memory_at(CODE)
        assert memory is not None
        pointer = ctypes.addressof(ctypes.c_char.from_buffer(memory.buffer))
        return MappedBank(flash, pointer, self.engine.clock.index_code(CODE, SIZE))

    def prepare(self, seed: int) -> None:
        """Memory full of addresses in its middle half, and registers to go with it."""
        from unicorn import arm_const as arm

        pick = random.Random(seed)
        inside = [RAM + SIZE // 4 + 4 * pick.randrange(SIZE // 8) for _ in range(SIZE // WORD)]
        self.engine.write(RAM, struct.pack(f"<{len(inside)}I", *inside))
        for index in range(9):
            value = pick.randrange(16) * 4 if index in (4, 5) else pick.choice(inside)
            self.engine.uc.reg_write(arm.UC_ARM_REG_R0 + index, value)
        self.engine.uc.reg_write(arm.UC_ARM_REG_SP, RAM + SIZE // 2)

    def expected(self, start: int) -> tuple[set[int], bool]:
        """Words that the block accesses, as Unicorn's own hooks see it, and whether it read what it had written."""
        import unicorn as uc

        words: set[int] = set()
        written: set[int] = set()
        read_back = False

        def note(_uc: object, access: int, address: int, size: int, _value: int, _data: object) -> None:
            nonlocal read_back
            touched = set(range((address - RAM) // WORD, (address + size - 1 - RAM) // WORD + 1))
            if address >= RAM:
                words.update(touched)
                read_back |= access == uc.UC_MEM_READ and bool(touched & written)
                written.update(touched if access == uc.UC_MEM_WRITE else ())

        hook = self.engine.uc.hook_add(uc.UC_HOOK_MEM_READ | uc.UC_HOOK_MEM_WRITE, note)
        self.engine.run(start, NEVER)
        self.engine.uc.hook_del(hook)
        return words, read_back

    def computed(self, start: int) -> set[int]:
        """Words that the block's address program touched."""
        self.timing.invalidate_accelerator()
        self.engine.run(start, NEVER)
        cache = self.engine.clock.state.caches[1]
        return {cache.tags[slot] - 1 - RAM // WORD for slot in range(cache.lines) if cache.tags[slot]}


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


def test_computed_addresses_are_those_accessed(bench: Bench) -> None:
    _, starts = assembled()
    wrong, followed = [], 0
    for seed, start in enumerate(starts):
        bench.prepare(seed)
        expected, read_back = bench.expected(CODE + start)
        bench.prepare(seed)
        bench.engine.clock.profile(True)
        computed = bench.computed(CODE + start)
        unresolved = sum(profile.unresolved for _, _, _, profile in bench.engine.clock.profiled())
        followed += not unresolved
        # A pointer that the block stored through another register is not followed.
        if not read_back and (not expected >= computed or (not unresolved and computed != expected)):
            wrong.append((random_block(seed), sorted(expected ^ computed)))
    assert not wrong, wrong[0]
    assert followed > BLOCKS // 2
