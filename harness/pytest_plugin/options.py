"""The command-line options of a benchmark run."""

from __future__ import annotations

import pytest

from harness.paths import RACKS


def add_options(parser: pytest.Parser) -> None:
    """Add them all, in a group of their own under `pytest --help`."""
    group = parser.getgroup("harness", "benchmarks on microcontrollers")
    _add_boards(group)
    _add_limits(group)
    _add_measuring(group)
    _add_candidates(group)
    _add_run(group)


def _add_boards(group: pytest.OptionGroup) -> None:
    group.addoption("--rack", metavar="FILE", default=str(RACKS / "virtual.yaml"), help="the boards to run on")
    group.addoption(
        "--board", metavar="NAME", action="append", default=[], help="only boards of this name; may be repeated"
    )
    group.addoption(
        "--lease-timeout",
        metavar="SECONDS",
        type=float,
        default=600.0,
        help="how long to wait for a board that others use (default 600)",
    )


def _add_limits(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--limit",
        metavar="LIMIT",
        action="append",
        default=[],
        help="a constraint for every candidate, such as 'latency <= 120 ms' or 'ram <= 50 %%'; may be repeated",
    )
    group.addoption(
        "--limits", metavar="FILE", help="constraints by candidate, in TOML; default: limits.toml beside the suite"
    )
    group.addoption(
        "--explore",
        action="store_true",
        help="a candidate that breaks a limit or does not fit is an answer, not a failure of the run",
    )


def _add_measuring(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--timing",
        choices=("auto", "timed", "functional"),
        help="of virtual boards, whatever the rack says: timed while they are measured (auto), always, or never, which "
        "gives accuracy and sizes sooner, but no cycles, latency or energy",
    )
    group.addoption("--repeats", metavar="N", type=_positive, default=10, help="timed inferences a case (default 10)")
    group.addoption(
        "--inference-timeout",
        metavar="SECONDS",
        type=float,
        default=60.0,
        help="how long one inference may take before the firmware counts as hung (default 60)",
    )


def _add_candidates(group: pytest.OptionGroup) -> None:
    group.addoption("--model", metavar="FILE", help="the model that the acceptance suite judges")
    group.addoption(
        "--quantization", metavar="TYPE", help="of a model file that is converted: float32 (default), int8, ..."
    )
    group.addoption(
        "--optimize",
        metavar="RECIPE",
        default="",
        help="what is done before to a model of the zoo or a description, such as channels50-qat: docs/variants.md",
    )
    group.addoption("--dataset", metavar="PATH", help="labelled samples for it; formats: docs/data.md")
    group.addoption(
        "--backend",
        metavar="NAME",
        action="append",
        default=[],
        help="a backend of suites that leave it open, such as acceptance (default tvm); may be repeated",
    )
    group.addoption(
        "--build",
        metavar="NAME",
        action="append",
        default=[],
        help="how their firmware is built, such as O3-lto or Os-soft_float (default O2); may be repeated",
    )
    group.addoption(
        "--tune",
        metavar="N",
        type=int,
        default=0,
        help="before building with tvm, try N choices for each kernel on the board; later builds use what is found",
    )


def _add_run(group: pytest.OptionGroup) -> None:
    group.addoption("--runs", metavar="DIR", default="runs", help="where run directories are kept (default runs)")
    group.addoption("--resume", metavar="RUN", help="go on with a run: cases it has finished are not run again")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value
