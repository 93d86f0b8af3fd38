"""One channel from all of an array."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.errors import UserInputError


def over_channels(array: Array, dtype: np.dtype[Any], act: Callable[[NDArray[Any]], NDArray[Any]]) -> Array:
    """The array without its channel axis: `act` makes (c, (z,) y, x) to ((z,) y, x) of that dtype.

    Raises UserInputError where there are no channels.
    """
    count = array.channels
    if count is None:
        problem = f"{array.name} has no channels"
        raise UserInputError("steps", array.axes, problem, "Remove this step, or concatenate channels first")
    return replace(
        array,
        axes=array.axes[1:],
        shape=array.shape[1:],
        chunks=array.chunks[1:],
        dtype=dtype,
        channel_names=(),
        stored=None,
        reader=lambda slices: act(array.reader((slice(0, count), *slices))),
    )
