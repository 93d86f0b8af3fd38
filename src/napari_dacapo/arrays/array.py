"""An opened array: what it covers in the world, and how to read a part of it."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import Box, Voxels, World

SpatialUnit = Literal["nm", "voxel"]
Reader = Callable[[tuple[slice, ...]], NDArray[np.generic]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """Pixels that are read only where asked for.

    `axes` is always in this order: an optional `c`, then `zyx` or `yx`; a source brings its own axes
    into that order. Physical units are converted to nm on opening, so two arrays compare directly.
    Voxel i of an axis covers the world from `offset + i * voxel_size` to `offset + (i+1) * voxel_size`.
    """

    name: str  # path and array as a message shows them
    axes: str  # "zyx", "yx", "czyx" or "cyx"
    shape: tuple[int, ...]  # along axes
    dtype: np.dtype[np.generic]
    voxel_size: World  # spatial axes only
    offset: World  # spatial axes only
    unit: SpatialUnit
    chunks: tuple[int, ...]  # along axes; what is decoded together
    reader: Reader  # gives exactly the voxels of slices within bounds
    channel_names: tuple[str, ...] = ()
    time_points: int = 1  # there are, of which this is one
    stored: Callable[[], tuple[Box, ...]] | None = None  # boxes that hold all but zeros; None: not told

    @property
    def dims(self) -> int:
        """Spatial dimensions, 2 or 3."""
        return len(self.voxel_size)

    @property
    def channels(self) -> int | None:
        """How many channels; None without a channel axis."""
        return self.shape[0] if self.axes[0] == "c" else None

    @property
    def spatial_shape(self) -> Voxels:
        return self.shape[-self.dims :]

    @property
    def nbytes(self) -> int:
        return prod(self.shape) * self.dtype.itemsize

    @property
    def box(self) -> Box:
        """What the array covers in world units."""
        extent = zip(self.offset, self.spatial_shape, self.voxel_size, strict=True)
        return Box(self.offset, tuple(o + n * v for o, n, v in extent))

    def read(self, start: Voxels, shape: Voxels) -> NDArray[np.generic]:
        """The voxels from `start` on, (c, z, y, x) or (z, y, x), always with all channels.

        Raises IndexError for anything outside: slices of numpy would shrink or wrap in silence.
        """
        ends = tuple(s + n for s, n in zip(start, shape, strict=True))
        if any(s < 0 or n < 0 for s, n in zip(start, shape, strict=True)) or any(
            e > n for e, n in zip(ends, self.spatial_shape, strict=True)
        ):
            raise IndexError(f"{start}..{ends} is outside of {self.name} {self.spatial_shape}")
        spatial = tuple(slice(s, e) for s, e in zip(start, ends, strict=True))
        channels = (slice(0, self.shape[0]),) if self.channels is not None else ()
        return self.reader(channels + spatial)
