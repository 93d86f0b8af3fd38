"""Large boxes of voxels in small pieces."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import Voxels


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Boxes cut into pieces, which are numbered through; they are not listed, there may be billions."""

    begin: NDArray[np.intp]  # (n, dims), of each box
    end: NDArray[np.intp]
    side: int  # of a piece, in voxels; less at the end of a box

    @classmethod
    def of(cls, boxes: Sequence[tuple[Voxels, Voxels]], side: int) -> "Pieces":
        """Of boxes given by their first and one past their last voxel; empty ones are left out."""
        begin, end = (np.array(corners, np.intp) for corners in zip(*boxes, strict=True))
        kept = (end > begin).all(axis=1)
        return cls(begin[kept], end[kept], side)

    @property
    def count(self) -> int:
        return int(self._counts.prod(axis=1).sum())

    @property
    def voxels(self) -> int:
        return int((self.end - self.begin).prod(axis=1).sum())

    @property
    def _counts(self) -> NDArray[np.intp]:
        """Pieces along each axis of each box, (n, dims)."""
        return -(-(self.end - self.begin) // self.side)

    def spread(self, most: int) -> Iterator[tuple[Voxels, Voxels]]:
        """Start and shape of every piece, or of at most so many: any one of each of as many equal parts.

        Not one in so many, since that can miss all but a corner: of 64 pieces a side every 4096th is one
        column. The same at every call.
        """
        numbers = np.arange(self.count) if self.count <= most else _one_of_each(self.count, most)
        counts = self._counts
        ends = counts.prod(axis=1).cumsum()
        boxes = np.searchsorted(ends, numbers, side="right")
        numbers -= (ends - counts.prod(axis=1))[boxes]
        for box, number in zip(boxes.tolist(), numbers.tolist(), strict=True):
            start = self.begin[box] + self.side * np.array(np.unravel_index(number, tuple(counts[box])))
            shape = np.minimum(self.side, self.end[box] - start)
            yield tuple(start.tolist()), tuple(shape.tolist())


def _one_of_each(count: int, parts: int) -> NDArray[np.intp]:
    rng = np.random.default_rng(0)
    return ((np.arange(parts) + rng.random(parts)) * (count / parts)).astype(np.intp)
