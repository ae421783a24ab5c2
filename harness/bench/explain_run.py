"""Explains a run of any firmware on a virtual board: where its cycles went, function by function."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from harness.bench.cycle_account import CycleAccount, CyclePart, add_causes, ordered
from harness.board.spec import BoardSpec
from harness.board.timing_mode import TimingMode
from harness.board.virtual.cycle_profile import BlockCycles, CycleProfile, CycleSpan
from harness.board.virtual.image import Image, load_image
from harness.board.virtual.machine import Machine, Pause
from harness.board.virtual.run_watch import RunWatch
from harness.board.virtual.timing_switch import TimingSwitch
from harness.deploy.symbols import Symbols
from harness.errors import FirmwareHangError

_SLICE_CYCLES = 5_000
_PAGE = 0xFFF
_KEPT, _SHOWN = 1 << 16, 200


@dataclass(frozen=True)
class Passage:
    """Which part of a run is to be explained.

    Attributes:
        after: begin once the console has printed this; None: at the reset.
        send: what the firmware is sent then.
        until: end once the console has printed this; None: as soon as the firmware waits for more input.
        seconds: of virtual time, at most.
    """

    after: bytes | None = None
    send: bytes = b""
    until: bytes | None = None
    seconds: float = 10.0


def explain_run(spec: BoardSpec, image: Image, passage: Passage) -> CycleAccount:
    """Run an image, and account for a passage.

    Raises:
        FirmwareHangError: it did not print what was to begin or to end the passage.
        BuildError: the image does not boot on this board.
    """
    machine = Machine(spec)
    TimingSwitch(machine.chip, TimingMode.TIMED)
    load_image(machine, image, spec)
    if passage.after is not None:
        _run_until(machine, passage.after, passage.seconds)
    watch, profile = RunWatch(machine), CycleProfile(machine)
    machine.line.feed(passage.send)
    _run_until(machine, passage.until, passage.seconds)
    span = profile.cut()
    profile.stop()
    return CycleAccount(
        subject=str(image.path.name),
        board=spec.name,
        clock_hz=machine.chip.time.hz,
        measured_cycles=None,
        parts=tuple(_functions(span, image.symbols, watch.slept())),
        caches=span.caches,
    )


def _run_until(machine: Machine, text: bytes | None, seconds: float) -> None:
    """Run until the console has printed a text, or without one until nothing happens any more, or time is over."""
    heard, end = b"", machine.seconds + seconds
    while machine.seconds < end:
        pause = machine.run(_SLICE_CYCLES)
        heard = (heard + machine.line.sent())[-_KEPT:]
        if text is not None and text in heard:
            return
        if pause is Pause.HALTED or (text is None and pause is not Pause.SLICE_DONE):
            break
        if pause is not Pause.SLICE_DONE:
            machine.allow_idle(end - machine.seconds)
    if text is not None:
        wanted, said = (one.decode(errors="replace") for one in (text, heard[-_SHOWN:]))
        raise FirmwareHangError(f"the firmware did not print {wanted!r} within {seconds:g} s; it printed {said!r}")


def _functions(span: CycleSpan, symbols: Symbols, slept: int) -> Sequence[CyclePart]:
    """By function, the largest first; what no code ran for comes last."""
    blocks: defaultdict[str, list[BlockCycles]] = defaultdict(list)
    for block in span.blocks:
        found = symbols.at(block.address)
        blocks[found.name if found else f"{block.address & ~_PAGE:#010x}"].append(block)
    parts = [
        CyclePart(
            name=name,
            causes=ordered(add_causes(block.causes for block in own)),
            unresolved=sum(block.unresolved for block in own),
        )
        for name, own in blocks.items()
    ]
    parts.sort(key=lambda part: (-part.cycles, part.name))
    idle = {"asleep": slept, "waiting": span.cycles - slept - sum(part.cycles for part in parts)}
    if any(idle.values()):
        parts.append(CyclePart("(none)", ordered(idle)))
    return parts
