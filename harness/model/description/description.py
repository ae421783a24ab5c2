"""What a description says of a model: its layers, its data set, its training. The words are EdgeMark's."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.model.datasets.source import DataSpec
from harness.model.training.training import Training
from harness.value import Value


@dataclass(frozen=True)
class Cnn(Value):
    """Convolutions, then fully connected layers; without convolutions a plain multilayer perceptron.

    Attributes:
        convs_params: (filters, kernel, stride) of each convolution, padded to keep the size; with 0 filters it is a
            maximum pooling, with a kernel of 0 too the average over all places.
        denses_params: units of the hidden fully connected layers; the output layer is given by the data set.
        convs_dropout, denses_dropout: share dropped after each of them in training.
        activation: after every layer but the last, by its Keras name.
        use_batch_norm: whether they are normalized before that.
    """

    convs_params: tuple[tuple[int, int, int], ...] = ()
    denses_params: tuple[int, ...] = ()
    convs_dropout: float = 0.0
    denses_dropout: float = 0.0
    activation: str = "relu"
    use_batch_norm: bool = False


@dataclass(frozen=True)
class Rnn(Value):
    """An embedding if asked for, a recurrent layer, and a fully connected one for every step or for the last.

    Attributes:
        rnn_type: `SimpleRNN`, `LSTM` or `GRU`.
        embedding_dim: values per entry of the table that turns indices into vectors; None where inputs are vectors.
    """

    rnn_type: str = "SimpleRNN"
    rnn_units: int = 64
    embedding_dim: int | None = None


@dataclass(frozen=True)
class Reference(Value):
    """A reference model of MLPerf Tiny, with its own layers.

    Attributes:
        benchmark: `AE`, `DS_CNN`, `MBNet` or `ResNet`.
        num_filters: of the first convolution, which scale all others; None: as published.
        denses_params: units of the autoencoder's hidden layers; None: as published.
    """

    benchmark: str
    num_filters: int | None = None
    denses_params: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Description(Value):
    """A model from its layers to its training.

    Attributes:
        title, source: for people; empty where the description has none.
        seed: of weights and training.
    """

    name: str
    network: Cnn | Rnn | Reference
    data: DataSpec
    training: Training = field(default_factory=Training)
    seed: int = 42
    title: str = ""
    source: str = ""
