"""What became of each true object, as layers and as a list of the worst."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import fastremap
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import World
from napari_dacapo.experiments.results.results import Result, whole
from napari_dacapo.layers.layer import LayerData, placement
from napari_dacapo.scores.contingency import Contingency, Ids
from napari_dacapo.scores.object_table import ObjectTable

# from nothing found to everything; told apart by everybody, on dark and on bright
IOU = (0.0, 0.5, 1.0)
COLOURS = ((0.84, 0.37, 0.0), (0.94, 0.89, 0.26), (0.0, 0.45, 0.7))
CLEAR = (0.0, 0.0, 0.0, 0.0)
LEGEND = {f"IoU {iou:g}": (*colour, 1.0) for iou, colour in zip(IOU, COLOURS, strict=True)}


@dataclass(frozen=True, slots=True)
class WorstObject:
    """A true object that was found badly."""

    id: int
    iou: float
    voxels: int
    split_into: int
    merged_with: int
    centre: World  # of its voxel that is nearest to its centre of mass

    @property
    def sentence(self) -> str:
        """What became of it."""
        parts = [f"object {self.id}: IoU {self.iou:.2f}", f"{self.voxels:,} voxels"]
        if self.split_into > 1:
            parts.append(f"split into {self.split_into}")
        if self.merged_with:
            parts.append(f"merged with {self.merged_with}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, eq=False)
class ObjectScores:
    """The true objects of a validation dataset beside a segmentation of it."""

    title: str
    grid: Array  # the segmentation's voxels
    truth: NDArray[Any]  # ((z,) y, x)
    table: ObjectTable

    @classmethod
    def of(cls, result: Result, segmentation: NDArray[Any] | None = None) -> ObjectScores:
        """Of the stored segmentation, or of another one of the same voxels."""
        truth, known = result.truth()
        found = whole(result.segmentation) if segmentation is None else segmentation
        table = ObjectTable.of(Contingency.of(found, truth, known))
        return cls(f"{result.dataset.title} {result.iteration:,}", result.segmentation, truth, table)

    def layers(self) -> list[LayerData]:
        """The truth coloured by how well each object was found; the split objects; the merged ones."""
        by_iou: dict[int | None, Any] = {None: CLEAR, 0: CLEAR}
        by_iou |= dict(zip(self.table.ids.tolist(), iou_colours(self.table.best_iou), strict=True))
        everything = np.ones(len(self.table.ids), np.bool_)
        return [
            self._layer("truth by IoU", everything, {"colormap": by_iou}),
            self._layer("split objects", self.table.split_into > 1, {"visible": False}),
            self._layer("merged objects", self.table.merged_with > 0, {"visible": False}),
        ]

    def worst(self, most: int = 100) -> tuple[WorstObject, ...]:
        """Those first of which most voxels are lost: slivers that nobody would miss come last.

        An object of 1000 voxels and an IoU of 0.7 comes before one of 200 that was not found at all.
        """
        lost = self.table.voxels * (1 - self.table.best_iou)
        order = np.lexsort((self.table.best_iou, -lost))[:most]
        rows = zip(
            self.table.ids[order].tolist(),
            self.table.best_iou[order].tolist(),
            self.table.voxels[order].tolist(),
            self.table.split_into[order].tolist(),
            self.table.merged_with[order].tolist(),
            self._centres(self.table.ids[order]),
            strict=True,
        )
        return tuple(WorstObject(*row) for row in rows)

    def _layer(self, what: str, rows: NDArray[np.bool_], properties: dict[str, Any]) -> LayerData:
        ids = self.table.ids[rows]
        shown = self.truth if rows.all() else fastremap.mask_except(self.truth, ids.tolist())
        table = {
            "index": ids,
            "IoU": self.table.best_iou[rows].round(3),
            "voxels": self.table.voxels[rows],
            "split into": self.table.split_into[rows],
            "merged with": self.table.merged_with[rows],
        }
        placed = {"name": f"{self.title} {what}", "features": table, **placement(self.grid)}
        return shown, placed | properties, "labels"

    def _centres(self, ids: Ids) -> list[World]:
        numbered, numbers = fastremap.renumber(self.truth)
        boxes = ndimage.find_objects(numbered)
        places = [int(numbers[number]) for number in ids.tolist()]
        return [self._centre(numbered[boxes[place - 1]] == place, boxes[place - 1]) for place in places]

    def _centre(self, mask: NDArray[np.bool_], box: tuple[slice, ...]) -> World:
        voxels = np.argwhere(mask)
        sizes = np.array(self.grid.voxel_size)
        apart = ((voxels - voxels.mean(axis=0)) * sizes) ** 2
        nearest = voxels[apart.sum(axis=1).argmin()] + [each.start for each in box]
        return tuple((self.grid.offset + (nearest + 0.5) * sizes).tolist())


def iou_colours(iou: NDArray[np.float64]) -> NDArray[np.float32]:
    """(n, 4) RGBA: vermilion where nothing was found, blue where everything was."""
    bands = [np.interp(iou, IOU, band) for band in zip(*COLOURS, strict=True)]
    return np.stack([*bands, np.ones_like(iou)], axis=-1).astype(np.float32)
