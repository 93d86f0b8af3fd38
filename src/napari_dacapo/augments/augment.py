"""Random changes of a training patch."""

from abc import abstractmethod
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.warp import Warp
from napari_dacapo.config import Family

Axis = Literal["z", "y", "x"]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Parameters = dict[str, Any]


class Augment(Family):
    """A random change of a training patch: chance is drawn first; the act follows from what was drawn."""

    probability: Fraction = 1.0
    "How often it is done: 0.5 changes every second patch."

    @abstractmethod
    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Any:
        """What is done to a patch of raw of that shape and voxel size, (z,) y, x."""


class GeometricAugment(Augment):
    """Moves voxels of raw and labels; all of a patch are composed into one resampling."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Warp:
        """Where the patch takes its voxels from."""


class IntensityAugment(Augment):
    """Changes the intensities of raw, which lie near [0, 1]; labels stay as they are."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Parameters:
        """The parameters of `act`."""

    @abstractmethod
    def act(self, raw: NDArray[np.float32], **parameters: Any) -> NDArray[np.float32]:
        """The changed patch (c, (z,) y, x); `raw` stays as it is. Equal parameters make equal changes."""


def refuse_swapped(lowest: float, highest: float) -> None:
    """Raises ValueError, for a validator, where a range ends before it begins."""
    if lowest > highest:
        raise ValueError(f"the lowest value ({lowest}) is above the highest ({highest}). Swap them")


def axis_names(dims: int) -> str:
    """The letters of so many spatial axes: "zyx" or "yx"."""
    return "zyx"[-dims:]
