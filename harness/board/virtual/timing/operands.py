"""Capstone's view of a Thumb instruction, reduced to what the timing rules look at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from capstone import arm

from harness.board.virtual.timing.instruction import Form, Kind, Operation

_CONDITION = "(eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al)?"
_SINGLE = re.compile(f"(ldrex[bhd]?|ldrs[bh]|ldr[bhd]?|strex[bhd]?|str[bhd]?)t?{_CONDITION}")
_DIRECT = re.compile(f"b{_CONDITION}")
_KINDS: Final[tuple[tuple[tuple[str, ...], Kind], ...]] = (
    (("vldm", "vpop"), Kind.LOAD_MULTIPLE),
    (("vstm", "vpush"), Kind.STORE_MULTIPLE),
    (("ldm", "pop"), Kind.LOAD_MULTIPLE),
    (("stm", "push"), Kind.STORE_MULTIPLE),
    (("vldr",), Kind.FLOAT_LOAD),
    (("vstr",), Kind.FLOAT_STORE),
    (("vdiv", "vsqrt"), Kind.FLOAT_DIVIDE),
    (("vfma", "vfms", "vfnm", "vmla", "vmls", "vnml"), Kind.FLOAT_MAC),
    (("v",), Kind.FLOAT),
    (("sdiv", "udiv"), Kind.DIVIDE),
    (("bx", "blx"), Kind.INDIRECT_BRANCH),
    (("cbz", "cbnz"), Kind.CONDITIONAL_BRANCH),
    (("tbb", "tbh"), Kind.TABLE_BRANCH),
    (("it",), Kind.IT),
    (("nop",), Kind.NOP),
    (("dsb", "isb", "dmb"), Kind.BARRIER),
    (("mrs", "msr", "cps"), Kind.SYSTEM),
    (("smul", "umul", "smla", "umla", "smls", "mul", "mla", "mls", "smua", "smus", "umaal", "smm"), Kind.MULTIPLY),
    (("sxt", "uxt", "ubfx", "sbfx", "bfi", "bfc", "pkh", "uadd", "sadd", "qadd", "qsub", "qdadd", "qdsub"), Kind.SIMD),
    (("usub", "ssub", "uq", "uh", "sh", "clz", "rev", "rbit", "ssat", "usat", "sel", "usad"), Kind.SIMD),
)
_FORMS: Final[tuple[tuple[tuple[str, ...], Form], ...]] = (
    (("sxtab", "sxtah", "uxtab", "uxtah"), Form.EXTEND_ADD),
    (("sxtb16", "uxtb16"), Form.OTHER),
    (("sxt", "uxt"), Form.EXTEND),
    (("sbfx", "ubfx"), Form.EXTRACT),
    (("bfi", "bfc"), Form.INSERT),
    (("pkh",), Form.PACK),
    (("clz",), Form.COUNT),
    (("rev", "rbit"), Form.REVERSE),
    (("vmla", "vmls", "vnml"), Form.UNFUSED),
    (("ssat", "usat", "qadd", "qsub", "qdadd", "qdsub", "uqadd", "uqsub", "qasx", "qsax", "usad"), Form.SATURATE),
    (("vadd", "vsub"), Form.FLOAT_ADD),
    (("vmul", "vnmul"), Form.FLOAT_MULTIPLY),
    (("vsqrt",), Form.SQUARE_ROOT),
    (("vmrs", "vmsr"), Form.STATUS),
    (("cps",), Form.MASK),
    (("lsl", "lsr", "asr", "ror"), Form.SHIFT),
    (("mov",), Form.MOVE),
)
_SUMS = re.compile("(add|sub|adr|adds|subs|addw|subw)")
_LONG = ("smlal", "umlal", "umaal", "smlsld")
_MACS = ("smla", "smls", "smmla", "smmls", "mla", "mls", "usada8")
_SATURATIONS = ("ssat", "usat", "qdadd", "qdsub")
_SHIFTED_LAST = (Form.INSERT, Form.PACK, Form.EXTRACT, Form.EXTEND_ADD, Form.REVERSE)


def operation(raw: Any) -> Operation:
    """One instruction, as Capstone gives it with details."""
    mnemonic = raw.mnemonic.split(".w")[0].removesuffix(".n")
    registers = [one.reg for one in raw.operands if one.type == arm.ARM_OP_REG]
    kind = _refined(_kind(mnemonic), mnemonic, registers, raw)
    fields: dict[str, Any] = {"size": raw.size, "kind": kind, "writeback": bool(raw.writeback)}
    memory = next((one for one in raw.operands if one.type == arm.ARM_OP_MEM), None)
    if memory is not None:
        fields |= _address(raw, memory.mem)
    if _SINGLE.fullmatch(mnemonic):
        fields |= _single_transfer(mnemonic, kind, registers)
    elif mnemonic.startswith(("vldm", "vstm", "vpush", "vpop", "ldm", "stm", "push", "pop")):
        fields |= _multiple_transfer(mnemonic, kind, registers)
    elif kind in (Kind.FLOAT_LOAD, Kind.FLOAT_STORE):
        fields["loaded"] = _halves(registers[:1]) if kind is Kind.FLOAT_LOAD else ()
        fields["double"] = _is_double(registers[0])
    else:
        fields |= _computation(raw, mnemonic, kind, registers)
    fields["read"], fields["written"] = _registers(raw, kind, registers, fields)
    return Operation(**fields)


def _kind(mnemonic: str) -> Kind:
    if mnemonic in ("b", "bl"):
        return Kind.BRANCH
    if _DIRECT.fullmatch(mnemonic):
        return Kind.CONDITIONAL_BRANCH
    return next((kind for prefixes, kind in _KINDS if mnemonic.startswith(prefixes)), Kind.ALU)


def _refined(kind: Kind, mnemonic: str, registers: list[int], raw: Any) -> Kind:
    """The kind, where the mnemonic alone does not say it."""
    if _SINGLE.fullmatch(mnemonic):
        load = mnemonic.startswith("ld")
        if mnemonic.startswith(("ldrd", "strd", "ldrexd", "strexd")):
            return Kind.LOAD_MULTIPLE if load else Kind.STORE_MULTIPLE
        return Kind.LOAD_PC if registers[:1] == [arm.ARM_REG_PC] else Kind.LOAD if load else Kind.STORE
    if kind is Kind.LOAD_MULTIPLE and arm.ARM_REG_PC in registers:
        return Kind.LOAD_MULTIPLE_PC
    if kind is Kind.FLOAT and mnemonic.startswith("vmov") and len(registers) >= 3:
        return Kind.FLOAT_MOVE_TWO
    return Kind.INDIRECT_BRANCH if kind is Kind.ALU and arm.ARM_REG_PC in raw.regs_access()[1] else kind


def _address(raw: Any, memory: Any) -> dict[str, Any]:
    return {
        "base": memory.base,
        "address": tuple(one for one in (memory.base, memory.index) if one),
        "register_offset": bool(memory.index),
        "offset": 0 if raw.post_index else memory.disp,
    }


def _single_transfer(mnemonic: str, kind: Kind, registers: list[int]) -> dict[str, Any]:
    narrow = mnemonic.removeprefix("ldr").removeprefix("str").removeprefix("ex")[:1] in ("b", "h", "s")
    moved = 2 if kind in (Kind.LOAD_MULTIPLE, Kind.STORE_MULTIPLE) else 1
    loaded = tuple(registers[:moved]) if mnemonic.startswith("ld") else ()
    return {"registers": moved, "narrow": narrow and moved == 1, "loaded": loaded}


def _multiple_transfer(mnemonic: str, kind: Kind, registers: list[int]) -> dict[str, Any]:
    on_stack = mnemonic.startswith(("push", "pop", "vpush", "vpop"))
    base, moved = (arm.ARM_REG_SP, registers) if on_stack else (registers[0], registers[1:])
    return {
        "registers": len(_halves(moved)),
        "base": base,
        "address": (base,),
        "vector": mnemonic.startswith("v"),
        "loaded": () if kind is Kind.STORE_MULTIPLE else _halves(moved),
    }


def _computation(raw: Any, mnemonic: str, kind: Kind, registers: list[int]) -> dict[str, Any]:
    form = _form(mnemonic, kind, registers, raw)
    fields: dict[str, Any] = {"form": form, "double": any(_is_double(one) for one in registers)}
    shifted = [one.reg for one in raw.operands if one.type == arm.ARM_OP_REG and one.shift.type and one.shift.value]
    if kind is Kind.ALU and form is not Form.SHIFT:
        fields["shifted"], fields["constant_shifted"] = tuple(shifted), _has_shifted_constant(raw)
    elif form in _SHIFTED_LAST or mnemonic.startswith(_SATURATIONS):
        fields["shifted"] = tuple(registers[-2:] if mnemonic == "pkhtb" else registers[-1:])
    if mnemonic.startswith(_LONG):
        fields["accumulated"] = tuple(registers[:2])
    elif mnemonic.startswith(_MACS) and len(registers) == 4:
        fields["accumulated"] = (registers[3],)
    elif form is Form.EXTEND_ADD:
        fields["accumulated"] = (registers[1],)
    elif kind is Kind.FLOAT_MAC:
        fields["accumulated"] = _halves(registers[:1])
    return fields


def _form(mnemonic: str, kind: Kind, registers: list[int], raw: Any) -> Form:
    if mnemonic.startswith("vmov") and kind is Kind.FLOAT:
        return _move_form(registers)
    if kind is Kind.ALU and _SUMS.fullmatch(mnemonic):
        return Form.ADD
    form = next((form for prefixes, form in _FORMS if mnemonic.startswith(prefixes)), Form.OTHER)
    # MOVT keeps the lower half, and so needs what it writes.
    return Form.OTHER if form is Form.MOVE and raw.id == arm.ARM_INS_MOVT else form


def _move_form(registers: list[int]) -> Form:
    if len(registers) == 1:
        return Form.FLOAT_CONSTANT
    target, source = (_is_float(one) for one in registers[:2])
    if target and source:
        return Form.FLOAT_MOVE
    return Form.FROM_CORE if target else Form.TO_CORE


def _has_shifted_constant(raw: Any) -> bool:
    """Whether a modified immediate constant is one of eight bits shifted (Armv7-M ARM, A5.3.2)."""
    if raw.size != 4:
        return False
    first, second = (int.from_bytes(raw.bytes[at : at + 2], "little") for at in (0, 2))
    return first & 0xFA00 == 0xF000 and not second & 0x8000 and bool(first & 0x400 or second & 0x4000)


def _registers(
    raw: Any, kind: Kind, registers: list[int], fields: dict[str, Any]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What is read and written; Capstone leaves out some operands, and the flags that arithmetic sets."""
    read, written = (list(some) for some in raw.regs_access())
    written += fields.get("loaded", ())
    if kind is Kind.STORE_MULTIPLE:
        read += registers
    elif kind in (Kind.ALU, Kind.SIMD, Kind.MULTIPLY, Kind.DIVIDE, Kind.FLOAT_MAC):
        read += [*registers[2 if raw.mnemonic.startswith((*_LONG, "smull", "umull")) else 1 :]]
        read += fields.get("accumulated", ())
    if raw.update_flags:
        written.append(arm.ARM_REG_CPSR)
    if kind is Kind.CONDITIONAL_BRANCH and not registers:
        read.append(arm.ARM_REG_CPSR)
    return _clean(read), _clean(written)


def _clean(registers: Iterable[int]) -> tuple[int, ...]:
    return tuple(one for one in dict.fromkeys(_halves(registers)) if one != arm.ARM_REG_ITSTATE)


def _halves(registers: Iterable[int]) -> tuple[int, ...]:
    """The same registers, those of double precision as their halves."""
    found: list[int] = []
    for one in registers:
        if _is_double(one):
            first = arm.ARM_REG_S0 + 2 * (one - arm.ARM_REG_D0)
            found += [first, first + 1]
        else:
            found.append(one)
    return tuple(found)


def _is_double(register: int) -> bool:
    return bool(arm.ARM_REG_D0 <= register <= arm.ARM_REG_D31)


def _is_float(register: int) -> bool:
    return bool(_is_double(register) or arm.ARM_REG_S0 <= register <= arm.ARM_REG_S31)
