"""The form of a description: which keys there are, and what each may be. EdgeMark's files pass as they are."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Len, Lt

from harness.model.description.data_form import MOST_UNITS, Seed, Units, data_sets

if TYPE_CHECKING:
    from pydantic import BaseModel, TypeAdapter

MOST_LAYERS = 64

Epochs = Annotated[int, Ge(0), Le(100_000)]
Batch = Annotated[int, Ge(1), Le(100_000)]
Rate = Annotated[float, Gt(0), Le(10)]
Share = Annotated[float, Ge(0), Lt(1)]
Size = Annotated[int, Ge(0), Le(MOST_UNITS)]
Layers = Annotated[list[Units], Len(0, MOST_LAYERS)]
Steps = Annotated[list[tuple[Annotated[int, Ge(0)], Annotated[float, Gt(0)]]], Len(0, 100)]
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


@cache
def form_keys() -> frozenset[str]:
    """Every key that any description or its data set may have."""
    schema = description_form().json_schema()
    return frozenset(key for one in schema["$defs"].values() for key in one.get("properties", ()))


def _strict() -> Any:
    from pydantic import ConfigDict

    return ConfigDict(extra="forbid", populate_by_name=True)


@cache
def _common() -> type[BaseModel]:
    """What every description has: data, training, words for people."""
    from pydantic import BaseModel, Field, create_model

    class Common(BaseModel):
        model_config = _strict()
        title: Annotated[str, Field(max_length=200, description="its name for people")] = ""
        source: Annotated[str, Field(max_length=500, description="where the architecture comes from")] = ""
        dataset: Annotated[Any, Field(description="what it learns from")]
        epochs: Annotated[Epochs, Field(description="passes over the training samples; 0: not trained")] = 50
        batch_size: Annotated[Batch, Field(description="samples a step")] = 32
        random_seed: Annotated[Seed | None, Field(description="of weights and training; null: 0")] = 42
        learning_rate: Annotated[Rate, Field(description="of Adam")] = 1e-3
        learning_rate_schedule: Literal["constant", "cosine"] = "constant"
        learning_rate_steps: Annotated[
            Steps, Field(default_factory=list, description="[first epoch, factor on the rate], ascending")
        ]
        validation_split: Annotated[
            Share, Field(description="share of the training samples that choose the best weights")
        ] = 0.1
        early_stopping: Annotated[
            int, Field(ge=0, description="epochs without improvement after which training ends; 0: never")
        ] = 0
        augmentation: Annotated[bool, Field(description="shift and mirror images")] = False
        fine_tuning_learning_rate: Annotated[Rate, Field(description="EdgeMark's; not used")] = 1e-4
        fine_tuning_epochs: Annotated[Epochs, Field(description="EdgeMark's; not used")] = 5
        fine_tuning_batch_size: Annotated[Batch, Field(description="EdgeMark's; not used")] = 128

    # The union of data sets is known only now.
    data: Any = (Annotated[data_sets(), Field(discriminator="name")], Field(description="what it learns from"))
    return create_model("Common", __base__=Common, dataset=data)


@cache
def _cnn() -> type[BaseModel]:
    from pydantic import AliasChoices, Field, model_validator

    class CnnForm(_common()):  # type: ignore[misc]
        """Convolutions and fully connected layers."""

        model_type: Literal["CNN"]
        convs_params: Annotated[
            list[tuple[Size, Size, Size]],
            Field(
                max_length=MOST_LAYERS,
                default_factory=list,
                description="[filters, kernel, stride]; [0, k, s] is maximum pooling, [0, 0, 0] the average of all",
            ),
        ]
        denses_params: Annotated[Layers, Field(default_factory=list, description="units of the hidden layers")]
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
        rnn_units: Units = 64
        embedding_dim: Units | None = None

    return RnnForm


@cache
def _references() -> tuple[type[BaseModel], ...]:
    """MLPerf Tiny's. The weights that `load_pretrained_model` asks for are not here: they are trained, or seeded."""
    from pydantic import Field, create_model

    pretrained = (bool, Field(False, description="EdgeMark downloads MLPerf Tiny's weights; here they are seeded"))
    filters = (Units | None, Field(None, description="of the first convolution"))
    units = (Layers | None, Field(None, description="of the hidden layers"))

    def form(benchmark: str) -> type[BaseModel]:
        size: dict[str, Any] = {"denses_params": units} if benchmark == "AE" else {"num_filters": filters}
        kind: Any = (Literal[f"TinyMLPerf_{benchmark}"], ...)
        loaded: Any = pretrained
        return create_model(
            f"{benchmark}Form", __base__=_common(), model_type=kind, load_pretrained_model=loaded, **size
        )

    return tuple(form(benchmark) for benchmark in ("AE", "DS_CNN", "MBNet", "ResNet"))
