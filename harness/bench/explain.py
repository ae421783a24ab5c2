"""Explains an inference on a virtual board: where its cycles went, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from harness.bench.cycle_account import CycleAccount, CyclePart, add_causes, ordered
from harness.bench.device import Device
from harness.board.spec import BoardSpec
from harness.board.timing_mode import TimingMode
from harness.board.virtual.cycle_profile import CycleProfile, CycleSpan
from harness.board.virtual.image import load_image, read_image
from harness.board.virtual.machine import Machine
from harness.board.virtual.machine_console import MachineConsole
from harness.board.virtual.timing_switch import TimingSwitch
from harness.deploy.backend import Step
from harness.deploy.firmware import Firmware
from harness.deploy.symbols import Symbols
from harness.errors import BuildError
from harness.model.samples import random_inputs, to_rows
from harness.optimize.variant import Variant

_STEP_DONE: Final = "step_done"
_BOOKKEEPING: Final = (_STEP_DONE, "cycles_now", "cycles_between", "platform_trigger", "gpio_write", "run_timed")
"""Functions of the firmware that time an inference, and are no part of it."""


def explain_inference(spec: BoardSpec, variant: Variant, firmware: Firmware) -> CycleAccount:
    """Run two inferences to warm up and measure, and account for a third.

    Raises:
        FirmwareError: the firmware hung, took a fault, or is not what its backend said.
        BuildError: the image can't be read.
    """
    machine = Machine(spec)
    image = read_image(firmware.elf, spec)
    load_image(machine, image, spec)
    switch = TimingSwitch(machine.chip, TimingMode.AUTO)
    device = Device(MachineConsole(machine), firmware)
    device.connect()
    switch.ask(timed=True)
    (row,) = to_rows(variant.model.inputs, random_inputs(variant.model, 1, 0))
    sample = row.tobytes()
    device.infer(sample)
    measured = device.infer(sample).cycles
    spans = _profile_steps(machine, image.symbols, lambda: device.profile(sample))
    macs = {layer.name: layer.macs for layer in variant.model.layers}
    parts = [_layer(step, span, image.symbols, macs) for step, span in zip(firmware.steps, spans, strict=True)]
    return CycleAccount(
        f"{variant.model.name} {variant.quantization}, backend {firmware.backend}",
        spec.name,
        machine.chip.time.hz,
        measured,
        tuple(parts),
    )


def _profile_steps(machine: Machine, symbols: Symbols, infer: Callable[[], object]) -> list[CycleSpan]:
    """The span of each step: from the rise of the trigger, or the end of the step before, to its own end."""
    from unicorn import UC_HOOK_CODE

    found = symbols.named(_STEP_DONE)
    if found is None:
        raise BuildError(f"the firmware has no function {_STEP_DONE}, at which its steps end: build it anew")
    spans: list[CycleSpan] = []
    profile: CycleProfile | None = None
    listener = machine.on_state

    def on_state(trigger: bool, asleep: bool) -> None:
        nonlocal profile
        listener(trigger, asleep)
        if trigger and profile is None:
            profile = CycleProfile(machine)

    def on_step(_engine: Any, _address: int, _size: int, _data: Any) -> None:
        if profile is not None:
            spans.append(profile.cut())

    engine = machine.chip.engine
    hook = engine.uc.hook_add(UC_HOOK_CODE, on_step, begin=found.start, end=found.start)
    engine.uc.ctl_remove_cache(found.start, found.start + found.size)
    machine.on_state = on_state
    try:
        infer()
    finally:
        machine.on_state = listener
        engine.uc.hook_del(hook)
        machine.chip.engine.clock.profile(False)
    return spans


def _layer(step: Step, span: CycleSpan, symbols: Symbols, macs: dict[str, int]) -> CyclePart:
    blocks = [block for block in span.blocks if _name(symbols, block.address) not in _BOOKKEEPING]
    return CyclePart(
        name=step.kernel,
        layers=step.layers,
        causes=ordered(add_causes(block.causes for block in blocks)),
        macs=sum(macs.get(layer, 0) for layer in step.layers),
        caches=dict(span.caches),
        unresolved=sum(block.unresolved for block in blocks),
    )


def account_of_functions(span: CycleSpan, symbols: Symbols, asleep: int) -> Sequence[CyclePart]:
    """A span by function, the largest first; what no code ran for comes last.

    Args:
        asleep: of the span's cycles, those that the core slept.
    """
    by_function: dict[str, list[int]] = {}
    for index, block in enumerate(span.blocks):
        by_function.setdefault(_name(symbols, block.address), []).append(index)
    parts = [
        CyclePart(
            name=name,
            layers=(),
            causes=ordered(add_causes(span.blocks[index].causes for index in indices)),
            unresolved=sum(span.blocks[index].unresolved for index in indices),
        )
        for name, indices in by_function.items()
    ]
    parts.sort(key=lambda part: part.cycles, reverse=True)
    rest = {"asleep": asleep, "waiting": span.cycles - asleep - sum(part.cycles for part in parts)}
    idle = CyclePart("(no code)", (), {cause: cycles for cause, cycles in rest.items() if cycles})
    return [*parts, idle] if idle.causes else parts


def _name(symbols: Symbols, address: int) -> str:
    found = symbols.at(address)
    return found.name if found else f"{address & ~0xFFF:#010x}"
