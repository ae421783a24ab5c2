"""`harness mlperf`, from the command line to a run directory, on virtual boards."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness.board.board_file import load_board
from harness.board.pyocd_probe import PyocdProbe
from harness.board.rack import Kind, RackEntry
from harness.board.virtual_process import run_virtual_board
from harness.cli import main
from harness.deploy.build import build_firmware
from harness.deploy.image import image_format
from harness.model.samples import random_inputs, to_rows
from harness.optimize import Quantization, Variant, make_variant
from harness.paths import REPOSITORY
from harness.results.mlperf import MlperfResults
from harness.results.store import RunDirectory
from tests.board.board_firmware import test_firmware as other_firmware
from tests.deploy.identity_backend import IdentityBackend, identity_variant

BOARD = "nucleo_l4r5zi"
SHARED = REPOSITORY.parent / "shared"
KWS = SHARED / "models" / "mlperf_tiny" / "kws_ref_model.tflite"
WORDS = SHARED / "data" / "kws01"
MODEL = "lenet5_digits"
"""None of MLPerf Tiny's models: it takes 784 bytes, and needs no file."""
IMPATIENT = ("--boot-timeout", "1")
SHORT = ("--iterations", "3", "--warmup", "1", "--inputs", "2")

needs_words = pytest.mark.skipif(not (KWS.exists() and WORDS.exists()), reason=f"{SHARED} is not on this machine")


def harness(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["mlperf", *(str(argument) for argument in arguments)])


def error_of(done: Result) -> str:
    """What the user is told, in one line at the end."""
    assert done.exit_code == 1, done.output
    *_, last = done.output.splitlines()
    assert last.startswith("Error: ")
    return last


def kept_in(runs: Path) -> tuple[RunDirectory, MlperfResults]:
    """The one run below a folder."""
    (path,) = runs.iterdir()
    return RunDirectory(path), MlperfResults.from_json((path / "results.json").read_text())


@pytest.fixture(scope="module")
def variant() -> Variant:
    return make_variant(MODEL, Quantization.INT8)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same firmware in three forms."""
    folder = tmp_path_factory.mktemp("images")
    found = {suffix: folder / f"lenet.{suffix}" for suffix in ("elf", "hex", "bin")}
    for image in found.values():
        done = harness("build", "--model", MODEL, "--board", BOARD, "-o", image)
        assert done.exit_code == 0, done.output
    return found


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory, variant: Variant) -> Path:
    """A folder of samples that this firmware takes."""
    folder = tmp_path_factory.mktemp("samples")
    for number, row in enumerate(to_rows(variant.model.inputs, random_inputs(variant.model, 4, seed=0))):
        (folder / f"sample_{number}_{number}.bin").write_bytes(row.tobytes())
    return folder


def test_build_writes_the_image_in_the_form_that_its_name_asks_for(images: dict[str, Path]) -> None:
    assert {suffix: image_format(image) for suffix, image in images.items()} == {name: name for name in images}


@pytest.mark.parametrize("form", ["hex", *(pytest.param(form, marks=pytest.mark.slow) for form in ("elf", "bin"))])
def test_an_image_of_any_form_is_flashed_and_measured(
    images: dict[str, Path], samples: Path, tmp_path: Path, form: str
) -> None:
    done = harness(
        *("performance", "--board", BOARD, "--firmware", images[form], "--data", samples, *SHORT, "--runs", tmp_path)
    )
    assert done.exit_code == 0, done.output
    directory, results = kept_in(tmp_path)
    assert results.performance is not None
    assert [window.file for window in results.performance.windows] == ["sample_0_0.bin", "sample_1_1.bin"]
    assert f"{results.performance.throughput:.3f} inf/s" in done.output
    assert "not by the rules: 2 windows instead of 5; a window of" in done.output
    assert f"Median throughput is {results.performance.throughput:>10.3f} inf./sec." in (
        (directory.path / "results.txt").read_text()
    )
    log = (directory.path / "log.txt").read_text().splitlines()
    assert log.count("> infer 3 1%") == 2
    (record,) = directory.records()
    assert (record.candidate.backend, record.candidate.build) == ("tinyml-harness", images[form].name)


def test_firmware_is_built_of_a_model_and_its_record_says_of_which(variant: Variant, tmp_path: Path) -> None:
    done = harness("performance", "--board", BOARD, "--model", MODEL, "--energy", *SHORT, "--runs", tmp_path)
    assert done.exit_code == 0, done.output
    directory, results = kept_in(tmp_path)
    (record,) = directory.records()
    assert str(record.candidate) == f"{MODEL}-int8-tvm-{BOARD}"
    assert record.candidate.build == "O2"
    assert record.origin.model_sha256 == variant.model.sha256
    assert record.origin.firmware_build_id
    latency, energy = record.measurement("latency"), record.measurement("energy")
    assert latency is not None
    assert energy is not None
    assert (latency.provenance, energy.provenance) == ("simulated", "simulated")
    assert results.performance is not None
    assert latency.value == pytest.approx(results.performance.latency_s)
    # A watt would be a hundred times what such a board draws.
    assert 0 < energy.value < latency.value


def test_accuracy_is_the_hosts_and_the_record_has_it(samples: Path, tmp_path: Path) -> None:
    done = harness("accuracy", "--board", BOARD, "--model", MODEL, "--data", samples, "--runs", tmp_path)
    assert done.exit_code == 0, done.output
    directory, results = kept_in(tmp_path)
    assert results.accuracy is not None
    assert [(score.file, score.label) for score in results.accuracy.files][:2] == [
        ("sample_0_0.bin", 0),
        ("sample_1_1.bin", 1),
    ]
    (record,) = directory.records()
    accuracy = record.measurement("accuracy")
    assert accuracy is not None
    assert accuracy.value == results.accuracy.right / 4
    assert f"{results.accuracy.right} of 4 right" in done.output


def test_a_board_that_is_flashed_already_is_measured_over_its_port(images: dict[str, Path], tmp_path: Path) -> None:
    spec = load_board(BOARD)
    with run_virtual_board(RackEntry("test", BOARD, Kind.VIRTUAL)) as board:
        probe = PyocdProbe(board.probe, spec.debug.virtual_target)
        probe.flash(images["elf"])
        probe.reset()
        port = ("--port", board.console, "--model", "kws")
        wrong = harness("performance", *port, *SHORT, "--runs", tmp_path / "wrong")
        done = harness("performance", "--port", board.console, *SHORT, "--runs", tmp_path / "unknown")
        probe.close()
    # It was said to hold keyword spotting, whose samples have 490 bytes; the firmware takes 784.
    assert "Input has 490 bytes, the model takes 784" in error_of(wrong)
    assert f"calls its model '{MODEL}', which is no benchmark of MLPerf Tiny: give samples" in error_of(done)


@needs_words
def test_words_are_recognised_over_a_bare_port(tmp_path: Path) -> None:
    image = tmp_path / "kws.elf"
    assert harness("build", "--model", KWS, "--board", BOARD, "-o", image).exit_code == 0
    spec = load_board(BOARD)
    with run_virtual_board(RackEntry("test", BOARD, Kind.VIRTUAL)) as board:
        probe = PyocdProbe(board.probe, spec.debug.virtual_target)
        probe.flash(image)
        probe.reset()
        arguments = ("accuracy", "--port", board.console, "--data", WORDS, "--limit", "20", "--runs", tmp_path / "runs")
        done = harness(*arguments)
        probe.close()
    assert done.exit_code == 0, done.output
    _, results = kept_in(tmp_path / "runs")
    assert results.benchmark is not None
    assert results.benchmark.name == "kws01"
    assert results.provenance == "simulated"
    assert results.accuracy is not None
    assert results.accuracy.right == 20


@needs_words
@pytest.mark.slow
def test_200_words_give_191_right(tmp_path: Path) -> None:
    done = harness("accuracy", "--board", BOARD, "--model", KWS, "--data", WORDS, "--runs", tmp_path)
    assert "191 of 200 right" in done.output
    assert "quality target of the closed division, top-1 accuracy 0.9: reached" in done.output


@needs_words
@pytest.mark.slow
def test_windows_by_the_rules_take_ten_seconds_and_ten_inferences(tmp_path: Path) -> None:
    done = harness("performance", "--board", BOARD, "--model", KWS, "--data", WORDS, "--runs", tmp_path)
    assert "windows by the rules of MLPerf Tiny" in done.output
    _, results = kept_in(tmp_path)
    assert results.performance is not None
    assert len(results.performance.windows) == 5
    assert all(10 <= window.microseconds * 1e-6 < 11 for window in results.performance.windows)


def test_firmware_that_speaks_another_protocol_is_named(tmp_path: Path) -> None:
    image = build_firmware(identity_variant(), load_board(BOARD).target, IdentityBackend()).elf
    done = harness("performance", "--board", BOARD, "--firmware", image, *IMPATIENT, "--runs", tmp_path)
    assert "speaks the harness's own protocol; build it with `harness mlperf build`" in error_of(done)


def test_firmware_that_says_something_else_is_shown(tmp_path: Path) -> None:
    done = harness("performance", "--board", BOARD, "--firmware", other_firmware(BOARD), *IMPATIENT, "--runs", tmp_path)
    assert "not of EEMBC's protocol, beginning" in error_of(done)
    assert "log.txt" in error_of(done)


def test_an_image_that_hangs_is_located(tmp_path: Path) -> None:
    # Stack pointer, reset vector, and a branch to itself.
    image = tmp_path / "spins.bin"
    image.write_bytes(struct.pack("<II2H", 0x2000_1000, 0x0800_0009, 0xE7FE, 0xE7FE))
    done = harness("performance", "--board", BOARD, "--firmware", image, *IMPATIENT, "--runs", tmp_path / "runs")
    assert "said nothing within" in error_of(done)
    assert "the probe found it in 0x08000008" in error_of(done)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "which board?"),
        (("--board", BOARD), "a virtual board is blank"),
        (("--board", "no_such_board", "--model", MODEL), "no_such_board"),
        (("--board", BOARD, "--model", "no_such_model"), "neither a model file, nor a description (.yaml), nor one of"),
        (("--board", BOARD, "--model", "none.tflite"), "none.tflite"),
        (("--port", "/dev/none", "--rack", "lab/racks/virtual.yaml"), "leave out --rack"),
        (("--port", "/dev/none"), "/dev/none"),
    ],
)
def test_what_can_not_be_meant_is_refused_in_one_line(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    assert words in error_of(harness("performance", *arguments, "--runs", tmp_path / "runs"))
    assert not (tmp_path / "runs").exists()


def test_an_empty_image_and_samples_of_another_size_are_refused(
    images: dict[str, Path], samples: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.bin"
    empty.touch()
    common = ("--board", BOARD, "--runs", tmp_path / "runs")
    assert "the image is empty" in error_of(harness("performance", *common, "--firmware", empty))
    sized = harness("accuracy", *common, "--firmware", images["elf"], "--model", "kws", "--data", samples)
    assert "a sample of 784 bytes; the firmware's model, lenet5_digits, takes 490" in error_of(sized)


def test_a_rack_gives_its_board(images: dict[str, Path], samples: Path, tmp_path: Path) -> None:
    rack = tmp_path / "rack.yaml"
    rack.write_text(f"duts:\n  - {{name: mine, board: {BOARD}, kind: virtual}}\n")
    common = ("performance", "--rack", rack, "--data", samples, *SHORT, "--runs", tmp_path / "runs")
    done = harness(*common, "--board", BOARD, "--firmware", images["elf"])
    assert done.exit_code == 0, done.output
    assert kept_in(tmp_path / "runs")[1].dut == "mine"
    assert "has no DUT of board nucleo_f746zg" in error_of(
        harness(*common, "--board", "nucleo_f746zg", "--model", MODEL)
    )
