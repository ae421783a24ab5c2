"""Loads and stores of core registers. Those of several registers are made by `lists`."""

from __future__ import annotations

from tests.board.instruction_set.encodings import Encoding, Extension, Fields, Table

_WORDS, _BYTES = 8, 32


def memory_encodings() -> list[Encoding]:
    """All of them."""
    return [*_narrow(), *_wide(), *_exclusive(), *_ordered()]


def _narrow() -> list[Encoding]:
    table = Table()
    transfers = [("STR", "b", "s"), ("STRH", "b", "s"), ("STRB", "p", "s"), ("LDRSB", "p", "d")]
    transfers += [("LDR", "b", "d"), ("LDRH", "b", "d"), ("LDRB", "p", "d"), ("LDRSH", "b", "d")]
    for number, (name, base, data) in enumerate(transfers):
        op = f"{number:03b}"
        table.add(f"{name} reg", f"0101 {op} xxx {base * 3} {data * 3}")
        if base == "b":
            table.add(f"{name} reg, any address", f"0101 {op} xxx ppp {data * 3}", needs=Extension.MAINLINE)
    for name, op, base, data in (
        ("STR", "01100", "b", "s"),
        ("LDR", "01101", "b", "d"),
        ("STRB", "01110", "p", "s"),
        ("LDRB", "01111", "p", "d"),
        ("STRH", "10000", "b", "s"),
        ("LDRH", "10001", "b", "d"),
    ):
        largest = {"o": _WORDS if op < "01110" else _BYTES // 2}
        table.add(f"{name} imm", f"{op} ooooo {base * 3} {data * 3}", largest=largest)
        if base == "b":
            pattern = f"{op} ooooo ppp {data * 3}"
            table.add(f"{name} imm, any address", pattern, largest=largest, needs=Extension.MAINLINE)
    table.add("STR SP", "10010 sss oooooooo", largest={"o": _WORDS})
    table.add("LDR SP", "10011 ddd oooooooo", largest={"o": _WORDS})
    table.add("LDR literal", "01001 ddd iiiiiiii")
    return table.encodings


def _wide() -> list[Encoding]:
    table = Table(Extension.MAINLINE)
    for name, op, data in (
        ("STRB", "0000", "s"),
        ("LDRB", "0001", "d"),
        ("STRH", "0010", "s"),
        ("LDRH", "0011", "d"),
        ("STR", "0100", "s"),
        ("LDR", "0101", "d"),
    ):
        _transfer(table, name, f"11111000{op}", data)
    _transfer(table, "LDRSB", "111110010001", "d")
    _transfer(table, "LDRSH", "111110010011", "d")
    pairs = "1110100 q u 1 w"
    small = {"o": 7}
    table.add("LDRD", f"{pairs} 1 bbbb dddd eeee oooooooo", _indexed, largest=small, drift=_pair_drift)
    table.add("STRD", f"{pairs} 0 bbbb ssss zzzz oooooooo", _indexed, largest=small, drift=_pair_drift)
    table.add("PLD", "111110001001 bbbb 1111 oooooooooooo", largest={"o": _BYTES})
    table.add("LDR.W literal", "11111000 u 1011111 dddd 0000 iiiiiiii", lambda f: f["u"] == 1)
    return table.encodings


def _transfer(table: Table, name: str, prefix: str, data: str) -> None:
    table.add(f"{name} imm12", f"{prefix[:8]}1{prefix[9:]} pppp {data * 4} oooooooooooo", largest={"o": _BYTES})
    pattern = f"{prefix} pppp {data * 4} 1 qqq oooooooo"
    # P, U, W: offset down; unprivileged; after, before and with the base written.
    table.add(f"{name} imm8", pattern, lambda f: f["q"] not in (0, 2), largest={"o": 9}, drift=_imm8_drift)
    table.add(f"{name} reg.W", f"{prefix} pppp {data * 4} 000000 ww xxxx")


def _imm8_drift(fields: Fields) -> int:
    return fields["o"] if fields["q"] & 1 else 0


def _pair_drift(fields: Fields) -> int:
    return 4 * fields["o"] if fields["w"] else 0


def _indexed(fields: Fields) -> bool:
    return bool(fields["q"] or fields["w"])


def _exclusive() -> list[Encoding]:
    table = Table(Extension.MAINLINE)
    table.add("LDREX", "111010000101 bbbb dddd 1111 oooooooo", largest={"o": _WORDS})
    table.add("STREX", "111010000100 bbbb ssss dddd oooooooo", largest={"o": _WORDS})
    table.add("LDREXB", "111010001101 pppp dddd 111101001111")
    table.add("LDREXH", "111010001101 bbbb dddd 111101011111")
    table.add("STREXB", "111010001100 pppp ssss 11110100 dddd")
    table.add("STREXH", "111010001100 bbbb ssss 11110101 dddd")
    return table.encodings


def _ordered() -> list[Encoding]:
    """Load-acquire and store-release."""
    table = Table(Extension.MAINLINE | Extension.V8)
    for size, op, base in (("B", "00", "p"), ("H", "01", "b"), ("", "10", "b")):
        table.add(f"LDA{size}", f"111010001101 {base * 4} dddd 111110 {op} 1111")
        table.add(f"STL{size}", f"111010001100 {base * 4} ssss 111110 {op} 1111")
        table.add(f"LDAEX{size}", f"111010001101 {base * 4} dddd 111111 {op} 1111")
        table.add(f"STLEX{size}", f"111010001100 {base * 4} ssss 111111 {op} dddd")
    return table.encodings
