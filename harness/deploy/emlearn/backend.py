"""The `emlearn` backend: trees, forests and perceptrons of scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from string import Template
from typing import Any

from harness.deploy.backend import Claims, GeneratedCode, Step, Tolerance
from harness.deploy.options import BuildOptions
from harness.deploy.target import Core, Target
from harness.errors import BuildError, HarnessError
from harness.model.estimator import open_estimator
from harness.model.estimator_checks import FORESTS, PERCEPTRON, TREES
from harness.model.model import Model, ModelFormat
from harness.optimize.variant import Quantization, Variant

_PACKAGES = ("emlearn", "scikit-learn")
_MOST_FEATURES = 10_000
_C_TYPES = {"float32": "float", "int16": "int16_t"}

_MODEL = Template("""#include "classifier.h"
#include "model.h"

static $type features[$features];
static float probabilities[$classes];

const uint32_t model_input_count = 1;
const uint32_t model_output_count = 1;
const uint32_t model_step_count = 1;
const uint32_t model_arena_bytes = $arena;
const model_tensor_t model_inputs[] = {{features, sizeof features}};
const model_tensor_t model_outputs[] = {{probabilities, sizeof probabilities}};

int32_t model_init(void)
{
    return 0;
}

int32_t model_run(model_step_done_t step_done)
{
    const int32_t error = $function(${net}features, $features, probabilities, $classes);
    if (step_done)
        step_done(0);
    return error;
}
""")


class EmlearnBackend:
    """Classifiers in `.skops` files, with float32 features, or trees with int16 ones, on any core."""

    name = "emlearn"

    def versions(self) -> Mapping[str, str]:
        """Exact versions of the generator, and of the library whose models it reads."""
        return {package: version(package) for package in _PACKAGES}

    def load(self) -> None:
        """Import scikit-learn and emlearn: a second or two."""
        import skops.io  # noqa: F401

        from harness.deploy.emlearn.generate import include_directory

        include_directory()

    def claims(self) -> Claims:
        """Everything with float32 features, trees also with int16 ones, on every core."""
        trees = (*TREES, *FORESTS)
        return Claims(tuple(Core), {Quantization.FLOAT32: (*trees, PERCEPTRON), Quantization.INT16: trees})

    def complaints(self, variant: Variant, target: Target, options: BuildOptions) -> Sequence[str]:  # noqa: ARG002
        """Other files than scikit-learn's, and what emlearn lacks; every core and all options will do."""
        model = variant.model
        if model.format is not ModelFormat.SKOPS:
            return [f"{model.path.name} is a .{model.format} file; emlearn takes classifiers of scikit-learn (.skops)"]
        layer, features = model.layers[0], model.inputs[0].elements
        found = []
        if layer.op == PERCEPTRON and variant.quantization is not Quantization.FLOAT32:
            found.append("int16 features are for trees; a perceptron takes float32")
        if layer.op != PERCEPTRON and features > _MOST_FEATURES:
            found.append(f"{features} features are more than {_MOST_FEATURES}")
        return [f"layer {layer.name} ({layer.op}): {complaint}" for complaint in found]

    def generate(self, variant: Variant, target: Target, options: BuildOptions, directory: Path) -> GeneratedCode:  # noqa: ARG002
        """Write `classifier.h`, which is emlearn's, and `model.c` into an empty directory.

        Raises:
            UnsupportedModelError: a perceptron without a hidden layer.
            BuildError: emlearn failed.
        """
        from harness.deploy.emlearn.generate import (
            LEAF_REASON,
            LEAF_TOLERANCE,
            classifier_source,
            include_directory,
            leaves_are_exact,
        )

        model, estimator = variant.model, open_estimator(variant.model)
        try:
            text = classifier_source(estimator, model.inputs[0].scale)
        except HarnessError:
            raise
        except Exception as error:
            raise BuildError(f"emlearn could not convert {model.name}: {type(error).__name__}: {error}") from error
        (directory / "classifier.h").write_text(text)
        source, (arena, bound) = directory / "model.c", _memory(model, estimator)
        source.write_text(_model_source(model, arena))
        return GeneratedCode(
            sources=(source,),
            objects=(),
            include_directories=(directory, include_directory()),
            arena_bytes=arena,
            arena_lower_bound=bound,
            steps=(Step(model.layers[0].op, (model.layers[0].name,)),),
            inputs=model.inputs,
            outputs=model.outputs,
            tolerance=None if leaves_are_exact(estimator) else Tolerance(LEAF_TOLERANCE, LEAF_REASON),
        )


def _model_source(model: Model, arena: int) -> str:
    is_net = model.layers[0].op == PERCEPTRON
    return _MODEL.substitute(
        type=_C_TYPES[model.inputs[0].dtype],
        features=model.inputs[0].elements,
        classes=model.outputs[0].elements,
        arena=arena,
        function="eml_net_predict_proba" if is_net else "classifier_predict_proba",
        net="&classifier, " if is_net else "",
    )


def _memory(model: Model, estimator: Any) -> tuple[int, int]:
    """Bytes of features, probabilities, and the two buffers of a net, each as large as its widest layer; and of what of
    them is alive at once."""
    outer = model.inputs[0].nbytes + model.outputs[0].nbytes
    weights = getattr(estimator, "coefs_", [])
    if not weights:
        return outer, outer
    arena = outer + 2 * 4 * max(max(array.shape) for array in weights)
    return arena, 4 * max(sum(array.shape) for array in weights)
