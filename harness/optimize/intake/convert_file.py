"""A user's model file: converted in a process of its own, compared with its source, cached by content."""

from __future__ import annotations

import importlib.util
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cache import cached, sha256, sha256_of_files
from harness.errors import ModelError
from harness.model.intake.kind import SourceKind, kind_of
from harness.model.intake.onnx_weights import SUFFIX as WEIGHTS_SUFFIX
from harness.model.intake.onnx_weights import weights_beside
from harness.model.model import Model
from harness.model.reference import run_reference
from harness.model.samples import from_rows, quantize_samples, random_inputs, to_rows
from harness.model.tflite_reader import read_tflite
from harness.optimize.intake.check_inputs import greatest_difference
from harness.optimize.quantization import NETWORK_QUANTIZATIONS, Quantization
from harness.progress import status
from harness.tensorflow_process import environment, last_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.model.dataset import Dataset

SECONDS = 600
_ONNX_TOOLS = ("onnx2tf", "onnxruntime", "tf_keras")
_NEEDS = {SourceKind.ONNX: ("onnx", _ONNX_TOOLS), SourceKind.TORCH: ("torch", ("torch", "onnxscript", *_ONNX_TOOLS))}
_TOOLS = {
    SourceKind.ONNX: ("onnx", "onnx2tf", "onnxruntime"),
    SourceKind.TORCH: ("torch", "onnx", "onnxscript", "onnx2tf"),
}


@dataclass(frozen=True)
class Converted:
    """What became of a file.

    Attributes:
        model: the `.tflite`, read back.
        tools: what converted it, with versions.
        difference: greatest difference from the source over all check inputs, as a share of the output's magnitude.
        checked: how many inputs it was checked with.
        calibrated_with: how many samples; 0 where nothing was to be.
    """

    model: Model
    kind: SourceKind
    tools: dict[str, str]
    difference: float
    checked: int
    calibrated_with: int


def convert_file(
    path: Path,
    quantization: Quantization = Quantization.FLOAT32,
    dataset: Dataset | None = None,
    samples: int = 100,
    seed: int = 0,
) -> Converted:
    """Convert a model file of Keras, TensorFlow, ONNX or PyTorch.

    Args:
        dataset: what calibrates integers: its first samples; None: made-up ones, of `INPUT_RANGE`.
        samples: how many of them.

    Raises:
        ModelError: the file is corrupt, refused or not converted, or the converted model answers otherwise than it.
        DatasetError: the samples do not fit the model.
    """
    kind = kind_of(path)
    if quantization not in NETWORK_QUANTIZATIONS:
        raise ModelError(
            f"{path}: is a network, and comes in {', '.join(NETWORK_QUANTIZATIONS)}, not in {quantization}"
        )
    _require_tools(path, kind)
    real = _convert(path, kind, Quantization.FLOAT32, None)
    if quantization is Quantization.FLOAT32:
        return real
    calibrating = _representative(real.model, dataset, samples, seed) if quantization.is_calibrated else None
    return _convert(path, kind, quantization, calibrating)


def _representative(model: Model, dataset: Dataset | None, samples: int, seed: int) -> NDArray[np.uint8]:
    """Rows of bytes that calibrate."""
    if dataset is None or len(model.inputs) != 1:
        return to_rows(model.inputs, random_inputs(model, samples, seed))
    return to_rows(model.inputs, quantize_samples(dataset, model.inputs[0])[:samples])


def _require_tools(path: Path, kind: SourceKind) -> None:
    extra, packages = _NEEDS.get(kind, ("", ()))
    lacking = [name for name in packages if importlib.util.find_spec(name) is None]
    if lacking:
        raise ModelError(
            f"{path}: to convert it takes {', '.join(lacking)}; pip install 'tinyml-harness[{extra}]', "
            "or convert it to .tflite or .keras yourself"
        )


def _convert(
    path: Path, kind: SourceKind, quantization: Quantization, representative: NDArray[np.uint8] | None
) -> Converted:
    tools = {name: _version(name) for name in ("tensorflow", "keras", *_TOOLS.get(kind, ()))}
    here, harness = Path(__file__).parent, Path(__file__).parents[2]
    code = (here, here.parent / "convert_process.py", harness / "model" / "intake")
    key = {
        "source": sha256_of_files(path, *weights_beside(path)),
        "kind": kind,
        "quantization": quantization,
        "representative": None if representative is None else sha256(representative.tobytes()),
        "tools": tools,
        "code": sha256_of_files(*code),
    }

    def make(directory: Path) -> None:
        import numpy as np

        if representative is not None:
            np.save(directory / "representative.npy", representative)
        with status(f"converting {path.name} to {quantization}"):
            _run(path, kind, quantization, directory)
            _compare(path, directory)

    directory = cached("intake", key, make)
    facts = json.loads((directory / "check.json").read_text())
    model = read_tflite(directory / "model.tflite", path.stem)
    calibrated_with = 0 if representative is None else len(representative)
    return Converted(model, kind, tools, facts["difference"], facts["checked"], calibrated_with)


def _run(path: Path, kind: SourceKind, quantization: Quantization, directory: Path) -> None:
    copy = directory / f"source.{kind}"
    if path.is_dir():
        shutil.copytree(path, copy)
    else:
        shutil.copyfile(path, copy)
    for beside in weights_beside(path):
        shutil.copyfile(beside, directory / beside.name)
    command = [sys.executable, "-m", "harness.optimize.intake.process", kind, str(copy), str(directory), quantization]
    try:
        done = subprocess.run(command, capture_output=True, env=environment(), timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"{path}: converting took longer than {SECONDS} s") from error
    finally:
        shutil.rmtree(copy) if copy.is_dir() else copy.unlink()
        for beside in directory.glob(f"*{WEIGHTS_SUFFIX}"):
            beside.unlink()
    if done.returncode == 0:
        return
    words = directory / "error.txt"
    if words.is_file():
        raise ModelError(f"{path}: {words.read_text()}")
    if done.returncode == -signal.SIGALRM:
        raise ModelError(f"{path}: is corrupt: reading it does not come to an end")
    if done.returncode < 0:
        raise ModelError(f"{path}: its loader crashed with {signal.Signals(-done.returncode).name}")
    raise ModelError(f"{path}: converting failed:\n{last_words(done.stderr)}")


def _compare(path: Path, directory: Path) -> None:
    """The float `.tflite` against what the source answered; leaves `check.json`."""
    import numpy as np

    model = read_tflite(directory / "float.tflite")
    samples = np.load(directory / "samples.npy", allow_pickle=False)
    expected = np.load(directory / "expected.npy", allow_pickle=False)
    found = to_rows(model.outputs, run_reference(model, from_rows(model.inputs, samples)))
    try:
        difference, _ = greatest_difference(model.outputs, expected, found)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    (directory / "check.json").write_text(json.dumps({"difference": difference, "checked": len(samples)}))


def _version(name: str) -> str:
    for package in (name, f"{name}-cpu"):
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return "absent"
