"""Integer instructions: Armv6-M, Thumb-2, DSP extension."""

from __future__ import annotations

from tests.board.instruction_set.encodings import Encoding, Extension, Fields, Table, thumb_expand_is_defined


def integer_encodings() -> list[Encoding]:
    """All of them."""
    return [*_narrow(), *_data_processing(), *_bit_fields(), *_multiplication(), *_dsp()]


def _narrow() -> list[Encoding]:
    table = Table()
    table.add_all(
        (
            ("LSLS imm", "00000 iiiii mmm ddd"),
            ("LSRS imm", "00001 iiiii mmm ddd"),
            ("ASRS imm", "00010 iiiii mmm ddd"),
            ("ADDS reg", "0001100 mmm nnn ddd"),
            ("SUBS reg", "0001101 mmm nnn ddd"),
            ("ADDS imm3", "0001110 iii nnn ddd"),
            ("SUBS imm3", "0001111 iii nnn ddd"),
            ("MOVS imm8", "00100 ddd iiiiiiii"),
            ("CMP imm8", "00101 nnn iiiiiiii"),
            ("ADDS imm8", "00110 ddd iiiiiiii"),
            ("SUBS imm8", "00111 ddd iiiiiiii"),
            ("data processing", "010000 iiii mmm ddd"),
            ("ADD high", "01000100 d mmmm ddd"),
            ("MOV high", "01000110 d mmmm ddd"),
            ("SXTH SXTB UXTH UXTB", "10110010 ii mmm ddd"),
            ("REV", "1011101000 mmm ddd"),
            ("REV16", "1011101001 mmm ddd"),
            ("REVSH", "1011101011 mmm ddd"),
            ("ADR", "10100 ddd iiiiiiii"),
            ("ADD SP", "10101 ddd iiiiiiii"),
            ("NOP", "1011111100000000"),
            ("MRS APSR", "1111001111101111 1000 dddd 00000000"),
            ("MSR APSR_nzcvq", "111100111000 nnnn 1000100000000000"),
            ("DMB", "1111001110111111 1000111101011111"),
            ("DSB", "1111001110111111 1000111101001111"),
        )
    )
    table.add("CMP high", "01000101 n mmmm nnn", lambda f: f["n"] > 7 or f["m"] > 7)
    return table.encodings


def _data_processing() -> list[Encoding]:
    table = Table(Extension.MAINLINE)
    operations = {
        "AND": 0,
        "BIC": 1,
        "ORR": 2,
        "ORN": 3,
        "EOR": 4,
        "ADD": 8,
        "ADC": 10,
        "SBC": 11,
        "SUB": 13,
        "RSB": 14,
    }
    for name, number in operations.items():
        op = f"{number:04b}"
        table.add(f"{name} imm", f"11110 i 0 {op} S nnnn 0 iii dddd iiiiiiii", thumb_expand_is_defined)
        table.add(f"{name} shifted", f"1110101 {op} S nnnn 0 iii dddd ii tt mmmm")
    for name, number in {"MOV": 2, "MVN": 3}.items():
        op = f"{number:04b}"
        table.add(f"{name} imm", f"11110 i 0 {op} S 1111 0 iii dddd iiiiiiii", thumb_expand_is_defined)
        table.add(f"{name} shifted", f"1110101 {op} S 1111 0 iii dddd ii tt mmmm")
    for name, number in {"TST": 0, "TEQ": 4, "CMN": 8, "CMP": 13}.items():
        op = f"{number:04b}"
        table.add(f"{name} imm", f"11110 i 0 {op} 1 nnnn 0 iii 1111 iiiiiiii", thumb_expand_is_defined)
        table.add(f"{name} shifted", f"1110101 {op} 1 nnnn 0 iii 1111 ii tt mmmm")
    table.add_all(
        (
            ("ADDW", "11110 i 100000 nnnn 0 iii dddd iiiiiiii"),
            ("SUBW", "11110 i 101010 nnnn 0 iii dddd iiiiiiii"),
            ("MOVW", "11110 i 100100 jjjj 0 iii dddd iiiiiiii"),
            ("MOVT", "11110 i 101100 jjjj 0 iii dddd iiiiiiii"),
            ("ADR.W", "11110 0 100000 1111 0 000 dddd iiiiiiii"),
            ("shift reg", "111110100 ww S nnnn 1111 dddd 0000 mmmm"),
            ("SXTH.W UXTH.W", "11111010000 q 1111 1111 dddd 10 rr mmmm"),
            ("SXTB.W UXTB.W", "11111010010 q 1111 1111 dddd 10 rr mmmm"),
            ("REV.W REV16.W RBIT REVSH.W", "111110101001 MMMM 1111 dddd 10 ww mmmm"),
            ("CLZ", "111110101011 MMMM 1111 dddd 1000 mmmm"),
            ("CLREX", "11110011101111111000111100101111"),
        )
    )
    table.add("MSR APSR_g", "111100111000 nnnn 1000 q1 0000000000", needs=Extension.DSP)
    return table.encodings


def _bit_fields() -> list[Encoding]:
    table = Table(Extension.MAINLINE)

    def fits(fields: Fields) -> bool:
        return fields["i"] + fields["w"] <= 31

    def ordered(fields: Fields) -> bool:
        return fields["w"] >= fields["i"]

    table.add("SBFX", "111100110100 nnnn 0 iii dddd ii 0 wwwww", fits)
    table.add("UBFX", "111100111100 nnnn 0 iii dddd ii 0 wwwww", fits)
    table.add("BFI", "111100110110 nnnn 0 iii dddd ii 0 wwwww", ordered)
    table.add("BFC", "111100110110 1111 0 iii dddd ii 0 wwwww", ordered)
    table.add("SSAT LSL", "111100110000 nnnn 0 iii dddd ii 0 uuuuu")
    table.add("SSAT ASR", "111100110010 nnnn 0 iii dddd ii 0 uuuuu", lambda f: f["i"] > 0)
    table.add("USAT LSL", "111100111000 nnnn 0 iii dddd ii 0 uuuuu")
    table.add("USAT ASR", "111100111010 nnnn 0 iii dddd ii 0 uuuuu", lambda f: f["i"] > 0)
    return table.encodings


def _multiplication() -> list[Encoding]:
    table = Table(Extension.MAINLINE)
    table.add_all(
        (
            ("MLA", "111110110000 nnnn aaaa dddd 0000 mmmm"),
            ("MUL.W", "111110110000 nnnn 1111 dddd 0000 mmmm"),
            ("MLS", "111110110000 nnnn aaaa dddd 0001 mmmm"),
            ("SMULL", "111110111000 nnnn dddd eeee 0000 mmmm"),
            ("UMULL", "111110111010 nnnn dddd eeee 0000 mmmm"),
            ("SMLAL", "111110111100 nnnn dddd eeee 0000 mmmm"),
            ("UMLAL", "111110111110 nnnn dddd eeee 0000 mmmm"),
            ("SDIV", "111110111001 nnnn 1111 dddd 1111 mmmm"),
            ("UDIV", "111110111011 nnnn 1111 dddd 1111 mmmm"),
        )
    )
    return table.encodings


def _dsp() -> list[Encoding]:
    table = Table(Extension.MAINLINE | Extension.DSP)
    table.add_all(
        (
            ("SMLAxy", "111110110001 nnnn aaaa dddd 00 ww mmmm"),
            ("SMULxy", "111110110001 nnnn 1111 dddd 00 ww mmmm"),
            ("SMLAD", "111110110010 nnnn aaaa dddd 000 w mmmm"),
            ("SMUAD", "111110110010 nnnn 1111 dddd 000 w mmmm"),
            ("SMLAW", "111110110011 nnnn aaaa dddd 000 w mmmm"),
            ("SMULW", "111110110011 nnnn 1111 dddd 000 w mmmm"),
            ("SMLSD", "111110110100 nnnn aaaa dddd 000 w mmmm"),
            ("SMUSD", "111110110100 nnnn 1111 dddd 000 w mmmm"),
            ("SMMLA", "111110110101 nnnn aaaa dddd 000 w mmmm"),
            ("SMMUL", "111110110101 nnnn 1111 dddd 000 w mmmm"),
            ("SMMLS", "111110110110 nnnn aaaa dddd 000 w mmmm"),
            ("USADA8", "111110110111 nnnn aaaa dddd 0000 mmmm"),
            ("USAD8", "111110110111 nnnn 1111 dddd 0000 mmmm"),
            ("SMLALxy", "111110111100 nnnn dddd eeee 10 ww mmmm"),
            ("SMLALD", "111110111100 nnnn dddd eeee 110 w mmmm"),
            ("SMLSLD", "111110111101 nnnn dddd eeee 110 w mmmm"),
            ("UMAAL", "111110111110 nnnn dddd eeee 0110 mmmm"),
            ("QADD QDADD QSUB QDSUB", "111110101000 nnnn 1111 dddd 10 ww mmmm"),
            ("SEL", "111110101010 nnnn 1111 dddd 1000 mmmm"),
            ("SSAT16", "111100110010 nnnn 0000 dddd 0000 uuuu"),
            ("USAT16", "111100111010 nnnn 0000 dddd 0000 uuuu"),
            ("PKH", "111010101100 nnnn 0 iii dddd ii w 0 mmmm"),
        )
    )
    table.add("extend and add", "111110100 qqq nnnn 1111 dddd 10 rr mmmm", lambda f: f["q"] < 6)
    table.add("SXTB16 UXTB16", "11111010001 q 1111 1111 dddd 10 rr mmmm")
    table.add(
        "parallel addition and subtraction",
        "111110101 qqq nnnn 1111 dddd 0 u ww mmmm",
        lambda f: f["q"] not in (3, 7) and f["w"] < 3,
    )
    return table.encodings
