"""What scikit-learn answers on the host."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cache import cached, sha256
from harness.model.model import Model
from harness.model.samples import to_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def run_estimator(model: Model, samples: NDArray[np.generic]) -> NDArray[np.generic]:
    """(count, classes) float32 probabilities, `predict_proba`, for samples as the model takes them.

    Raises:
        DatasetError: the samples do not fit the model.
        ModelError: the file is gone or changed.
    """
    import numpy as np

    rows = to_rows(model.inputs, samples)
    key = {
        "model": model.sha256,
        "samples": sha256(rows.tobytes()),
        "scikit-learn": version("scikit-learn"),
        "code": sha256(Path(__file__).read_bytes()),
    }

    def predict(directory: Path) -> None:
        from harness.model.estimator import open_estimator

        scale = model.inputs[0].scale or 1.0
        real = np.asarray(samples, np.float32) * np.float32(scale)
        np.save(directory / "outputs.npy", open_estimator(model).predict_proba(real).astype(np.float32))

    outputs: NDArray[np.generic] = np.load(cached("reference", key, predict) / "outputs.npy", allow_pickle=False)
    return outputs
