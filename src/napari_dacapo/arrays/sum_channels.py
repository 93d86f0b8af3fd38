"""The channels added up."""

import numpy as np

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.over_channels import over_channels
from napari_dacapo.arrays.step import Step


class SumChannels(Step):
    """The sum of all channels, in a type that holds it. Several arrays: ConcatChannels first."""

    def apply(self, array: Array) -> Array:
        dtype = array.dtype if array.dtype.kind in "fc" else np.sum(np.zeros(1, array.dtype)).dtype
        return over_channels(array, dtype, lambda channels: channels.sum(axis=0, dtype=dtype))
