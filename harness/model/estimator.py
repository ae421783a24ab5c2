"""Classifiers of scikit-learn as model files: skops' format, which holds no code, with every type in it known.

A file holds the classifier alone, whose features are float32, or a mapping with `estimator` and `feature_scale`: its
features come as int16 then, real = feature_scale * stored. The scale is a power of two, so that all are exact.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from math import frexp
from pathlib import Path
from typing import Any

from harness.cache import sha256
from harness.errors import ModelError
from harness.model.estimator_checks import check_estimator, multiply_accumulates, parameter_count
from harness.model.file_bounds import MOST_BYTES, check_size
from harness.model.model import Layer, Model, ModelFormat, Tensor

SUFFIX = ".skops"
TRUSTED = (
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
)
"""Types that skops does not trust by itself, and that the classifiers here are made of."""


def read_estimator(path: Path, name: str | None = None) -> Model:
    """Read and check a model file.

    Args:
        name: how the user calls it; the file's stem when left out.

    Raises:
        ModelError: there is no such file, it is corrupt, holds a type that is not trusted, or no classifier of those
            that are known; the text says what is wrong.
    """
    try:
        check_size(path)
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error
    estimator, scale = _load(content, str(path))
    features = (1, int(estimator.n_features_in_))
    source = Tensor("features", features, "int16", scale, 0) if scale else Tensor("features", features, "float32")
    output = Tensor("probabilities", (1, len(estimator.classes_)), "float32")
    parts = (multiply_accumulates(estimator), parameter_count(estimator))
    layer = Layer(0, "classifier", type(estimator).__name__, (source,), (output,), *parts)
    digest = sha256(content)
    return Model(
        name or path.stem, path.absolute(), digest, len(content), (source,), (output,), (layer,), ModelFormat.SKOPS
    )


def open_estimator(model: Model) -> Any:
    """The classifier of a model that was read before.

    Raises:
        ModelError: the file is gone or is no longer the one that was read.
    """
    return _load(model.read_bytes(), str(model.path))[0]


def write_estimator(estimator: Any, feature_scale: float | None, path: Path) -> None:
    """Write a trained classifier, the same bytes for the same one; see this module for the scale."""
    import skops.io

    held = estimator if feature_scale is None else {"estimator": estimator, "feature_scale": feature_scale}
    path.write_bytes(_without_addresses(skops.io.dumps(held)))


def _load(content: bytes, origin: str) -> tuple[Any, float | None]:
    """The checked classifier, and the scale of its features where they are int16."""
    import skops.io

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MOST_BYTES:
            raise ModelError(f"unpacks to {unpacked:,} bytes, more than {MOST_BYTES:,}")
        unknown = sorted(set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED))
        if unknown:
            raise ModelError(f"holds types that are not trusted: {', '.join(unknown)}")
        held = skops.io.loads(content, trusted=list(TRUSTED))
        estimator, scale = _unwrapped(held)
        check_estimator(estimator)
    except ModelError as error:
        raise ModelError(f"{origin}: {error}") from error
    except Exception as error:  # A hostile file draws errors of many kinds from zipfile, skops and scikit-learn.
        raise ModelError(f"{origin}: is no classifier in skops' format: {type(error).__name__}: {error}") from error
    return estimator, scale


def _unwrapped(held: Any) -> tuple[Any, float | None]:
    if not isinstance(held, Mapping):
        return held, None
    if held.keys() != {"estimator", "feature_scale"}:
        raise ModelError("a mapping has to hold 'estimator' and 'feature_scale'")
    scale = float(held["feature_scale"])
    if not 2**-60 <= scale <= 2**60 or frexp(scale)[0] != 0.5:
        raise ModelError(f"feature_scale is {scale}; it has to be a power of two")
    return held["estimator"], scale


def _without_addresses(content: bytes) -> bytes:
    """skops names objects by where they were in memory, and files by the time: number them instead."""
    import json

    numbers: dict[str, str] = {}

    def renamed(value: Any) -> Any:
        if isinstance(value, list):
            return [renamed(one) for one in value]
        if not isinstance(value, dict):
            return value
        found = {key: renamed(one) for key, one in value.items()}
        if "__id__" in found:
            found["__id__"] = int(numbers.setdefault(str(found["__id__"]), str(len(numbers) + 1)))
        if "file" in found:
            stem, dot, suffix = str(found["file"]).rpartition(".")
            found["file"] = numbers.setdefault(stem, str(len(numbers) + 1)) + dot + suffix
        return found

    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as new:
        schema = renamed(json.loads(old.read("schema.json")))
        for entry in old.infolist():
            stem, dot, suffix = entry.filename.rpartition(".")
            if entry.filename != "schema.json":
                new.writestr(zipfile.ZipInfo(numbers[stem] + dot + suffix), old.read(entry))
        new.writestr(zipfile.ZipInfo("schema.json"), json.dumps(schema))
    return output.getvalue()
