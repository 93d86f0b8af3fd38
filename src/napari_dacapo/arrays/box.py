"""Boxes in world units."""

from dataclasses import dataclass
from typing import Self

World = tuple[float, ...]  # one number per spatial axis, (z,) y, x, in the array's unit
Voxels = tuple[int, ...]  # the same, counted in voxels


@dataclass(frozen=True, slots=True)
class Box:
    """Begin (inclusive) and end (exclusive) in world units, one number per spatial axis."""

    begin: World
    end: World

    @property
    def size(self) -> World:
        return tuple(e - b for b, e in zip(self.begin, self.end, strict=True))

    @property
    def is_empty(self) -> bool:
        return any(size <= 0 for size in self.size)

    def intersect(self, other: Self) -> "Box":
        """What both cover; `is_empty` says whether that is nothing."""
        return Box(
            tuple(map(max, self.begin, other.begin)),
            tuple(map(min, self.end, other.end)),
        )
