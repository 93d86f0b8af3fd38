"""Sections that are lost."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.augment import Axis, Fraction, IntensityAugment, Parameters, axis_names


class MissingSections(IntensityAugment):
    """Blank whole sections, as where one was lost or torn while cutting; for stacks of sections."""

    section_probability: Fraction = 0.03
    "How likely each section is blanked: 0.03 blanks three of a hundred."

    axis: Axis = "z"
    "The axis across which sections were cut; 2D images have none across z and stay as they are."

    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Parameters:
        return {"sections": drawn_sections(rng, self.axis, self.section_probability, shape)}

    def act(self, raw: NDArray[np.float32], **parameters: Any) -> NDArray[np.float32]:
        if not parameters["sections"]:
            return raw
        changed = raw.copy()
        across_sections(changed, self.axis)[list(parameters["sections"])] = 0.0
        return changed


def drawn_sections(
    rng: np.random.Generator, axis: Axis, probability: float, shape: Voxels
) -> tuple[int, ...]:
    """The sections that are changed, each as likely; none where the axis is missing."""
    names = axis_names(len(shape))
    count = shape[names.index(axis)] if axis in names else 0
    return tuple(np.flatnonzero(rng.random(count) < probability).tolist())


def across_sections(raw: NDArray[np.float32], axis: Axis) -> NDArray[np.float32]:
    """A view of raw (c, (z,) y, x) with the sections outermost: (section, c, ...)."""
    return np.moveaxis(raw, 1 + axis_names(raw.ndim - 1).index(axis), 0)
