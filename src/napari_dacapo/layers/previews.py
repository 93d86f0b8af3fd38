"""Previews of what a network will be given, as layers, and a sentence about each."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box, Voxels
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.experiments.previews.previews import Previews
from napari_dacapo.experiments.results.results import whole
from napari_dacapo.layers.layer import LayerData, channels, image, labels
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.trainer import Trainer

FAINT, STRONG = 0.25, 0.75  # opacity over the image
WHERE_NOTHING = {  # is learned, a value is NaN
    "name": "gray or orange",
    "colors": [[0.0, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]],
    "nan_color": [0.9, 0.6, 0.0, 0.5],
}


@dataclass(frozen=True, slots=True)
class Preview:
    """What is shown, and what is said about it."""

    layers: list[LayerData]
    sentence: str


def patch_preview(previews: Previews, seed: int, view: Box) -> Preview:
    """Raw, labels, and what of them is known: shown where not everything is."""
    made = previews.patch(seed, view)
    share = float(whole(made.known).mean())
    data, properties, kind = labels(made.known, f"{made.title} patch, known")
    where = "in the middle of the view" if made.in_view else "drawn, as the view is not over training data"
    return Preview(
        layers=[
            image(made.raw, f"{made.title} patch, raw"),
            labels(made.labels, f"{made.title} patch, labels"),
            (data, properties | {"opacity": FAINT, "visible": share < 1}, kind),
        ],
        sentence=(
            f"A patch of {_sides(made.raw.spatial_shape)} voxels of {made.title}, {where}. "
            f"The network learns from its inner {_sides(made.labels.spatial_shape)}, "
            f"of which {share:.0%} train."
        ),
    )


def target_preview(previews: Previews, task: Task, view: Box) -> Preview:
    """An image for each channel, the first one visible, and the weight, hidden: its mean over channels."""
    made = previews.target(task, view)
    shape = _sides(made.target.spatial_shape)
    names = [f"target {name}" for name in made.channel_names]
    target, weight = whole(made.target), whole(made.weight)
    learned = _like(np.where(weight > 0, target, np.float32(np.nan)), made.target)
    data, properties, kind = image(_like(weight.mean(axis=0, dtype=np.float32), made.weight), "target weight")
    over = {"blending": "translucent", "opacity": STRONG, "colormap": WHERE_NOTHING}
    return Preview(
        layers=[
            *(
                (data, properties | over, kind)
                for data, properties, kind in channels(learned, names, task.prediction_range)
            ),
            (data, properties | {"visible": False}, kind),
        ],
        sentence=(
            f"What the task makes of {shape} voxels of {made.title}: {_extent(made.in_view, made.whole)}. "
            f"{_learned(weight)}"
        ),
    )


def augmented_preview(previews: Previews, trainer: Trainer, draw: int, view: Box) -> Preview:
    """Raw and labels of patches side by side."""
    made = previews.augmented(trainer, draw, view)
    data, properties, kind = labels(made.labels, f"augmented labels, seed {made.seed}")
    return Preview(
        layers=[
            image(made.raw, f"augmented raw, seed {made.seed}"),
            (data, properties | {"opacity": FAINT}, kind),
        ],
        sentence=f"The first patches that seed {made.seed} gives, beside the data.",
    )


def _like(values: NDArray[Any], array: Array) -> Array:
    """Where the array lies; without channels where the values have none."""
    axes = array.axes[-values.ndim :]
    return from_numpy(values, axes, array.voxel_size, array.offset, array.unit)


def _learned(weight: NDArray[np.float32]) -> str:
    """weight: c, (z,) y, x."""
    if weight.all():
        return "All of it is learned."
    nowhere = "" if weight.any() else " That is everywhere: are its labels unknown here?"
    return f"Where it is orange nothing is learned.{nowhere}"


def _extent(in_view: bool, whole: bool) -> str:
    if not in_view:
        return "the middle of the data, which are not in view"
    return "all that is in view" if whole else "the middle of the view, as all of it would take long"


def _sides(shape: Voxels) -> str:
    return " x ".join(f"{n:,}" for n in shape)
