"""The fixtures that a benchmark uses: `deploy` makes firmware of a model, `measure` runs it on a board of the rack."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.progress import status
from harness.pytest_plugin.case import Case
from harness.pytest_plugin.session import SESSION, Session
from harness.results.record import Candidate

if TYPE_CHECKING:
    from harness.bench.runner import Results
    from harness.board.dut import Dut
    from harness.board.spec import BoardSpec
    from harness.deploy.backend import Backend
    from harness.deploy.firmware import Firmware
    from harness.deploy.options import BuildOptions
    from harness.model.dataset import Dataset
    from harness.model.model import Model
    from harness.optimize.recipe import Recipe
    from harness.optimize.variant import Variant

CASE: pytest.StashKey[Case] = pytest.StashKey()


@dataclass(frozen=True)
class Deployment:
    """Firmware that is ready to be measured, and the data that goes with its model, if any."""

    variant: Variant
    firmware: Firmware
    dataset: Dataset | None
    backend: Backend

    def rebuild(self, part: Model) -> Firmware:
        """Firmware of a part of the model, built as the whole one was."""
        from harness.deploy.build import build_firmware

        variant = replace(self.variant, model=part)
        return build_firmware(variant, self.firmware.target, self.backend, self.firmware.options)


@dataclass(frozen=True)
class Deploy:
    """Turns a model into firmware for the case's board."""

    case: Case
    session: Session
    item: pytest.Item

    def __call__(
        self,
        source: str | Path,
        quantization: str | None = None,
        *,
        optimize: str = "",
        backend: str = "tvm",
        build: str = "O2",
        dataset: Path | None = None,
    ) -> Deployment:
        """Convert, generate, compile and link; all of it from the cache where nothing changed.

        Args:
            source: a name of the zoo (see `harness model list`) or a description (`.yaml`), with options if need be,
                such as `cnn_1?data=random&epochs=1`; or a `.tflite` or `.skops` file, which is taken as it is; or a
                file that is converted: `.keras`, `.h5`, `.onnx`, `.pt2`, or the folder of a SavedModel.
            quantization: a `Quantization`, such as `float32` or `int16x8_float_io`, for a model that is built or
                converted here.
            optimize: the words of a `Recipe` for a model that is built here, such as `channels50-qat`.
            backend: the tool that makes the model's code.
            build: how firmware is built, such as `O3-lto` or `Os-soft_float` (see `BuildOptions.parse`).
            dataset: labelled samples, which also calibrate a file that is converted to int8; a trained model of the
                zoo brings its own.

        Raises:
            HarnessError: a stage failed; the plugin turns it into the case's outcome.
        """
        from harness.deploy.backends import find_backend
        from harness.deploy.build import build_firmware
        from harness.deploy.options import BuildOptions
        from harness.model.zoo.find import model_part
        from harness.optimize.recipe import Recipe

        if self.case.candidate is not None:
            raise RuntimeError("a case is one candidate: call deploy once, and parametrize the test instead")
        options = BuildOptions.parse(build)
        name = Path(model_part(str(source))).stem
        board = self.case.board
        recipe = Recipe.parse(optimize)
        asked = Candidate(name, quantization or "unknown", backend, str(options), board.name, str(recipe))
        self.case.candidate = asked
        tool = find_backend(backend)
        variant = self.case.variant = self._variant(source, quantization, recipe, dataset, tool)
        candidate = replace(asked, quantization=str(variant.quantization))
        self.case.candidate = candidate
        self.case.limits = self.session.limits_for(candidate, self.item)
        data = self._dataset(str(source), variant, dataset)
        self._tune(variant, tool, options)
        self.case.versions = tool.versions()
        with status(f"{candidate}: building"):
            firmware = self.case.firmware = build_firmware(variant, board.target, tool, options)
        return Deployment(variant, firmware, data, tool)

    def _tune(self, variant: Variant, tool: Backend, options: BuildOptions) -> None:
        """With `--tune`, try out on the board what makes kernels fastest, before the firmware is built with that."""
        trials = int(self.session.config.getoption("--tune"))
        if not trials or tool.name != "tvm" or tool.complaints(variant, self.case.board.target, options):
            return
        from harness.commands.tune import tune_on
        from harness.pytest_plugin.rack_run import run_on_rack

        timeout = float(self.session.config.getoption("--lease-timeout"))
        run_on_rack(
            self.session.rack, self.case.board.name, timeout, lambda dut: tune_on(dut, variant, options, trials)
        )

    def _variant(
        self, source: str | Path, quantization: str | None, recipe: Recipe, dataset: Path | None, tool: Backend
    ) -> Variant:
        from harness.model.zoo import ZooEntry
        from harness.model.zoo.find import find_entry, is_buildable
        from harness.model.zoo.weights import training_history
        from harness.optimize import make_variant, variant_of_file
        from harness.optimize.variant import Quantization

        wanted = Quantization(quantization) if quantization else None
        if not is_buildable(str(source)) and (Path(source).suffix or Path(source).exists()):
            recipe.refuse_file(str(source))
            return variant_of_file(Path(source), wanted, dataset)
        variant = make_variant(str(source), wanted, recipe, meanwhile=tool.load)
        entry = find_entry(str(source))
        if isinstance(entry, ZooEntry):
            self.case.training = training_history(entry, variant.seed)
        return variant

    def _dataset(self, source: str, variant: Variant, path: Path | None) -> Dataset | None:
        from harness.model.datasets import load_dataset
        from harness.model.zoo.find import find_entry, is_buildable

        if path is not None:
            return load_dataset(path, variant.model)
        return find_entry(source).test_data() if is_buildable(source) else None


@dataclass(frozen=True)
class Measure:
    """Runs firmware on a board of the rack and judges it."""

    case: Case
    session: Session

    def __call__(self, deployment: Deployment) -> Results:
        """Lease, flash, measure, compare with the host, and check the limits.

        Raises:
            CaseFailed: the output is wrong, or a limit is broken; what was measured is kept.
            HarnessError: the board or the firmware failed.
        """
        from harness.bench.bisection import Bisection
        from harness.bench.runner import Plan, prepare, run
        from harness.errors import HarnessError
        from harness.pytest_plugin.rack_run import run_on_rack

        config = self.session.config
        plan = Plan(config.getoption("--repeats"), config.getoption("--inference-timeout"), deployment.dataset)
        workload = prepare(deployment.variant, plan, deployment.firmware.interpreter)

        def work(dut: Dut) -> Results:
            self.case.dut = dut.name
            results = run(dut, deployment.variant, deployment.firmware, workload, plan)
            if not results.disagreement:
                return results
            inputs = [workload.inputs[index] for index in results.suspects]
            search = Bisection(dut, deployment.variant.model, deployment.rebuild, inputs, plan.inference_timeout)
            # What was measured is not to be lost because a part of the model does worse than the whole.
            with suppress(HarnessError):
                return replace(results, divergence=search.first_divergence())
            return results

        timeout = float(config.getoption("--lease-timeout"))
        results = self.case.results = run_on_rack(self.session.rack, self.case.board.name, timeout, work)
        self._judge(results)
        return results

    def _judge(self, results: Results) -> None:
        from harness.bench.outcome import Outcome, Status
        from harness.explore.verdict import evaluate, outcome_of
        from harness.pytest_plugin.outcomes import CaseFailed

        if results.disagreement:
            where = f"; {results.divergence}" if results.divergence else ""
            raise CaseFailed(Outcome(Status.WRONG_OUTPUT, results.disagreement + where))
        outcome = outcome_of([evaluate(limit, results.measurements, self.case.capacity) for limit in self.case.limits])
        if outcome.status is not Status.PASSED:
            raise CaseFailed(outcome)


@pytest.fixture
def board(request: pytest.FixtureRequest) -> BoardSpec:
    """The board of this case; every benchmark runs once for each board of the rack (see `--rack`, `--board`)."""
    from harness.board.board_file import load_board

    return load_board(request.param)


@pytest.fixture
def case(request: pytest.FixtureRequest, board: BoardSpec) -> Case:
    """What is known of this case so far; the plugin makes its record of it when the test ends."""
    case = request.node.stash[CASE] = Case(request.node.nodeid, board)
    return case


@pytest.fixture
def deploy(request: pytest.FixtureRequest, case: Case) -> Deploy:
    """Turns a model into firmware for the case's board: `deploy("kws_ds_cnn", "int8")`, `deploy(Path("my.tflite"))`."""
    return Deploy(case, request.config.stash[SESSION], request.node)


@pytest.fixture
def measure(request: pytest.FixtureRequest, case: Case) -> Measure:
    """Runs what `deploy` made on a board of the rack, and fails the test when it is wrong or breaks a limit."""
    return Measure(case, request.config.stash[SESSION])
