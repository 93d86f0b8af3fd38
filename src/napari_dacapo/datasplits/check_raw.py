"""Raw data that no network can use, found in a bounded sample."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.normalize import refuse_not_finite
from napari_dacapo.arrays.sample import Sample
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.errors import UserInputError

SATURATED = 0.1  # share of voxels at 1; percentiles leave 0.01


@dataclass(slots=True)
class _Range:
    looked_at: int = 0
    lowest: float = np.inf
    highest: float = -np.inf
    at_one: int = 0
    lowest_at_one: float = np.inf  # intensity before normalisation

    def add(self, plain: NDArray[Any], normalised: NDArray[Any]) -> None:
        self.looked_at += plain.size
        self.lowest = min(self.lowest, float(plain.min()))
        self.highest = max(self.highest, float(plain.max()))
        at_one = plain[normalised == 1]
        if at_one.size:
            self.at_one += at_one.size
            self.lowest_at_one = min(self.lowest_at_one, float(at_one.min()))

    @property
    def saturates(self) -> bool:
        """Many different intensities became the same 1."""
        return self.lowest_at_one < self.highest and self.at_one > SATURATED * self.looked_at


def raw_findings(dataset: OpenDataset, limit: int) -> Iterator[UserInputError | str]:
    """NaN, infinities, constant and saturated intensities."""
    plain = dataset.raw if dataset.plain_raw is None else dataset.plain_raw
    try:
        found = _range(plain, dataset.raw, Sample.of(plain, dataset.region, limit))
    except UserInputError as error:
        error.field = f"{dataset.title}.{error.field}"
        yield error
        return
    if found.lowest == found.highest:
        problem = f"it is constant {found.lowest:g} where labels are"
        yield UserInputError(f"{dataset.title}.raw", plain.name, problem, "Choose the image itself")
    elif found.saturates:
        share = found.at_one / found.looked_at
        measured = f"intensities go from {found.lowest:g} to {found.highest:g}"
        yield f"{dataset.title}: {measured}; {share:.0%} are clipped to 1. Choose a normalization that fits."


def _range(plain: Array, normalised: Array, sample: Sample) -> _Range:
    found = _Range()
    for start, shape in sample.places:
        values: NDArray[Any] = plain.read(start, shape)
        refuse_not_finite(plain, values)
        found.add(values, normalised.read(start, shape))
    return found
