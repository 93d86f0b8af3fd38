"""What is done beside the window with a part of a segmentation that a person corrects; knows no layer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import count
from typing import TYPE_CHECKING

from napari_dacapo.arrays.crop import cropped
from napari_dacapo.arrays.file import File
from napari_dacapo.errors import UserInputError
from napari_dacapo.layers.correcting import correction, part_to_correct
from napari_dacapo.layers.keeping import ChosenLayer, files_in_use
from napari_dacapo.layers.saving import place_of, save_layer
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.applying.applied_work import run_folder

if TYPE_CHECKING:
    from napari_dacapo.arrays.box import Box, Voxels
    from napari_dacapo.experiments.run import Run
    from napari_dacapo.layers.layer import LayerData


def part(
    workspace: Workspace, run: str, labels: ChosenLayer, view: Box, image: str, taken: Collection[str]
) -> LayerData:
    """What is on the screen, as large as the run needs to learn from it, under a name that is free."""
    array = labels.labels()
    least = _output_shape(run_of(workspace, run))
    if len(least) != array.dims or any(n < m for n, m in zip(array.spatial_shape, least, strict=True)):
        problem = f"it has the shape {array.spatial_shape}, and {run} learns from {least} voxels at once"
        raise UserInputError("layer", array.name, problem, "Segment a larger part first")
    begin, end = part_to_correct(array, view, least)
    title = _free_title(workspace, f"{image} corrected", taken)
    save_layer(workspace, labels_title(title), cropped(array, begin, end))  # no other window takes it then
    return correction(array, begin, end, title)


def keep(workspace: Workspace, painted: Sequence[tuple[str, ChosenLayer]]) -> tuple[File, ...]:
    """Saved in the workspace as they are now, by title, where training looks for them."""
    in_use = files_in_use(workspace) if painted else ()
    return tuple(
        save_layer(workspace, labels_title(title), labels.labels(), in_use) for title, labels in painted
    )


def labels_title(title: str) -> str:
    """What the labels of a dataset are saved under."""
    return f"{title} labels"


def run_of(workspace: Workspace, run: str) -> Run:
    return run_folder(workspace, run).saved_run()


def _output_shape(run: Run) -> Voxels:
    """What the run trains on at once, in voxels of its output."""
    return run.architecture.output_shape(run.architecture.input_shape)


def _free_title(workspace: Workspace, wish: str, taken: Collection[str]) -> str:
    """What was painted under a name stays: neither a layer nor a file has the new one."""
    titles = (wish if number == 1 else f"{wish} {number}" for number in count(1))
    return next(
        title
        for title in titles
        if title not in taken and not place_of(workspace, labels_title(title)).exists()
    )
