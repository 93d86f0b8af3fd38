"""Boxes in the world, seen in every slice they reach through and in 3D."""

from collections.abc import Iterable

import numpy as np

from napari_dacapo.arrays.array import SpatialUnit
from napari_dacapo.arrays.box import Box
from napari_dacapo.datasplits.dataset import OpenDataset, OpenDatasets
from napari_dacapo.layers.layer import LayerData

Colour = tuple[float, float, float, float]

TRAINING: Colour = (0.0, 0.45, 0.7, 1.0)  # blue and orange are told apart by everybody
VALIDATION: Colour = (0.9, 0.6, 0.0, 1.0)
CLEAR: Colour = (0.0, 0.0, 0.0, 0.0)


def region_layers(training: OpenDatasets, validation: OpenDatasets) -> list[LayerData]:
    """What trains and what validates of each dataset."""
    return [*_regions(training, "trains", TRAINING), *_regions(validation, "validates", VALIDATION)]


def box_layer(box: Box, unit: SpatialUnit, title: str, colour: Colour) -> LayerData:
    """A labels layer of a single voxel, as large as the box: shapes of napari are flat."""
    dims = len(box.begin)
    properties = {
        "name": title,
        "scale": box.size,
        "translate": tuple((b + e) / 2 for b, e in zip(box.begin, box.end, strict=True)),
        "units": ("pixel" if unit == "voxel" else unit,) * dims,
        "axis_labels": tuple("zyx"[-dims:]),
        "colormap": {None: CLEAR, 0: CLEAR, 1: colour},
        "opacity": 0.2,
        "blending": "translucent_no_depth",
    }
    return np.ones((1,) * dims, np.uint8), properties, "labels"


def _regions(datasets: Iterable[OpenDataset], does: str, colour: Colour) -> list[LayerData]:
    return [box_layer(each.region, each.raw.unit, f"{each.title} {does}", colour) for each in datasets]
