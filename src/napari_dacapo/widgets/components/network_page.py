"""The page of the network, which tells what it takes and gives while it is typed."""

from __future__ import annotations

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.config import Config
from napari_dacapo.errors import UserInputError
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.components.component_page import ComponentPage
from napari_dacapo.widgets.components.data_facts import DataFacts
from napari_dacapo.widgets.work.newest import Newest

LOOKING = "looking at the network…"


class NetworkPage(ComponentPage):
    """An architecture, and what it means for the data that was chosen."""

    def __init__(self, workspace: Workspace) -> None:
        self._facts: DataFacts | None = None
        self._told: tuple[Config, DataFacts | None, str] | None = None  # of one looked at beside
        super().__init__(Architecture, workspace, "network", UNet())
        self._looking = Newest(self)

    def show_facts(self, facts: DataFacts) -> None:
        """Of the data it is to see."""
        self._facts = facts
        self._show_state()

    def summary(self, record: Config) -> str:
        if not isinstance(record, Architecture):
            return ""
        if record.is_told_at_once:
            return describe(record, self._facts)
        if self._told is not None and self._told[:2] == (record, self._facts):
            return self._told[2]
        self._looking.wish(_described, record, self._facts, then=self._tell)
        return LOOKING

    def _tell(self, told: tuple[Config, DataFacts | None, str]) -> None:
        self._told = told
        self._show_state()


def _described(network: Architecture, facts: DataFacts | None) -> tuple[Config, DataFacts | None, str]:
    """With what it is of; what cannot be told is why."""
    try:
        return network, facts, describe(network, facts)
    except UserInputError as error:
        return network, facts, str(error)


def describe(network: Architecture, facts: DataFacts | None) -> str:
    """Parameters, context, shapes and memory, a line each, and what does not fit well."""
    channels = 1 if facts is None else facts.channels
    patch = network.input_patch
    training = network.training_bytes(channels, patch, 1)
    prediction = network.prediction_bytes(channels, network.validation_patch)
    lines = [
        f"{network.parameter_count(channels):,} parameters",
        f"sees {_sides(network.context)} voxels{_in_world(network.context, facts)}",
        f"{_sides(patch)} in, {_sides(network.output_shape(patch))} out",
        f"memory: about {_gib(training)} a patch in training, {_gib(prediction)} in prediction",
    ]
    if facts is not None and len(facts.voxel_size) == network.dims:
        lines += network.warnings(facts.voxel_size)
    return "\n".join(lines)


def _sides(shape: Voxels) -> str:
    return " x ".join(f"{n:,}" for n in shape)


def _in_world(context: Voxels, facts: DataFacts | None) -> str:
    if facts is None or facts.unit == "voxel" or len(facts.voxel_size) != len(context):
        return ""
    size: World = tuple(n * v for n, v in zip(context, facts.voxel_size, strict=True))
    return f", {' x '.join(f'{length:,.0f}' for length in size)} {facts.unit}"


def _gib(count: int) -> str:
    return f"{count / 2**30:.2g} GiB"
