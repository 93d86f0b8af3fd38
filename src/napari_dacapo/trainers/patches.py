"""Patches of one dataset: where they lie, and what is in them."""

from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import Box, Voxels, World
from napari_dacapo.arrays.sample import voxels_in
from napari_dacapo.augments.resampling.lookup import Lookup
from napari_dacapo.augments.resampling.take import take_linear, take_nearest
from napari_dacapo.augments.warp import Warp
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.errors import UserInputError
from napari_dacapo.trainers.labelled_places import LabelledPlaces
from napari_dacapo.trainers.patch_shape import PatchShape
from napari_dacapo.trainers.room import Room, voxel_at
from napari_dacapo.trainers.trusted import trusted

TRIES = 16  # places looked at before the best of them is taken
MOST_HELD_OUT = 0.5  # of an output that is taken from anywhere
MUCH = 0.1  # of a dataset is labelled: some of the places tried have enough

Sampling = Literal["uniform", "labelled"]
Cut = tuple[NDArray[np.float32], NDArray[Any], NDArray[np.bool_]]


class Patches:
    """Every patch of one shape in one dataset. A place is the output's first voxel, in raw voxels."""

    def __init__(self, dataset: OpenDataset, shape: PatchShape) -> None:
        """Raises UserInputError where the output fits nowhere, or no point is left to train on."""
        self.dataset = dataset
        self.shape = shape
        self._room = Room.of(dataset, shape)
        self._trusted = trusted(dataset)
        self._points = _training_points(dataset)

    @cached_property
    def _labelled(self) -> LabelledPlaces:
        return LabelledPlaces.find(self.dataset, self._trusted)

    def place(self, rng: np.random.Generator, sampling: Sampling, min_labelled: float) -> Voxels:
        """At one of the dataset's points where it has any, else as `sampling` says."""
        if self._points:
            return self._room.centred(self._points[rng.integers(len(self._points))])
        if sampling == "uniform":
            return self._anywhere(rng)
        return self._where_labelled(rng, min_labelled)

    def about(self, point: World) -> Voxels:
        """The place whose output has the point in its middle, as far as there is room."""
        return self._room.centred(voxel_at(self.dataset.raw, point))

    def corner(self, voxel: Voxels) -> World:
        """Where in the world a raw voxel begins; it may lie outside of raw."""
        raw = self.dataset.raw
        return tuple(o + n * v for o, n, v in zip(raw.offset, voxel, raw.voxel_size, strict=True))

    def input_corner(self, place: Voxels) -> World:
        """Where in the world the input begins whose output is at the place."""
        return self.corner(tuple(p - m for p, m in zip(place, self.shape.margin, strict=True)))

    def _anywhere(self, rng: np.random.Generator) -> Voxels:
        """Any place, but not where most of the output is held out, if such are to be found."""
        place = self._room.anywhere(rng)
        for _ in range(TRIES):
            if self._held_out(place) <= MOST_HELD_OUT:
                break
            place = self._room.anywhere(rng)
        return place

    def _where_labelled(self, rng: np.random.Generator, min_labelled: float) -> Voxels:
        """About something labelled, with as much labelled as asked for, or as the dataset has on average."""
        enough = min(min_labelled, self._labelled.part)
        best: Voxels = ()
        most = -1.0
        for _ in range(TRIES):
            place = self._candidate(rng)
            part = self._labelled_part(place)
            if part > most:
                best, most = place, part
            if most > 0 and most >= enough:
                break
        return best

    def _candidate(self, rng: np.random.Generator) -> Voxels:
        """About something labelled; or anywhere, where much is labelled that was not looked at."""
        found = self._labelled
        if found.part >= MUCH and not found.complete:
            return self._room.anywhere(rng)
        return self._room.around(rng, voxel_at(self.dataset.raw, found.draw(rng)))

    def _held_out(self, place: Voxels) -> float:
        """The part of the output there that validates."""
        if self.dataset.excluded is None:
            return 0.0
        box = self._output_box(place)
        both = np.clip(box.intersect(self.dataset.excluded).size, 0, None)
        return float(np.prod(both / np.array(box.size)))

    def _labelled_part(self, place: Voxels) -> float:
        begin, end = voxels_in(self.dataset.labels, self._output_box(place))
        shape = tuple(e - b for b, e in zip(begin, end, strict=True))
        here = self._labelled.labelled.read(begin, shape)
        return float(np.count_nonzero(here) / max(1, here.size))

    def _output_box(self, place: Voxels) -> Box:
        sides = zip(self._centre(place), self.shape.half(self.dataset.raw.voxel_size), strict=True)
        begin, end = zip(*((c - h, c + h) for c, h in sides), strict=True)
        return Box(begin, end)

    def _centre(self, place: Voxels) -> World:
        half = self.shape.half(self.dataset.raw.voxel_size)
        return tuple(c + h for c, h in zip(self.corner(place), half, strict=True))

    def cut(self, place: Voxels, warp: Warp) -> Cut:
        """Raw (c, (z,) y, x), labels ((c,) (z,) y, x) and known ((z,) y, x), warped about their centre.

        Raises UserInputError where raw is NaN or infinite.
        """
        raw, labels, centre = self.dataset.raw, self.dataset.labels, self._centre(place)
        raw_grid, label_grid = self.shape.raw_grid(raw.voxel_size), self.shape.label_grid(raw.voxel_size)
        image = take_linear(raw, Lookup.of(warp, raw_grid, centre, raw))
        self._refuse_not_finite(image, centre)
        ids, known = take_nearest(labels, self._trusted, Lookup.of(warp, label_grid, centre, labels))
        channels = () if labels.channels is None else (labels.channels,)
        return (
            image.reshape(len(image), *raw_grid.shape),
            ids.reshape(*channels, *label_grid.shape),
            known.reshape(label_grid.shape),
        )

    def _refuse_not_finite(self, image: NDArray[np.float32], centre: World) -> None:
        wrong = image.size - int(np.count_nonzero(np.isfinite(image)))
        if wrong:
            raise UserInputError(
                f"{self.dataset.title}.raw",
                self.dataset.raw.name,
                f"{wrong} voxels are NaN or infinite in the patch about {centre} {self.dataset.raw.unit}",
                "Replace them in the image, or crop them away",
            )


def _training_points(dataset: OpenDataset) -> tuple[Voxels, ...]:
    """The raw voxels of the dataset's points, without those that are held out."""
    kept = [point for point in dataset.points if not _is_held_out(point, dataset.excluded)]
    if dataset.points and not kept:
        problem = f"all {len(dataset.points)} lie in what is held out"
        raise UserInputError(f"{dataset.title}.points", dataset.points, problem, "Add points elsewhere")
    return tuple(voxel_at(dataset.raw, point) for point in kept)


def _is_held_out(point: World, excluded: Box | None) -> bool:
    if excluded is None:
        return False
    return all(b <= p < e for p, b, e in zip(point, excluded.begin, excluded.end, strict=True))
