"""The bad line that tests can ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.board.virtual.noise import Noise
from harness.errors import ConfigError


@given(st.binary(), st.integers())
def test_a_rate_of_zero_changes_nothing(data: bytes, seed: int) -> None:
    assert Noise(seed, 0.0).damage(data) == data


@given(st.binary(), st.integers(0, 1 << 32), st.floats(0, 1))
def test_the_same_seed_does_the_same_damage(data: bytes, seed: int, rate: float) -> None:
    assert Noise(seed, rate).damage(data) == Noise(seed, rate).damage(data)


def test_the_damage_is_as_frequent_as_asked_and_of_every_kind() -> None:
    data = bytes(100_000)
    damaged = [Noise(index, 1.0).damage(b"\0") for index in range(100)]
    assert {len(one) for one in damaged} == {0, 1, 2}
    assert sum(byte != 0 for byte in Noise(1, 0.01).damage(data)) == pytest.approx(660, rel=0.2)


@pytest.mark.parametrize("text", ["", "1", "a:0.1", "1:x", "1:2", "1:-1"])
def test_what_is_no_noise_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="noise"):
        Noise.parse(text)
