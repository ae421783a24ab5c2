"""Floating point instructions: FPv4-SP, FPv5-SP, and FPv5 with doubles. Loads and stores of several are in `lists`."""

from __future__ import annotations

from tests.board.instruction_set.encodings import Encoding, Extension, Fields, Table


def float_encodings() -> list[Encoding]:
    """All of them."""
    return [*_single(), *_transfers(), *_version_5(), *_double()]


_THREE_OPERANDS = (
    ("VMLA", "11101110 f 00 gggg ffff 1010 g 0 h 0 hhhh"),
    ("VMLS", "11101110 f 00 gggg ffff 1010 g 1 h 0 hhhh"),
    ("VNMLS", "11101110 f 01 gggg ffff 1010 g 0 h 0 hhhh"),
    ("VNMLA", "11101110 f 01 gggg ffff 1010 g 1 h 0 hhhh"),
    ("VMUL", "11101110 f 10 gggg ffff 1010 g 0 h 0 hhhh"),
    ("VNMUL", "11101110 f 10 gggg ffff 1010 g 1 h 0 hhhh"),
    ("VADD", "11101110 f 11 gggg ffff 1010 g 0 h 0 hhhh"),
    ("VSUB", "11101110 f 11 gggg ffff 1010 g 1 h 0 hhhh"),
    ("VDIV", "11101110 1 f 00 gggg ffff 1010 g 0 h 0 hhhh"),
    ("VFNMS VFNMA", "11101110 1 f 01 gggg ffff 1010 g w h 0 hhhh"),
    ("VFMA VFMS", "11101110 1 f 10 gggg ffff 1010 g w h 0 hhhh"),
)
_TWO_OPERANDS = (
    ("VMOV VABS", "11101110 1 f 11 0000 ffff 1010 w1 h 0 hhhh"),
    ("VNEG VSQRT", "11101110 1 f 11 0001 ffff 1010 w1 h 0 hhhh"),
    ("VCMP VCMPE", "11101110 1 f 11 0100 ffff 1010 w1 h 0 hhhh"),
    ("VCMP zero", "11101110 1 f 11 0101 ffff 1010 w1 0 0 0000"),
    ("VMOV imm", "11101110 1 f 11 iiii ffff 1010 0 0 0 0 iiii"),
)


def _expand(pattern: str) -> str:
    """Patterns above leave out bit 23 where it is 0."""
    bits = pattern.replace(" ", "")
    return bits if len(bits) == 32 else bits[:8] + "0" + bits[8:]


def _single() -> list[Encoding]:
    table = Table(Extension.FLOAT)
    table.add_all((name, _expand(pattern)) for name, pattern in (*_THREE_OPERANDS, *_TWO_OPERANDS))
    table.add_all(
        (
            ("VCVTB VCVTT", "11101110 1 f 11 001 w ffff 1010 t1 h 0 hhhh"),
            ("VCVT from integer", "11101110 1 f 11 1000 ffff 1010 w1 h 0 hhhh"),
            ("VCVT VCVTR to integer", "11101110 1 f 11 110 u ffff 1010 w1 h 0 hhhh"),
        )
    )
    _fixed_point(table, "11101110 1 f 11 1 {} 1 u ffff 1010")
    return table.encodings


def _fixed_point(table: Table, pattern: str) -> None:
    for name, op in (("VCVT from fixed", "0"), ("VCVT to fixed", "1")):
        prefix, to_nearest = pattern.format(op), op == "0"
        table.add(f"{name} 16", f"{prefix} 01 i 0 iiii", _fraction_fits, to_nearest=to_nearest)
        table.add(f"{name} 32", f"{prefix} 11 i 0 iiii", to_nearest=to_nearest)


def _fraction_fits(fields: Fields) -> bool:
    # The field's lowest bit comes first.
    return (fields["i"] << 1 & 0x1E | fields["i"] >> 4) <= 16


def _transfers() -> list[Encoding]:
    table = Table(Extension.FLOAT)
    small = {"o": 12}
    table.add("VLDR", "11101101 u f 01 bbbb ffff 1010 oooooooo", largest=small)
    table.add("VSTR", "11101101 u f 00 bbbb ffff 1010 oooooooo", largest=small)
    table.add("VLDR D", "11101101 u 0 01 bbbb ffff 1011 oooooooo", largest=small)
    table.add("VSTR D", "11101101 u 0 00 bbbb ffff 1011 oooooooo", largest=small)
    table.add_all(
        (
            ("VMOV to single", "111011100000 gggg nnnn 1010 g 0010000"),
            ("VMOV from single", "111011100001 gggg dddd 1010 g 0010000"),
            ("VMOV to double", "111011000100 mmmm nnnn 101100 0 1 hhhh"),
            ("VMOV from double", "111011000101 eeee dddd 101100 0 1 hhhh"),
            ("VMOV to half of double", "1110111000 w 0 gggg nnnn 1011 0 0010000"),
            ("VMOV from half of double", "1110111000 w 1 gggg dddd 1011 0 0010000"),
            ("VMRS", "1110111011110001 dddd 101000010000"),
            ("VMRS APSR", "1110111011110001 1111 101000010000"),
        )
    )
    table.add("VMOV to two singles", "111011000100 mmmm nnnn 101000 h 1 hhhh", lambda f: f["h"] != 31)
    table.add("VMOV from two singles", "111011000101 eeee dddd 101000 h 1 hhhh", lambda f: f["h"] != 31)
    return table.encodings


_VERSION_5 = (
    ("VSEL", "11111110 0 f ww gggg ffff 1010 g 0 h 0 hhhh"),
    ("VMAXNM VMINNM", "11111110 1 f 00 gggg ffff 1010 g w h 0 hhhh"),
    ("VRINTA VRINTN VRINTP VRINTM", "11111110 1 f 1110 ww ffff 1010 01 h 0 hhhh"),
)
_VERSION_5_CONDITIONAL = (
    ("VRINTR VRINTZ", "11101110 1 f 110110 ffff 1010 w1 h 0 hhhh"),
    ("VRINTX", "11101110 1 f 110111 ffff 1010 01 h 0 hhhh"),
)


def _version_5() -> list[Encoding]:
    table = Table(Extension.FLOAT | Extension.FLOAT_V5)
    for name, pattern in _VERSION_5:
        table.add(name, pattern, unconditional=True)
    table.add_all(_VERSION_5_CONDITIONAL)
    table.add("VCVTA VCVTN VCVTP VCVTM", "11111110 1 f 1111 ww ffff 1010 u1 h 0 hhhh", unconditional=True)
    return table.encodings


def _double() -> list[Encoding]:
    table = Table(Extension.FLOAT | Extension.FLOAT_V5 | Extension.DOUBLE)
    for name, pattern in (*_THREE_OPERANDS, *_TWO_OPERANDS, *_VERSION_5_CONDITIONAL):
        table.add(f"{name} D", _of_doubles(_expand(pattern)))
    for name, pattern in _VERSION_5:
        table.add(f"{name} D", _of_doubles(_expand(pattern)), unconditional=True)
    table.add_all(
        (
            ("VCVT to single", "11101110 1 f 11 0111 ffff 1011 11 0 0 hhhh"),
            ("VCVT to double", "11101110 1 0 11 0111 ffff 1010 11 h 0 hhhh"),
            ("VCVT D from integer", "11101110 1 0 11 1000 ffff 1011 w1 h 0 hhhh"),
            ("VCVT VCVTR D to integer", "11101110 1 f 11 110 u ffff 1011 w1 0 0 hhhh"),
            ("VCVTB VCVTT to D", "11101110 1 0 11 0010 ffff 1011 t1 h 0 hhhh"),
            ("VCVTB VCVTT from D", "11101110 1 f 11 0011 ffff 1011 t1 0 0 hhhh"),
        )
    )
    table.add("VCVTA... D", "11111110 1 f 1111 ww ffff 1011 u1 0 0 hhhh", unconditional=True)
    _fixed_point(table, "11101110 1 0 11 1 {} 1 u ffff 1011")
    return table.encodings


def _of_doubles(pattern: str) -> str:
    """The encoding on doubles: bit 8 set, and registers from 0 to 15, whose highest bit is a bit of its own."""
    bits = list(pattern.replace(" ", ""))
    bits[23] = "1"
    for position in (9, 24, 26):
        if bits[position] in "fgh":
            bits[position] = "0"
    return "".join(bits)
