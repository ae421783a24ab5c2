"""EdgeMark's networks, by the words of a description: eleven perceptrons, seven CNNs, seven recurrent ones.

Those whose data set is noise have nothing to learn: their weights are seeded. The four of MLPerf Tiny that EdgeMark
has too are modules of their own here.
"""

from __future__ import annotations

from dataclasses import replace

from harness.model.datasets.source import DataSpec
from harness.model.datasets.sources import data_spec, source_of
from harness.model.description.description import Cnn, Description, Rnn
from harness.model.training.training import Training
from harness.model.zoo.entry import ZooEntry
from harness.model.zoo.find import entry_of

SOURCE = "EdgeMark, github.com/Black3rror/EdgeMark (MIT)"

_SINE = data_spec("sinus")
_BOSTON = data_spec("boston")
_MNIST, _FLAT_MNIST = data_spec("mnist"), data_spec("mnist", flat_features=True)
_CIFAR10, _FLAT_CIFAR10 = data_spec("cifar10"), data_spec("cifar10", flat_features=True)
_SHAKESPEARE = data_spec("shakespeare")
_VECTORS_50 = data_spec("randomset_classification", feature_shape=(50,))
_VECTORS_128 = data_spec("randomset_classification", feature_shape=(128,))
_SEQUENCES_1 = data_spec("randomset_seq", input_size=1, output_size=1, sequence_length=2)
_SEQUENCES_32 = data_spec("randomset_seq", input_size=32, output_size=32)
_SEQUENCES_64 = data_spec("randomset_seq", input_size=64, output_size=64)

_PERCEPTRONS: tuple[tuple[Cnn, DataSpec], ...] = (
    (Cnn(activation="sigmoid"), _SINE),
    (Cnn(denses_params=(5,)), _SINE),
    (Cnn(denses_params=(10, 10)), _SINE),
    (Cnn(denses_params=(16, 8)), _VECTORS_50),
    (Cnn(denses_params=(32, 16)), _VECTORS_50),
    (Cnn(denses_params=(64, 32, 16)), _BOSTON),
    (Cnn(denses_params=(64, 64, 64)), _BOSTON),
    (Cnn(denses_params=(64, 32, 16), denses_dropout=0.25), _VECTORS_128),
    (Cnn(denses_params=(128, 128, 128), denses_dropout=0.1, use_batch_norm=True), _BOSTON),
    (Cnn(denses_params=(60, 32, 16), use_batch_norm=True), _FLAT_MNIST),
    (Cnn(denses_params=(64, 32, 16), use_batch_norm=True), _FLAT_CIFAR10),
)

_AVERAGE, _HALVED = (0, 0, 0), (0, 2, 2)
_CNNS: tuple[tuple[Cnn, DataSpec], ...] = (
    (Cnn(((4, 3, 2), (6, 3, 2), (8, 3, 2), _AVERAGE)), _MNIST),
    (Cnn(((6, 3, 2), (8, 3, 2), (8, 3, 2), (10, 3, 2))), _MNIST),
    (Cnn(((4, 3, 1), (8, 3, 2), (12, 3, 2), (16, 3, 2), (20, 3, 2))), _MNIST),
    (Cnn(((8, 3, 1), (8, 3, 2), (16, 3, 1), (16, 3, 2), (32, 3, 1), _AVERAGE), (64, 16)), _MNIST),
    (
        Cnn(
            ((16, 3, 1), (16, 3, 1), _HALVED, (32, 3, 2), (32, 3, 1), _AVERAGE),
            denses_params=(64, 32),
            use_batch_norm=True,
        ),
        _CIFAR10,
    ),
    (
        Cnn(
            ((16, 3, 1), (16, 3, 1), _HALVED, (32, 3, 1), (32, 3, 1), _HALVED, (64, 3, 1), _AVERAGE),
            denses_params=(100, 50),
            use_batch_norm=True,
        ),
        _CIFAR10,
    ),
    (
        Cnn(
            (
                *((16, 3, 1), (16, 3, 1), _HALVED, (32, 3, 1), (32, 3, 1), _HALVED),
                *((64, 3, 1), (64, 3, 1), _HALVED, (128, 3, 1), _AVERAGE),
            ),
            denses_params=(128, 64),
            convs_dropout=0.1,
            denses_dropout=0.25,
            use_batch_norm=True,
        ),
        _CIFAR10,
    ),
)

_RECURRENT: dict[str, tuple[Rnn, DataSpec]] = {
    "simple_rnn_0": (Rnn(rnn_units=1), _SEQUENCES_1),
    "simple_rnn_1": (Rnn(rnn_units=64), _SEQUENCES_32),
    "simple_rnn_2": (Rnn(rnn_units=128), _SEQUENCES_64),
    "shakespeare_1": (Rnn(rnn_units=64, embedding_dim=32), _SHAKESPEARE),
    "shakespeare_2": (Rnn(rnn_units=128, embedding_dim=64), _SHAKESPEARE),
    "lstm": (Rnn("LSTM", 64), _SEQUENCES_32),
    "gru": (Rnn("GRU", 64), _SEQUENCES_32),
}


def _descriptions() -> list[Description]:
    small = Training(epochs=50, batch_size=32)
    named: list[tuple[str, tuple[Cnn, DataSpec] | tuple[Rnn, DataSpec]]] = [
        *((f"fc_{number}", one) for number, one in enumerate(_PERCEPTRONS)),
        *((f"cnn_{number}", one) for number, one in enumerate(_CNNS, 1)),
        *_RECURRENT.items(),
    ]
    return [
        Description(name, network, data, small if name not in _LARGER_BATCHES else replace(small, batch_size=64))
        for name, (network, data) in named
    ]


_LARGER_BATCHES = frozenset(_RECURRENT) - {"simple_rnn_0"}

DESCRIPTIONS = tuple(replace(one, source=SOURCE) for one in _descriptions())


def _entry(description: Description) -> ZooEntry:
    entry = entry_of(description)
    return replace(entry, data=None) if source_of(description.data).noise else entry


ENTRIES = tuple(_entry(description) for description in DESCRIPTIONS)
