"""Sections of low contrast."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.augment import Axis, Fraction, IntensityAugment, Parameters
from napari_dacapo.augments.missing_sections import across_sections, drawn_sections


class LowContrastSections(IntensityAugment):
    """Lower the contrast of whole sections, as where staining was weak; for stacks of sections."""

    section_probability: Fraction = 0.05
    "How likely each section is changed: 0.05 changes five of a hundred."

    contrast: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.3
    "What is left of a section's contrast about its mean."

    axis: Axis = "z"
    "The axis across which sections were cut; 2D images have none across z and stay as they are."

    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Parameters:
        return {"sections": drawn_sections(rng, self.axis, self.section_probability, shape)}

    def act(self, raw: NDArray[np.float32], **parameters: Any) -> NDArray[np.float32]:
        if not parameters["sections"]:
            return raw
        changed = raw.copy()
        sections = across_sections(changed, self.axis)  # (section, c, ...)
        for number in parameters["sections"]:
            section = sections[number]
            mean = section.mean(axis=tuple(range(1, section.ndim)), keepdims=True)
            section[...] = (section - mean) * np.float32(self.contrast) + mean
        return changed
