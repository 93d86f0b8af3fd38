"""Two segmentations of the same voxels side by side, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.crop import Crop
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.results.results import Result
from napari_dacapo.layers.layer import LayerData, image, placement
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.partners import NOBODY, partners

OTHER, FIRST_ONLY, SECOND_ONLY = 1, 2, 3
COLOURS = {
    OTHER: (0.94, 0.89, 0.26, 1.0),
    FIRST_ONLY: (0.84, 0.37, 0.0, 1.0),
    SECOND_ONLY: (0.34, 0.71, 0.91, 1.0),
}
CLEAR = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of the two."""

    title: str  # run and iteration
    result: Result
    segmentation: NDArray[Any]  # ((z,) y, x)


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """Where two segmentations of one validation dataset differ."""

    first: Side
    second: Side
    gives: str  # "object" or "class"
    verdicts: NDArray[np.uint8]  # ((z,) y, x): 0 where they agree, else a key of COLOURS

    @classmethod
    def of(cls, first: Side, second: Side) -> Difference:
        """Raises UserInputError where the two are not of the same data, or not of the same kind."""
        truth, known = _same_truth(first, second)
        names = [
            list(each.result.run.task.class_masks(each.segmentation, truth, known))
            for each in (first, second)
        ]
        if names[0] != names[1]:
            told = [", ".join(each) or "objects" for each in names]
            raise _refused(second, f"it finds {told[1]}, the first one {told[0]}"[:150], "the same task")
        same = same_classes if names[0] else same_objects
        agree = same(first.segmentation, second.segmentation)
        shown = _verdicts(first.segmentation, second.segmentation, agree)
        return cls(first, second, "class" if names[0] else "object", shown)

    @property
    def meanings(self) -> dict[int, str]:
        return {
            OTHER: f"another {self.gives}",
            FIRST_ONLY: f"only in {self.first.title}",
            SECOND_ONLY: f"only in {self.second.title}",
        }

    @property
    def sentence(self) -> str:
        counts = self._counts()
        parts = [f"{_percent(counts[key], self.verdicts.size)} {text}" for key, text in self.meanings.items()]
        pairs = "Objects are paired one to one, those that share most voxels first."
        how = pairs if self.gives == "object" else "Voxels differ where their classes do."
        share = _percent(sum(counts.values()), self.verdicts.size)
        return f"They differ in {share} of the voxels: {', '.join(parts)}. {how}"

    @property
    def legend(self) -> dict[str, tuple[float, ...]]:
        return {self.meanings[key]: colour for key, colour in COLOURS.items()}

    def layers(self) -> list[LayerData]:
        """Three pairs: an image of the same part of raw below each segmentation and below the difference."""
        ids = [
            (side.segmentation, {"name": f"{side.title} segmentation"} | self._placed, "labels")
            for side in (self.first, self.second)
        ]
        tops = [*ids, self._difference()]
        return [layer for top in tops for layer in (image(self._raw, f"raw below {top[1]['name']}"), top)]

    @property
    def _raw(self) -> Array:
        dataset, box = self.first.result.dataset, self.first.result.segmentation.box
        return Crop(begin=box.begin, end=box.end).apply(dataset.plain_raw or dataset.raw)

    def _difference(self) -> LayerData:
        counts = self._counts()
        table = {
            "index": list(counts),
            "difference": [self.meanings[key] for key in counts],
            "voxels": list(counts.values()),
        }
        colours = {None: CLEAR, 0: CLEAR} | COLOURS
        name = f"difference of {self.first.title} and {self.second.title}"
        properties = {"name": name, "features": table, "colormap": colours, **self._placed}
        return self.verdicts, properties, "labels"

    @property
    def _placed(self) -> dict[str, Any]:
        return placement(self.first.result.segmentation)

    def _counts(self) -> dict[int, int]:
        counts = np.bincount(self.verdicts.ravel(), minlength=len(COLOURS) + 1).tolist()
        return {key: counts[key] for key in COLOURS}


def same_objects(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
    """Where both have background, or an object and its only partner."""
    table = Contingency.of(first, second)
    expected = partners(table)[np.searchsorted(table.segments.astype(first.dtype), first)]
    found = expected == np.searchsorted(table.objects.astype(second.dtype), second)
    same: NDArray[np.bool_] = found & (expected != NOBODY)
    return same


def same_classes(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
    """Where both have the same id."""
    same: NDArray[np.bool_] = first == second
    return same


def _verdicts(first: NDArray[Any], second: NDArray[Any], agree: NDArray[np.bool_]) -> NDArray[np.uint8]:
    either = np.where(second == 0, FIRST_ONLY, np.where(first == 0, SECOND_ONLY, OTHER))
    return np.where(agree, 0, either).astype(np.uint8)


def _same_truth(first: Side, second: Side) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Of both. Raises UserInputError where they have not the same."""
    mine, other = first.result, second.result
    if mine.dataset.title != other.dataset.title:
        problem = f"it is of the dataset {other.dataset.title}, the first one of {mine.dataset.title}"
        raise _refused(second, problem[:150], "one dataset")
    grids = [(each.box, each.voxel_size) for each in (mine.segmentation, other.segmentation)]
    if grids[0] != grids[1]:
        raise _refused(second, "its voxels are not those of the first one", "the same data")
    truth, known = mine.truth()
    if not np.array_equal(truth, other.truth()[0]):
        raise _refused(second, "its dataset has the same name, but other labels", "the same data")
    return truth, known


def _refused(second: Side, problem: str, same: str) -> UserInputError:
    return UserInputError("the second", second.title, problem, f"Choose two rows of {same}")


def _percent(count: int, of: int) -> str:
    return f"{100 * count / max(1, of):.3g} %"
