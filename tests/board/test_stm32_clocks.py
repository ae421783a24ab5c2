"""The clock controllers of the STM32U5, G0, F4 and H7: the manuals' formulas, and ready bits as the board has it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.board.virtual.resets import ResetCause
from tests.board.registers import Registers

U5, G0, F4, H7 = 0x4602_0C00, 0x4002_1000, 0x4002_3800, 0x5802_4400
quick = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(scope="module")
def u5() -> Registers:
    return Registers.of("nucleo_u575zi_q")


@pytest.fixture(scope="module")
def g0() -> Registers:
    return Registers.of("nucleo_g0b1re")


@pytest.fixture(scope="module")
def h7() -> Registers:
    return Registers.of("nucleo_h743zi")


@pytest.fixture(autouse=True)
def reset_state(request: pytest.FixtureRequest) -> None:
    for name in ("u5", "g0", "h7"):
        if name in request.fixturenames:
            request.getfixturevalue(name).machine.reset()


WAKES_AT_HZ = {
    "nucleo_u575zi_q": 4_000_000,
    "nucleo_l496zg": 4_000_000,
    "nucleo_g0b1re": 16_000_000,
    "disco_f469ni": 16_000_000,
    "nucleo_f767zi": 16_000_000,
    "nucleo_h743zi": 64_000_000,
    "nucleo_h7a3zi_q": 64_000_000,
}


@pytest.mark.parametrize(("board", "hz"), WAKES_AT_HZ.items())
def test_a_chip_wakes_up_on_its_internal_oscillator(board: str, hz: int) -> None:
    chip = Registers.of(board)
    assert chip.hz("core") == chip.machine.clock_hz == hz


@quick
@given(code=st.integers(0, 15))
def test_msi_of_the_u5_has_sixteen_ranges(u5: Registers, code: int) -> None:
    """RM0456 11.8.3: four oscillators, each divided by 1 to 4."""
    u5.write(U5 + 0x08, code << 28 | 1 << 23)
    base = (48_000_000, 4_000_000, 3_072_000, 400_000)[code // 4]
    assert u5.hz("core") == pytest.approx(base / (code % 4 + 1), rel=0.003)


@quick
@given(
    source=st.sampled_from([(1, 4_000_000), (2, 16_000_000), (3, 16_000_000)]),
    m=st.integers(1, 16),
    n=st.integers(4, 512),
    r=st.integers(1, 128),
    part=st.integers(0, 8191),
    fractional=st.booleans(),
)
def test_pll1_of_the_u5_multiplies_by_a_fraction(
    u5: Registers, source: tuple[int, int], m: int, n: int, r: int, part: int, fractional: bool
) -> None:
    u5.machine.reset()
    u5.write(U5 + 0x00, 0x35 | 1 << 8 | 1 << 16)
    u5.write(U5 + 0x38, part << 3)
    u5.write(U5 + 0x28, source[0] | (m - 1) << 8 | fractional << 4 | 1 << 18)
    u5.write(U5 + 0x34, n - 1 | (r - 1) << 24)
    u5.set_bits(U5, 1 << 24)
    u5.write(U5 + 0x1C, 3)
    assert u5.read(U5 + 0x1C) >> 2 & 3 == 3
    wanted = Fraction(source[1], m) * (n + (Fraction(part, 8192) if fractional else 0)) / r
    assert abs(u5.hz("core") - wanted) <= 1


@quick
@given(m=st.integers(1, 8), n=st.integers(8, 86), r=st.integers(2, 8), hpre=st.integers(0, 15), ppre=st.integers(0, 7))
def test_the_clocks_of_the_g0(g0: Registers, m: int, n: int, r: int, hpre: int, ppre: int) -> None:
    g0.machine.reset()
    g0.write(G0 + 0x0C, 2 | (m - 1) << 4 | n << 8 | 1 << 28 | (r - 1) << 29)
    g0.set_bits(G0, 1 << 24)
    g0.write(G0 + 0x08, 2 | hpre << 8 | ppre << 12)
    hclk = Fraction(16_000_000 * n, m * r) / (1 if hpre < 8 else (2, 4, 8, 16, 64, 128, 256, 512)[hpre - 8])
    divider = 1 if ppre < 4 else 2 << (ppre - 4)
    assert abs(g0.hz("core") - hclk) <= 1
    assert abs(g0.hz("pclk") - hclk / divider) <= 1
    assert g0.hz("timclk") == g0.hz("pclk") * (1 if divider == 1 else 2)


@quick
@given(m=st.integers(1, 63), n=st.integers(4, 512), p=st.integers(1, 128), part=st.integers(0, 8191))
def test_pll1_of_the_h7_and_its_domains(h7: Registers, m: int, n: int, p: int, part: int) -> None:
    h7.machine.reset()
    h7.set_bits(H7, 1 << 16)
    h7.write(H7 + 0x28, 2 | m << 4)
    h7.write(H7 + 0x34, part << 3)
    h7.write(H7 + 0x2C, 1 | 1 << 16)
    h7.write(H7 + 0x30, n - 1 | (p - 1) << 9)
    h7.write(H7 + 0x18, 8 | 4 << 4)
    h7.set_bits(H7, 1 << 24)
    h7.write(H7 + 0x10, 3)
    wanted = Fraction(8_000_000, m) * (n + Fraction(part, 8192)) / p
    assert abs(h7.hz("core") - wanted) <= 1
    assert abs(h7.hz("hclk") - wanted / 2) <= 1
    assert abs(h7.hz("pclk3") - wanted / 4) <= 1


@pytest.mark.parametrize(("board", "offsets"), [("nucleo_h743zi", {0xE0, 0x140}), ("nucleo_h7a3zi_q", {0x140})])
def test_clock_enables_of_the_h7_answer_where_the_part_has_them(board: str, offsets: set[int]) -> None:
    """RM0433 has RCC_AHB4ENR and RCC_C1_AHB4ENR for the same bits, RM0455 one register at the second's place."""
    for offset in (0xE0, 0x140):
        chip = Registers.of(board)
        chip.write(H7 + offset, 1 << 19 | 0xF)
        seen = {other for other in (0xE0, 0x140) if chip.read(H7 + other) == 1 << 19 | 0xF}
        assert seen == (offsets if offset in offsets else set())


def test_over_drive_and_the_pll_of_the_f4_give_180_mhz() -> None:
    f4 = Registers.of("disco_f469ni")
    f4.set_bits(F4, 1 << 16)
    assert f4.read(F4) >> 17 & 1
    f4.write(F4 + 0x04, 1 << 22 | 8 | 360 << 6 | 7 << 24)
    f4.set_bits(F4, 1 << 24)
    f4.set_bits(0x4000_7000, 1 << 16)
    assert f4.read(0x4000_7004) >> 16 & 3 == 1
    f4.set_bits(0x4000_7000, 1 << 17)
    assert f4.read(0x4000_7004) >> 16 & 3 == 3
    f4.write(F4 + 0x08, 2 | 5 << 10 | 4 << 13)
    assert (f4.hz("core"), f4.hz("pclk1"), f4.hz("timclk1"), f4.hz("pclk2")) == (
        180_000_000, 45_000_000, 90_000_000, 90_000_000,
    )  # fmt: skip


def test_the_supply_of_the_u5_is_ready_as_it_is_asked_for(u5: Registers) -> None:
    voltage, monitor = 0x4602_080C, 0x4602_083C
    u5.write(voltage, 3 << 16)
    assert u5.read(voltage) >> 15 & 1
    assert u5.read(monitor) >> 15 & 7 == 0b111
    assert not u5.read(voltage) >> 14 & 1
    u5.set_bits(voltage, 1 << 18)
    assert u5.read(voltage) >> 14 & 1
    u5.write(0x4602_0808, 1 << 1)
    assert u5.read(monitor) >> 1 & 1


@pytest.mark.parametrize(
    ("board", "control", "enable", "ready"),
    [("nucleo_l496zg", 0x4002_1000, 16, 17), ("nucleo_l4r5zi", 0x4002_1000, 16, 17)],
)
def test_a_crystal_that_is_not_soldered_never_starts(board: str, control: int, enable: int, ready: int) -> None:
    chip = Registers.of(board)
    chip.set_bits(control, 1 << enable)
    assert not chip.read(control) >> ready & 1


@pytest.mark.parametrize(("name", "flags"), [("u5", U5 + 0xF4), ("g0", G0 + 0x60)])
def test_reset_flags_tell_the_cause_until_they_are_cleared(
    request: pytest.FixtureRequest, name: str, flags: int
) -> None:
    chip: Registers = request.getfixturevalue(name)
    chip.write(flags, 1 << 23)
    assert chip.read(flags) >> 24 == 0
    chip.machine.reset(ResetCause.SOFTWARE)
    assert chip.read(flags) >> 28 & 1
    assert chip.read(flags) >> 26 & 1
    chip.write(flags, 1 << 23)
    assert chip.read(flags) >> 24 == 0


def test_uarts_take_the_clock_that_firmware_chooses(u5: Registers) -> None:
    assert u5.hz("usart1") == u5.hz("pclk2") == 4_000_000
    u5.set_bits(U5, 1 << 8)
    u5.write(U5 + 0xE0, 2)
    assert u5.hz("usart1") == 16_000_000
    u5.write(U5 + 0xE0, 3)
    assert u5.hz("usart1") == 0
    u5.set_bits(U5 + 0xF0, 1 << 0 | 1 << 7)
    assert u5.hz("usart1") == 32_768
    u5.write(U5 + 0xF0, 0)
