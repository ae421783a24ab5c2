"""The search for the smallest arena: right for any model that starts in all arenas from some size on, and quick."""

from __future__ import annotations

from math import ceil, log2

from hypothesis import example, given
from hypothesis import strategies as st

from harness.deploy.tflm.arena_search import edgemark_resolution, smallest

MOST = 1 << 20


@given(
    need=st.integers(1, MOST),
    resolution=st.sampled_from([16, 512, 1024, 2048]),
    guess=st.integers(0, 2 * MOST),
)
@example(need=1, resolution=512, guess=0)
@example(need=MOST, resolution=2048, guess=1)
@example(need=1, resolution=16, guess=2 * MOST)
def test_it_finds_the_smallest_size_of_its_grid_in_few_tries(need: int, resolution: int, guess: int) -> None:
    asked: list[int] = []

    def fits(nbytes: int) -> bool:
        asked.append(nbytes)
        return nbytes >= need

    found = smallest(fits, resolution, guess, MOST)
    assert found is not None
    assert found.nbytes == ceil(need / resolution) * resolution
    assert found.tries == len(asked) == len(set(asked)), "no size is tried twice"
    assert all(0 < nbytes <= MOST and nbytes % resolution == 0 for nbytes in asked)
    off = abs(ceil(guess / resolution) - ceil(need / resolution))
    assert found.tries <= 2 * log2(off + 2) + 3, "doubling out to it, and halving back"


@given(need=st.integers(MOST + 1, 4 * MOST), guess=st.integers(0, 4 * MOST))
def test_it_says_when_nothing_in_reach_will_do(need: int, guess: int) -> None:
    assert smallest(lambda nbytes: nbytes >= need, 512, guess, MOST) is None


def test_a_good_guess_needs_two_tries() -> None:
    found = smallest(lambda nbytes: nbytes >= 2900, 512, 2676, MOST)
    assert found is not None
    assert (found.nbytes, found.tries) == (3072, 2)


def test_edgemark_takes_larger_steps_for_larger_models() -> None:
    guesses = (1, (16 << 10) - 1, 16 << 10, (64 << 10) - 1, 64 << 10)
    assert [edgemark_resolution(guess) for guess in guesses] == [512, 512, 1024, 1024, 2048]
