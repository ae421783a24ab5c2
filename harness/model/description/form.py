"""The form of a description: which keys there are, and what each may be. EdgeMark's files pass as they are."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from harness.model.datasets.sources import SOURCES

if TYPE_CHECKING:
    from pydantic import BaseModel, TypeAdapter

HIDDEN = frozenset({"stand_in"})
"""Sources that are no one's to name."""
MOST_LAYERS, MOST_UNITS, MOST_SAMPLES, MOST_STEPS = 64, 4096, 1_000_000, 1000
"""More than any microcontroller takes; a typing error must not take the host's memory."""

Activation = Literal["relu", "relu6", "leaky_relu", "elu", "sigmoid", "tanh", "hard_swish", "linear"]


@cache
def description_form() -> TypeAdapter[Any]:
    """One of the kinds of models, told apart by `model_type`; made when first needed: pydantic takes its time."""
    from pydantic import Field, TypeAdapter

    kinds = (_cnn(), _rnn(), *_references())
    union: Any = kinds[0]
    for kind in kinds[1:]:
        union = union | kind
    return TypeAdapter(Annotated[union, Field(discriminator="model_type")])


def _strict() -> Any:
    from pydantic import ConfigDict

    return ConfigDict(extra="forbid", populate_by_name=True)


@cache
def _common() -> type[BaseModel]:
    """What every description has: data, training, words for people."""
    from pydantic import BaseModel, Field

    Epochs = Annotated[int, Field(ge=0, le=100_000)]  # noqa: N806
    Batch = Annotated[int, Field(ge=1, le=100_000)]  # noqa: N806
    Rate = Annotated[float, Field(gt=0, le=10)]  # noqa: N806

    class Common(BaseModel):
        model_config = _strict()
        title: Annotated[str, Field(max_length=200, description="its name for people")] = ""
        source: Annotated[str, Field(max_length=500, description="where the architecture comes from")] = ""
        dataset: Annotated[_data_sets(), Field(discriminator="name", description="what it learns from")]
        epochs: Annotated[Epochs, Field(description="passes over the training samples; 0: not trained")] = 50
        batch_size: Annotated[Batch, Field(description="samples a step")] = 32
        random_seed: Annotated[
            int | None, Field(ge=0, lt=2**32, description="of weights and training; null: 0")
        ] = 42
        learning_rate: Annotated[Rate, Field(description="of Adam")] = 1e-3
        learning_rate_schedule: Literal["constant", "cosine"] = "constant"
        learning_rate_steps: Annotated[
            list[tuple[Annotated[int, Field(ge=0)], Annotated[float, Field(gt=0)]]],
            Field(max_length=100, description="[first epoch, factor on the rate], ascending"),
        ] = Field(default_factory=list)
        validation_split: Annotated[
            float, Field(ge=0, lt=1, description="share of the training samples that choose the best weights")
        ] = 0.1
        early_stopping: Annotated[
            int, Field(ge=0, description="epochs without improvement after which training ends; 0: never")
        ] = 0
        augmentation: Annotated[bool, Field(description="shift and mirror images")] = False
        fine_tuning_learning_rate: Annotated[Rate, Field(description="EdgeMark's; not used")] = 1e-4
        fine_tuning_epochs: Annotated[Epochs, Field(description="EdgeMark's; not used")] = 5
        fine_tuning_batch_size: Annotated[Batch, Field(description="EdgeMark's; not used")] = 128

    return Common


def _units() -> Any:
    from pydantic import Field

    return Annotated[int, Field(ge=1, le=MOST_UNITS)]


@cache
def _cnn() -> type[BaseModel]:
    from pydantic import AliasChoices, Field, model_validator

    Size = Annotated[int, Field(ge=0, le=MOST_UNITS)]  # noqa: N806
    Share = Annotated[float, Field(ge=0, lt=1)]  # noqa: N806

    class CnnForm(_common()):  # type: ignore[misc]
        """Convolutions and fully connected layers."""

        model_type: Literal["CNN"]
        convs_params: Annotated[
            list[tuple[Size, Size, Size]],
            Field(
                max_length=MOST_LAYERS,
                description="[filters, kernel, stride]; [0, k, s] is maximum pooling, [0, 0, 0] the average of all",
            ),
        ] = Field(default_factory=list)
        denses_params: Annotated[
            list[_units()], Field(max_length=MOST_LAYERS, description="units of the hidden layers")
        ] = Field(default_factory=list)
        convs_dropout: Share = 0.0
        denses_dropout: Share = 0.0
        activation: Activation = "relu"
        use_batch_norm: Annotated[bool, Field(validation_alias=AliasChoices("use_batch_norm", "use_batchnorm"))] = False

        @model_validator(mode="after")
        def _sizes_are_sizes(self) -> Any:
            for filters, kernel, stride in self.convs_params:
                if (kernel == 0 or stride == 0) and (filters, kernel, stride) != (0, 0, 0):
                    raise ValueError(
                        f"convs_params: [{filters}, {kernel}, {stride}] needs a kernel and a stride of 1 or more; "
                        "[0, 0, 0] is the average over all places"
                    )
            return self

    return CnnForm


@cache
def _rnn() -> type[BaseModel]:
    class RnnForm(_common()):  # type: ignore[misc]
        """A recurrent layer."""

        model_type: Literal["RNN"]
        rnn_type: Literal["SimpleRNN", "LSTM", "GRU"] = "SimpleRNN"
        rnn_units: _units() = 64  # type: ignore[valid-type]
        embedding_dim: _units() | None = None  # type: ignore[valid-type]

    return RnnForm


@cache
def _references() -> tuple[type[BaseModel], ...]:
    """MLPerf Tiny's. The weights that `load_pretrained_model` asks for are not here: they are trained, or seeded."""
    from pydantic import Field, create_model

    pretrained = (bool, Field(False, description="EdgeMark downloads MLPerf Tiny's weights; here they are seeded"))
    filters = (_units() | None, Field(None, description="of the first convolution"))
    units = (list[_units()] | None, Field(None, max_length=MOST_LAYERS, description="of the hidden layers"))
    return tuple(
        create_model(
            f"{benchmark}Form",
            __base__=_common(),
            model_type=(Literal[f"TinyMLPerf_{benchmark}"], ...),
            load_pretrained_model=pretrained,
            **({"denses_params": units} if benchmark == "AE" else {"num_filters": filters}),
        )
        for benchmark in ("AE", "DS_CNN", "MBNet", "ResNet")
    )


def _data_sets() -> Any:
    """A data set's `name`, and `args` as its source takes them."""
    union: Any = None
    for name in SOURCES:
        if name not in HIDDEN:
            union = _data_set(name) if union is None else union | _data_set(name)
    return union


def _data_set(name: str) -> type[BaseModel]:
    from pydantic import Field, create_model

    arguments = create_model(
        f"{name}_arguments",
        __config__=_strict(),
        **{key: (_argument(key, value), value) for key, value in SOURCES[name].defaults.items()},
    )
    return create_model(
        f"{name}_data",
        __config__=_strict(),
        name=(Literal[name], ...),
        path=(str | None, Field(None, description="EdgeMark's loader; not used")),
        args=(arguments, Field(default_factory=arguments)),
    )


def _argument(key: str, default: object) -> Any:
    """The type of an argument, from the one it has when left out."""
    from pydantic import Field

    if key == "path":
        return str | None
    if key == "random_seed":
        return Annotated[int | None, Field(ge=0, lt=2**32)]
    if isinstance(default, bool):
        return bool
    if isinstance(default, tuple):
        return Annotated[tuple[_units(), ...], Field(min_length=1, max_length=4)]
    if isinstance(default, float):
        return Annotated[float, Field(gt=0, lt=1)] if key == "test_ratio" else Annotated[float, Field(gt=0, le=10)]
    most = {"n_samples": MOST_SAMPLES, "sequence_length": MOST_STEPS}.get(key, MOST_UNITS)
    return Annotated[int, Field(ge=10 if key == "n_samples" else 1, le=most)]
