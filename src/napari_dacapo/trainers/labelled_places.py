"""Finding labelled places without reading a large volume whole."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import World
from napari_dacapo.arrays.sample import voxels_in
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.errors import UserInputError
from napari_dacapo.trainers.pieces import Pieces

CELL = 16  # voxels along the side of a cell
PIECE = 64  # voxels along the side of what is looked at together
MOST_READ = 256 << 20  # bytes of labels


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPlaces:
    """Which cells of 16 voxels hold something labelled."""

    labelled: Array
    cells: NDArray[np.intp]  # (n, dims), the first voxel of each
    objects: NDArray[np.intp]  # those of the cells that hold more than background
    part: float  # of all voxels, how many are labelled; an estimate unless `complete`
    complete: bool  # whether all that can be labelled was looked at

    @classmethod
    def find(cls, dataset: OpenDataset, trusted: Array) -> "LabelledPlaces":
        """Looks at all labels, or at 256 MiB of them: of what is stored, where that is told, spread over it.

        Raises UserInputError where nothing is labelled, saying how much was looked at.
        """
        labels = dataset.labels
        labelled, foreground = labelled_voxels(dataset, trusted), _foreground(labels, trusted)
        pieces, most = _pieces(labels, dataset)
        cells, objects, counted, looked_at = [], [], 0, 0
        for start, shape in pieces.spread(most):
            here = labelled.read(start, shape)
            counted, looked_at = counted + int(np.count_nonzero(here)), looked_at + here.size
            if here.any():
                cells.append(_cells_of(here) + start)
                objects.append(_cells_of(foreground.read(start, shape)) + start)
        if counted == 0:
            problem = f"0 of {looked_at:,} voxels looked at in {dataset.title} are labelled"
            fix = "Label something, crop to where labels are, choose others, or set sampling to uniform"
            raise UserInputError("labels", labels.name, problem, fix)
        part = counted / looked_at * pieces.voxels / _region(labels, dataset).voxels
        return cls(labelled, np.concatenate(cells), np.concatenate(objects), part, pieces.count <= most)

    def draw(self, rng: np.random.Generator) -> World:
        """A labelled place in the world, every second time near an object: any cell, any voxel of it."""
        cells = self.objects if len(self.objects) and rng.random() < 0.5 else self.cells
        cell = cells[rng.integers(len(cells))]
        array = self.labelled
        shape = np.minimum(CELL, np.subtract(array.spatial_shape, cell))
        voxels = np.argwhere(array.read(tuple(cell.tolist()), tuple(shape.tolist())))
        voxel = cell + voxels[rng.integers(len(voxels))]
        sides = zip(array.offset, voxel, array.voxel_size, strict=True)
        return tuple(float(o + (n + 0.5) * v) for o, n, v in sides)


def labelled_voxels(dataset: OpenDataset, trusted: Array) -> Array:
    """Bool on the grid of the labels, ((z,) y, x): what counts as labelled of what is trusted.

    Where the dataset tells what is known, that is: background, too. Else what is not background.
    """
    return _foreground(dataset.labels, trusted) if dataset.known is None else trusted


def _foreground(labels: Array, trusted: Array) -> Array:
    """Trusted, and in any channel not background."""

    def read(slices: tuple[slice, ...]) -> NDArray[np.bool_]:
        channels = () if labels.channels is None else (slice(0, labels.channels),)
        here: NDArray[np.bool_] = labels.reader((*channels, *slices)) != 0
        result = trusted.reader(slices).astype(np.bool_)
        result &= here.any(axis=0) if channels else here
        return result

    return replace(trusted, reader=read)


def _pieces(labels: Array, dataset: OpenDataset) -> tuple[Pieces, int]:
    """What may be looked at, and at how many pieces of it."""
    most = max(1, MOST_READ // (PIECE**labels.dims * (labels.channels or 1) * labels.dtype.itemsize))
    pieces = _region(labels, dataset)
    if pieces.count > most and labels.stored is not None:
        boxes = [voxels_in(labels, box.intersect(dataset.region)) for box in labels.stored()]
        pieces = Pieces.of(boxes, PIECE) if boxes else pieces
    return pieces, most


def _region(labels: Array, dataset: OpenDataset) -> Pieces:
    return Pieces.of([voxels_in(labels, dataset.region)], PIECE)


def _cells_of(here: NDArray[Any]) -> NDArray[np.intp]:
    """The first voxel (n, dims) of each cell that holds a True."""
    padded = np.pad(here, [(0, -n % CELL) for n in here.shape])
    split = [side for n in padded.shape for side in (n // CELL, CELL)]
    return CELL * np.argwhere(padded.reshape(split).any(axis=tuple(range(1, 2 * here.ndim, 2))))
