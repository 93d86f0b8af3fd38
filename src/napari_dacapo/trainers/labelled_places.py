"""Finding labelled places without reading a large volume whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.arrays.sample import voxels_in
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.errors import UserInputError

CELL = 16  # voxels along the side of a cell
PIECE = 64  # voxels along the side of what is looked at together
MOST_READ = 256 << 20  # bytes of labels


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPlaces:
    """Which cells of 16 voxels hold something labelled: trusted, and not background."""

    labels: Array
    trusted: Array
    cells: NDArray[np.intp]  # (n, dims), the first voxel of each
    part: float  # of all voxels looked at, how many are labelled

    @classmethod
    def find(cls, dataset: OpenDataset, trusted: Array) -> "LabelledPlaces":
        """Looks at the whole region if it has up to 256 MiB of labels, else at so much spread evenly over it.

        Raises UserInputError where nothing is labelled, saying how much was looked at.
        """
        labels = dataset.labels
        found, counted, looked_at = [np.empty((0, labels.dims), np.intp)], 0, 0
        for start, shape in _pieces(dataset):
            here = labelled(labels, trusted, start, shape)
            counted, looked_at = counted + int(np.count_nonzero(here)), looked_at + here.size
            found.append(_cells_of(here) * CELL + np.array(start))
        if counted == 0:
            problem = f"0 of {looked_at:,} voxels looked at in {dataset.title} are labelled"
            fix = "Label something, choose other labels, or set sampling to uniform"
            raise UserInputError("labels", labels.name, problem, fix)
        return cls(labels, trusted, np.concatenate(found), counted / looked_at)

    def draw(self, rng: np.random.Generator) -> World:
        """A labelled place in the world: any cell, and in it any labelled voxel."""
        cell = self.cells[rng.integers(len(self.cells))]
        shape = np.minimum(CELL, np.subtract(self.labels.spatial_shape, cell))
        voxels = np.argwhere(labelled(self.labels, self.trusted, tuple(cell.tolist()), tuple(shape.tolist())))
        voxel = cell + voxels[rng.integers(len(voxels))]
        sides = zip(self.labels.offset, voxel, self.labels.voxel_size, strict=True)
        return tuple(float(o + (n + 0.5) * v) for o, n, v in sides)


def labelled(labels: Array, trusted: Array, start: Voxels, shape: Voxels) -> NDArray[np.bool_]:
    """((z,) y, x): trusted, and in any channel not background."""
    here: NDArray[np.bool_] = labels.read(start, shape) != 0
    if labels.channels is not None:
        here = here.any(axis=0)
    here &= trusted.read(start, shape).astype(np.bool_, copy=False)
    return here


def _pieces(dataset: OpenDataset) -> Iterator[tuple[Voxels, Voxels]]:
    """Start and shape of what is looked at; starts are multiples of a cell from the region's begin."""
    labels = dataset.labels
    begin, end = voxels_in(labels, dataset.region)
    starts = list(product(*(range(b, e, PIECE) for b, e in zip(begin, end, strict=True))))
    piece_bytes = PIECE**labels.dims * (labels.channels or 1) * labels.dtype.itemsize
    allowed = max(1, MOST_READ // piece_bytes)
    step = max(1.0, len(starts) / allowed)
    for number in np.arange(0, len(starts), step).astype(int):
        start = starts[number]
        yield start, tuple(min(PIECE, e - s) for s, e in zip(start, end, strict=True))


def _cells_of(here: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Which cells (n, dims) hold a True, counted in cells."""
    padded = np.pad(here, [(0, -n % CELL) for n in here.shape])
    split = [side for n in padded.shape for side in (n // CELL, CELL)]
    return np.argwhere(padded.reshape(split).any(axis=tuple(range(1, 2 * here.ndim, 2))))
