"""The structures of native/clock_state.h, as ctypes."""

from __future__ import annotations

import ctypes

from harness.board.virtual.native_hook import structure

REGIONS, RANGES, CACHES = 24, 64, 4
_HINT_SHIFT = 14
ENDS_IN_CONDITIONAL_BRANCH = 1
ENDS_IN_INDIRECT_BRANCH = 2
BEGINS_ACROSS_WORDS = 4
NOT_COMPILED = 0xFFFF_FFFF
ELSEWHERE = 1
"""Index of the block for code outside all memories."""

_U8, _U16, _U32, _U64 = ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_uint64


class Cache(ctypes.Structure):
    """`cache_t`: lines held near the core."""

    _fields_ = (
        *structure(_U64, "enabled line_shift lines ways set_mask reads_ahead ahead_after refill"),
        *structure(_U64, "clock epoch last_line hits misses ahead_line ahead_ready"),
        ("tags", ctypes.POINTER(_U32)),
        ("stamps", ctypes.POINTER(_U64)),
        ("slots", ctypes.POINTER(_U16)),
        ("order", ctypes.POINTER(_U16)),
        ("slot_mask", _U64),
    )


class Region(ctypes.Structure):
    """`region_t`: a range of addresses that behaves alike."""

    _fields_ = (
        *structure(_U64, "origin size"),
        ("memory", ctypes.c_void_p),
        ("block_index", ctypes.POINTER(_U32)),
        ("fetch_cache", ctypes.POINTER(Cache)),
        ("data_cache", ctypes.POINTER(Cache)),
        *structure(_U64, "fetch_stall read_stall write_stall bank executed"),
    )


class Range(ctypes.Structure):
    """`range_t`: addresses whose data is not cached as usual."""

    _fields_ = structure(_U64, "origin size cached allocates")


class Block(ctypes.Structure):
    """`block_t`: what one basic block costs by itself, and what its ends are."""

    _fields_ = (
        *structure(_U16, "size cycles instructions"),
        *structure(_U8, "flags taken_counter taken mispredicted"),
        *structure(_U16, "exit exit_taken"),
        *structure(_U32, "last_target first_step steps"),
        *structure(_U64, "fetch_epoch"),
    )


class Entry(ctypes.Structure):
    """`entry_t`: what a block costs more when it finds some pipeline, and what it leaves then."""

    _fields_ = (
        ("key", _U64),
        ("extra", ctypes.c_int16),
        *structure(_U16, "exit exit_taken spare"),
        ("runs", _U64),
    )


class Profile(ctypes.Structure):
    """`profile_t`: where the cycles of a block went beside its own."""

    _fields_ = (
        *structure(_U64, "runs transition"),
        ("carried", ctypes.c_int64),
        *structure(_U64, "fetch data divide unresolved"),
    )


class Step(ctypes.Structure):
    """`step_t`: one step of an address program."""

    _fields_ = (*structure(_U8, "kind target left right shift bytes flags spare"), ("offset", ctypes.c_int32))


DECODE = ctypes.CFUNCTYPE(_U32, _U64, _U32)
COMPILE = ctypes.CFUNCTYPE(None, _U64, _U32, _U32)
ENTER = ctypes.CFUNCTYPE(None, _U64, _U32, _U32, ctypes.POINTER(Entry))


class ClockState(ctypes.Structure):
    """`clock_state_t`: the virtual clock, shared by the hook and Python."""

    _fields_ = (
        *structure(_U64, "cycles instructions blocks deadline stopped continues deadline_behind timed stalled"),
        *structure(_U64, "fall_through last exit exit_taken pipeline refetched predicts_branches"),
        *structure(_U64, "straddling_target_cycles"),
        *structure(_U64, "pipelined_load_saves bank_conflict_cycles unaligned_cycles unaligned_store_cycles"),
        *structure(_U64, "divide_zero divide_smaller divide_base divide_bits divide_maximum"),
        *structure(_U64, "last_bank last_address region_count"),
        ("regions", Region * REGIONS),
        ("region_hint", _U8 * (1 << 32 - _HINT_SHIFT)),
        ("caches", Cache * CACHES),
        ("range_count", _U64),
        ("ranges", Range * RANGES),
        ("block", ctypes.POINTER(Block)),
        ("entry", ctypes.POINTER(Entry)),
        *structure(_U64, "entry_count entry_mask entry_shift"),
        ("profile", ctypes.POINTER(Profile)),
        ("step", ctypes.POINTER(Step)),
        ("registers", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
        ("decode", DECODE),
        ("compile", COMPILE),
        ("enter", ENTER),
    )
