"""A step done on an array while it is read."""

from abc import abstractmethod

from napari_dacapo.arrays.array import Array
from napari_dacapo.config import Family


class Step(Family):
    """A step on an array: gives another array that does the work when it is read."""

    @abstractmethod
    def apply(self, array: Array) -> Array:
        """The changed array. Raises UserInputError where the step cannot be done on it."""


class Normalization(Step):
    """A step that brings the intensities of raw data to float32 near [0, 1]."""
