"""An array that remembers what was read of it."""

from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array


@dataclass
class Counting:
    """Wraps an array; `requests` holds the slices of every read, outermost axis first."""

    plain: Array
    requests: list[tuple[slice, ...]] = field(default_factory=list)

    @property
    def array(self) -> Array:
        return replace(self.plain, reader=self._read)

    @property
    def voxels(self) -> int:
        """How many voxels were read altogether."""
        total = 0
        for slices in self.requests:
            count = 1
            for each in slices:
                count *= each.stop - each.start
            total += count
        return total

    def _read(self, slices: tuple[slice, ...]) -> NDArray[Any]:
        self.requests.append(slices)
        return self.plain.reader(slices)
