"""An image of several channels that is looked at while it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.select_channels import SelectChannels
from napari_dacapo.blockwise.finished import Finished
from napari_dacapo.layers.growing import Growing, Pixels, Stages


class GrowingChannels:
    """As `Growing`, with an axis of channels. Only those are got that were looked at last."""

    def __init__(self, levels: Sequence[Array], stages: Stages, finished: Finished) -> None:
        self._levels = tuple(levels)
        self._channels = [
            Growing([SelectChannels(channels=(number,)).apply(level) for level in levels], stages, finished)
            for number in range(levels[0].shape[0])
        ]
        self._looked = slice(0)  # of the channels

    @property
    def levels(self) -> list[Array]:
        return [replace(level, reader=partial(self._look, n)) for n, level in enumerate(self._levels)]

    @property
    def is_behind(self) -> bool:
        """Whether something was looked at that is not got yet."""
        return any(channel.is_behind for channel in self._channels[self._looked])

    def read(self, seconds: float) -> bool:
        """Get what was looked at, for so long at the most for each channel; whether anything is new."""
        news = [channel.read(seconds) for channel in self._channels[self._looked]]
        return any(news)

    def _look(self, level: int, slices: tuple[slice, ...]) -> Pixels:
        self._looked = slices[0]
        return np.stack([channel.look(level, slices[1:]) for channel in self._channels[slices[0]]])
