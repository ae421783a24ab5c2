"""`harness mlperf performance` and `accuracy`: from what the command line asks for to a run directory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from harness.commands.mlperf_subject import Request, Subject, open_subject
from harness.errors import ConfigError, ConsoleError, DatasetError, FirmwareError, ResultsError

if TYPE_CHECKING:
    from harness.bench.mlperf.performance import Plan, Window
    from harness.model.datasets.stimuli import Stimulus
    from harness.results.mlperf import MlperfResults
    from harness.results.store import RunDirectory

LOG, TEXT, JSON = "log.txt", "results.txt", "results.json"


class KeptRun:
    """The directory of a run: the conversation as it goes on, then the results, and a record where the board is known.

    It is made when there is something to keep.
    """

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._started = datetime.now(UTC)
        self._directory: RunDirectory | None = None
        self._log: TextIO | None = None

    @property
    def directory(self) -> RunDirectory:
        """Where the run is kept.

        Raises:
            ResultsError: it can't be made.
        """
        from harness.results.run import RunFacts
        from harness.results.store import RunDirectory

        if self._directory is None:
            command = (Path(sys.argv[0]).name, *sys.argv[1:])
            self._directory = RunDirectory.create(self._runs, RunFacts.now(command))
        return self._directory

    def log(self, line: str) -> None:
        """Keep a line of the conversation."""
        with _disk_errors():
            if self._log is None:
                self._log = (self.directory.path / LOG).open("w")
            self._log.write(f"{line}\n")

    def keep(self, results: MlperfResults, subject: Subject) -> None:
        """Keep what was measured.

        Raises:
            ResultsError: the disk refuses.
        """
        from harness.results.mlperf import mlperf_record

        setup = subject.setup
        with _disk_errors():
            (self.directory.path / TEXT).write_text(results.text())
            (self.directory.path / JSON).write_text(f"{results.to_json()}\n")
        if setup.spec is not None:
            record = mlperf_record(results, setup.spec, setup.variant, setup.firmware, self._started)
            self.directory.append(record)

    def where_to_read_on(self) -> str:
        """Where the conversation is, for the end of an error; empty when there was none."""
        return f" (the conversation: {self.directory.path / LOG})" if self._log is not None else ""

    def close(self) -> None:
        """End the log."""
        if self._log is not None:
            self._log.close()


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ResultsError(f"{error.filename or 'the run'} can't be written: {error.strerror}") from error


@contextmanager
def kept_subject(request: Request, runs: Path) -> Iterator[tuple[Subject, KeptRun]]:
    """The board for the length of the block, and the run that is kept of it.

    Raises:
        HarnessError: as `open_subject`; the text says where the conversation can be read, if there was any.
    """
    kept = KeptRun(runs)
    try:
        with open_subject(request, kept.log) as subject:
            yield subject, kept
    except (ConsoleError, FirmwareError) as error:
        raise type(error)(f"{error}{kept.where_to_read_on()}") from error
    finally:
        kept.close()


def results_of(subject: Subject) -> MlperfResults:
    """Results without anything measured yet."""
    from harness.results.mlperf import MlperfResults

    setup = subject.setup
    return MlperfResults(
        board=setup.spec.name if setup.spec else "",
        dut=setup.dut.name if setup.dut else "",
        image=setup.image.name if setup.image else "",
        identity=subject.identity,
        benchmark=subject.benchmark,
        provenance=setup.provenance,
    )


def run_performance(
    request: Request,
    plan: Plan,
    stimuli: list[Stimulus] | None,
    energy: bool,
    runs: Path,
    on_start: Callable[[Subject], None],
    on_window: Callable[[Window], None],
) -> tuple[MlperfResults, Path]:
    """Measure throughput on the first stimuli, or on made-up ones; returns also where the results are kept.

    Raises:
        HarnessError: board, firmware or data are not what they have to be.
    """
    from harness.bench.mlperf.performance import measure_performance
    from harness.model.datasets.stimuli import made_up_stimuli

    with kept_subject(request, runs) as (subject, kept):
        on_start(subject)
        check_size(subject, stimuli)
        analyzer = subject.setup.dut.energy if subject.setup.dut and energy else None
        if energy and analyzer is None:
            raise ConfigError("--energy: there is no energy analyzer for this board; name one in the rack file")
        if stimuli is None:
            if subject.sample_bytes is None:
                raise ConfigError(
                    f"the firmware calls its model {subject.identity.model!r}, which is no benchmark of MLPerf Tiny: "
                    "give samples for it (--data), or say which it is (--model)"
                )
            stimuli = made_up_stimuli(subject.benchmark, subject.sample_bytes, plan.inputs, seed=0)
        with _timed(subject):
            performance = measure_performance(subject.device, stimuli, plan, analyzer, on_window)
        results = replace(results_of(subject), performance=performance)
        kept.keep(results, subject)
        return results, kept.directory.path


@contextmanager
def _timed(subject: Subject) -> Iterator[None]:
    """Have a virtual board count time within the block.

    Raises:
        ConfigError: its rack keeps it functional.
    """
    dut = subject.setup.dut
    with dut.timed() if dut else nullcontext(True) as counts:
        if not counts:
            raise ConfigError(f"{dut.name if dut else ''}: its rack keeps it functional (timing), so it counts no time")
        yield


def run_accuracy(
    request: Request,
    stimuli: list[Stimulus],
    timeout: float,
    runs: Path,
    on_start: Callable[[Subject], None],
) -> tuple[MlperfResults, Path]:
    """Stream the stimuli through the board and judge its answers; returns also where the results are kept.

    Raises:
        HarnessError: board, firmware or data are not what they have to be.
    """
    from harness.bench.mlperf.accuracy import measure_accuracy
    from harness.progress import track

    with kept_subject(request, runs) as (subject, kept):
        on_start(subject)
        check_size(subject, stimuli)
        shown = track(stimuli, "streaming", len(stimuli))
        results = replace(results_of(subject), accuracy=measure_accuracy(subject.device, shown, timeout))
        kept.keep(results, subject)
        return results, kept.directory.path


def check_size(subject: Subject, stimuli: list[Stimulus] | None) -> None:
    """See that the samples are of the size that the firmware takes, before hundreds are sent.

    Raises:
        DatasetError: they are not.
    """
    wanted = subject.sample_bytes
    if stimuli and wanted is not None and stimuli[0].window_bytes != wanted:
        raise DatasetError(
            f"{stimuli[0].name}: a sample of {stimuli[0].window_bytes:,} bytes; "
            f"the firmware's model, {subject.identity.model or 'unnamed'}, takes {wanted:,}"
        )
