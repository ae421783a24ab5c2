"""Explains an inference on a virtual board: where its cycles went, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from harness.bench.cycle_account import CycleAccount, CyclePart, add_caches, add_causes, ordered
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
from harness.deploy.symbols import Function, Symbols
from harness.errors import BuildError
from harness.model.model import Layer
from harness.model.samples import random_inputs, to_rows
from harness.optimize.variant import Variant

_STEP_DONE: Final = "step_done"
_BOOKKEEPING: Final = (_STEP_DONE, "cycles_now", "cycles_between", "platform_trigger", "gpio_write", "run_timed")
"""Functions of the firmware that time an inference, and are no part of it."""


def explain_inference(spec: BoardSpec, variant: Variant, firmware: Firmware) -> CycleAccount:
    """Run an inference to warm up, measure a second, and account for a third that times its steps.

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
    spans, counted = _profile_steps(machine, image.symbols, lambda: device.profile(sample))
    layers = {layer.name: layer for layer in variant.model.layers}
    return CycleAccount(
        subject=", ".join(
            filter(None, (variant.model.name, variant.quantization, str(variant.recipe), firmware.backend))
        ),
        board=spec.name,
        clock_hz=machine.chip.time.hz,
        measured_cycles=measured,
        parts=tuple(
            _layer(step, span, cycles, image.symbols, layers)
            for step, span, cycles in zip(firmware.steps, spans, counted, strict=True)
        ),
        caches=add_caches(span.caches for span in spans),
    )


def _profile_steps(
    machine: Machine, symbols: Symbols, infer: Callable[[], Sequence[int]]
) -> tuple[list[CycleSpan], Sequence[int]]:
    """The span of each step, from the rise of the trigger or the end of the step before to its own end; and the cycles
    that `infer` gives of each.
    """
    step_done = symbols.named(_STEP_DONE)
    if step_done is None:
        raise BuildError(f"the firmware has no function {_STEP_DONE}, which marks the ends of its steps: build it anew")
    spans: list[CycleSpan] = []
    profile: CycleProfile | None = None

    def on_trigger() -> None:
        nonlocal profile
        profile = profile or CycleProfile(machine)

    def on_step() -> None:
        if profile is not None:
            spans.append(profile.cut())

    with _called_at_trigger(machine, on_trigger), _called_at(machine, step_done, on_step):
        counted = infer()
    if profile is not None:
        profile.stop()
    return spans, counted


@contextmanager
def _called_at_trigger(machine: Machine, action: Callable[[], None]) -> Iterator[None]:
    """Have an action called when the trigger rises."""
    listener = machine.on_state

    def on_state(trigger: bool, asleep: bool) -> None:
        listener(trigger, asleep)
        if trigger:
            action()

    machine.on_state = on_state
    try:
        yield
    finally:
        machine.on_state = listener


@contextmanager
def _called_at(machine: Machine, function: Function, action: Callable[[], None]) -> Iterator[None]:
    """Have an action called whenever a function is entered."""
    from unicorn import UC_HOOK_CODE

    def on_instruction(_engine: Any, _address: int, _size: int, _data: Any) -> None:
        action()

    uc, start = machine.chip.engine.uc, function.start
    hook = uc.hook_add(UC_HOOK_CODE, on_instruction, begin=start, end=start)
    uc.ctl_remove_cache(start, start + function.size)
    try:
        yield
    finally:
        uc.hook_del(hook)
        uc.ctl_remove_cache(start, start + function.size)


def _layer(step: Step, span: CycleSpan, counted: int, symbols: Symbols, layers: Mapping[str, Layer]) -> CyclePart:
    blocks = [block for block in span.blocks if _function(symbols, block.address) not in _BOOKKEEPING]
    computed = [layers[name] for name in step.layers if name in layers]
    return CyclePart(
        name=step.kernel,
        causes=ordered(add_causes(block.causes for block in blocks)),
        layers=step.layers,
        title=_title(computed),
        measured_cycles=counted,
        macs=sum(layer.macs for layer in computed),
        caches=span.caches,
        unresolved=sum(block.unresolved for block in blocks),
    )


def _function(symbols: Symbols, address: int) -> str:
    found = symbols.at(address)
    return found.name if found else ""


def _title(layers: list[Layer]) -> str:
    if not layers:
        return ""
    shape = "x".join(str(extent) for extent in layers[-1].outputs[0].shape[1:])
    return f"{' + '.join(layer.op for layer in layers)} {shape}"
