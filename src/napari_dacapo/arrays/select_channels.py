"""Some channels of an array."""

from dataclasses import replace
from typing import Annotated, Any

from numpy.typing import NDArray
from pydantic import Field

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.step import Step
from napari_dacapo.errors import UserInputError


class SelectChannels(Step):
    """Some channels in the order given; one alone loses the channel axis, as labels need it."""

    channels: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]
    "Which channels, counted from 0."

    def apply(self, array: Array) -> Array:
        if array.channels is None or max(self.channels) >= array.channels:
            problem = f"{array.name} has {array.channels or 'no'} channels"
            fix = f"Choose from 0 to {array.channels - 1}" if array.channels else "Remove this step"
            raise UserInputError("channels", self.channels, problem, fix)
        names = tuple(array.channel_names[i] for i in self.channels) if array.channel_names else ()
        if len(self.channels) == 1:
            return _single(array, self.channels[0])

        def read(slices: tuple[slice, ...]) -> NDArray[Any]:
            chosen = self.channels[slices[0]]
            first, last = min(chosen), max(chosen)
            return array.reader((slice(first, last + 1), *slices[1:]))[[i - first for i in chosen]]

        count = len(self.channels)
        return replace(
            array,
            shape=(count, *array.shape[1:]),
            chunks=(min(count, array.chunks[0]), *array.chunks[1:]),
            channel_names=names,
            reader=read,
        )


def _single(array: Array, channel: int) -> Array:
    return replace(
        array,
        axes=array.axes[1:],
        shape=array.shape[1:],
        chunks=array.chunks[1:],
        channel_names=(),
        reader=lambda slices: array.reader((slice(channel, channel + 1), *slices))[0],
    )
