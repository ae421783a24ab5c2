"""The page with a card of every model of the zoo: what it is for, where it comes from, what it costs, what it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from harness.model.model import Model, Tensor
from harness.model.zoo import ZOO, ZooEntry
from harness.model.zoo.classical import ClassicalEntry
from harness.optimize import Quantization, make_variant
from harness.progress import track

PREFACE = """# Models

Every model of the zoo (`harness model list`), built and where there is data trained from code here. Made by
`harness model cards`: the figures are those of the converted files.

Weights are *trained* where the data set ships with scikit-learn or is computed, or once its file is in the data
directory (`HARNESS_DATA`, else `~/.local/share/tinyml-harness`; the error names the file). Else they are *seeded*:
random, with batch normalization as training would leave it, so that timing, memory and energy hold, and accuracy means
nothing. `NAME?epochs=N` trains for so many epochs, `NAME?data=random` on noise of the data set's shape.

Recurrent models are unrolled, with a batch of one: the only way in which they convert to operators that backends for
microcontrollers have. Kept rolled, Keras gives a `WHILE` in float32, and the converter fails in int8;
`UNIDIRECTIONAL_SEQUENCE_LSTM` does not come out of Keras 3. All steps share their weights. The first one has no
recurrent product, because its state is 0, and so an unrolled model has fewer multiply-accumulates than steps times
weights. Embeddings are a `GATHER` on int32 indices.

Models of scikit-learn are trained in any case; they come in float32 and int16.

| model | task | data set | metric | parameters | MACs | integer file | weights |
| --- | --- | --- | --- | ---: | ---: | ---: | --- |
"""


def cards_page() -> str:
    """The whole page, in Markdown."""
    models = {name: _models(name) for name in track(ZOO, "converting the zoo", len(ZOO))}
    rows = [_row(ZOO[name], *pair) for name, pair in models.items()]
    return PREFACE + "".join(rows) + "".join(_card(ZOO[name], *pair) for name, pair in models.items())


def _integers(entry: ZooEntry) -> Quantization:
    return Quantization.INT16 if isinstance(entry, ClassicalEntry) else Quantization.INT8


def _models(name: str) -> tuple[Model, Model]:
    """In float32 and in integers. Operators and sizes of networks do not depend on training, which is left out."""
    source = name if isinstance(ZOO[name], ClassicalEntry) else f"{name}?epochs=0"
    return make_variant(source, Quantization.FLOAT32).model, make_variant(source, _integers(ZOO[name])).model


def _weights(entry: ZooEntry) -> str:
    return "trained" if entry.trained else "seeded"


def _row(entry: ZooEntry, real: Model, quantized: Model) -> str:
    cells = [f"[{entry.name}](#{entry.name})", entry.task, entry.dataset, entry.metric]
    cells += [f"{real.parameters:,}", f"{real.macs:,}", f"{quantized.size:,} B", _weights(entry)]
    return f"| {' | '.join(cells)} |\n"


def _card(entry: ZooEntry, real: Model, quantized: Model) -> str:
    return "\n".join(_lines(entry, real, quantized)) + "\n"


def _lines(entry: ZooEntry, real: Model, quantized: Model) -> Iterator[str]:
    integers, outputs = _integers(entry), quantized.outputs[0].elements
    yield f"\n## {entry.name}\n"
    yield f"{entry.title}: {entry.task}, judged by {entry.metric} on {entry.dataset}.\n"
    yield f"- Source: {entry.source}."
    yield f"- Weights: {entry.remark}."
    if entry.data is not None and not isinstance(entry, ClassicalEntry):
        yield f"- Training: {_training(entry)}."
    inputs = f"{_tensor(real.inputs[0])} in float32, {_tensor(quantized.inputs[0])} in {integers}"
    yield f"- Input {inputs}; {outputs:,} outputs."
    yield f"- Operators in float32: {_operators(real)}."
    yield f"- Operators in {integers}: {_operators(quantized)}."


def _training(entry: ZooEntry) -> str:
    training = entry.training
    parts = [f"{training.epochs} epochs", f"batches of {training.batch_size}", f"Adam at {training.learning_rate:g}"]
    if training.schedule != "constant":
        parts.append(f"{training.schedule} decay")
    parts += [f"x {factor:g} from epoch {first} on" for first, factor in training.steps]
    if training.validation_share:
        parts.append(f"{training.validation_share:.0%} held out to choose the best weights")
    if training.augmentation:
        parts.append("images shifted and mirrored")
    return ", ".join(parts)


def _tensor(tensor: Tensor) -> str:
    return f"{'x'.join(map(str, tensor.shape))} {tensor.dtype}"


def _operators(model: Model) -> str:
    counts = Counter(layer.op for layer in model.layers)
    return ", ".join(f"{op} x {count}" if count > 1 else op for op, count in sorted(counts.items()))
