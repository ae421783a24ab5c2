"""Tuning: which sizes of tiles make a model's float kernels fastest, tried on a board.

TVM's MetaSchedule proposes sizes for every kernel at once. The model is built with them and run once, step by step, so
that each run on the board measures one proposal for each kernel, in its place: with its weights in flash, and with the
caches as the layers before have left them. Integer kernels, and convolutions by `kernels.float_conv`, have nothing to
choose: theirs follow from the core's registers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import fmean
from typing import Any, Final

import tvm
from tvm.s_tir import meta_schedule as ms

from harness.deploy.build import build_firmware
from harness.deploy.firmware import Firmware
from harness.deploy.options import BuildOptions
from harness.deploy.target import Target
from harness.deploy.tvm.backend import TvmBackend
from harness.deploy.tvm.choices import sampled
from harness.deploy.tvm.float_kernel import FloatKernel, Task
from harness.deploy.tvm.lowering import llvm_target
from harness.deploy.tvm.schedules import transform
from harness.deploy.tvm.tuning_records import TuningFile, TuningRecord
from harness.optimize.variant import Variant

_MOST_DRAWS = 64
"""Proposals in a row that were all measured before, after which a kernel counts as explored."""


@dataclass(frozen=True)
class Progress:
    """How far tuning has come.

    Attributes:
        trials: runs on the board so far; `total`: at most so many.
        first, best: cycles of all tunable steps, with the rules' sizes and with the best known of each.
    """

    trials: int
    total: int
    first: float
    best: float


Known = dict[tuple[int, ...], float]
"""Cycles of one call by the sizes of its tiles."""


class _Proposals:
    """MetaSchedule's proposals for one kernel, none of them twice."""

    def __init__(self, task: Task, llvm: tvm.target.Target, trials: int, seed: int, known: Known) -> None:
        self.known: Final = known
        self._context: Final = ms.TuneContext(
            tvm.IRModule({"main": task.function.with_attr("global_symbol", "main")}),
            target=llvm,
            space_generator=ms.space_generator.ScheduleFn(
                lambda schedule: [transform(schedule, sampled)], sch_rules=[], postprocs=[], mutator_probs={}
            ),
            search_strategy="replay-trace",
            rand_state=seed,
            num_threads=1,
        )
        self._context.pre_tuning(
            max_trials=trials * _MOST_DRAWS,
            num_trials_per_iter=1,
            design_spaces=self._context.generate_design_space(),
            database=ms.database.MemoryDatabase(),
            cost_model=ms.cost_model.RandomModel(),
        )

    def next(self) -> tuple[int, ...] | None:
        """Sizes that were not measured yet; None where there seem to be none left."""
        for _ in range(_MOST_DRAWS):
            (candidate,) = self._context.generate_measure_candidates() or (None,)
            if candidate is None:
                return None
            chosen = _sizes(candidate.sch.trace)
            seconds = self.known.get(chosen)
            self._context.notify_runner_results([candidate], [ms.runner.RunnerResult([seconds or 1.0], None)])
            if seconds is None:
                return chosen
        return None

    @property
    def best(self) -> tuple[int, ...]:
        return min(self.known, key=self.known.__getitem__)


def _sizes(trace: Any) -> tuple[int, ...]:
    """What a trace has chosen, in order."""
    decisions = ((one.attrs[0], trace.decisions[one]) for one in trace.insts if one.kind.name == "SampleCategorical")
    return tuple(int(options[int(index)]) for options, index in decisions)


@dataclass(frozen=True)
class Tuner:
    """Tunes one variant on one kind of board.

    Attributes:
        measure: runs firmware on a board and gives the cycles of each step of an inference.
        file: where results are kept, and found again.
    """

    variant: Variant
    target: Target
    options: BuildOptions
    measure: Callable[[Firmware], Sequence[int]]
    file: TuningFile

    def run(self, trials: int, seed: int = 0) -> Iterator[Progress]:
        """Try so many, or all there are; whatever was measured before, by this run or another, is not tried again.

        Raises:
            BuildError: TVM or the compiler failed.
            InfrastructureError, FirmwareError: the board or the firmware failed. All that was measured is kept.
        """
        places = self._places()
        known = self.file.known(self.target.name, version("apache-tvm"))
        llvm = llvm_target(self.target)
        proposals = {
            task.key: _Proposals(task, llvm, trials, seed, known.setdefault(task.key, {})) for task in places.values()
        }
        if not proposals:
            return
        usual = {task.key: task.sizes for task in places.values()}
        if any(usual[key] not in one.known for key, one in proposals.items()):
            self._try(usual, places, proposals)
        first = sum(proposals[task.key].known[task.sizes] for task in places.values())
        for number in range(1, trials + 1):
            proposed = {key: one.next() for key, one in proposals.items()}
            if not any(proposed.values()):
                return
            self._try({key: sizes or proposals[key].best for key, sizes in proposed.items()}, places, proposals)
            best = sum(min(proposals[task.key].known.values()) for task in places.values())
            yield Progress(number, trials, first, best)

    def _places(self) -> dict[int, Task]:
        """The tunable steps, by their numbers."""
        program = TvmBackend({}).program(self.variant, self.target, self.options)
        kernels = ((number, step.calls[0].kernel) for number, step in enumerate(program.steps) if len(step.calls) == 1)
        return {number: k.task for number, k in kernels if isinstance(k, FloatKernel) and k.task is not None}

    def _try(
        self, choices: dict[str, tuple[int, ...]], places: dict[int, Task], proposals: dict[str, _Proposals]
    ) -> None:
        cycles = self.measure(build_firmware(self.variant, self.target, TvmBackend(choices), self.options))
        for key, chosen in choices.items():
            mean = fmean(cycles[number] for number, task in places.items() if task.key == key)
            if chosen not in proposals[key].known:
                proposals[key].known[chosen] = mean
                self.file.append(TuningRecord(key, self.target.name, chosen, mean, version("apache-tvm")))
