"""Where an array comes from."""

from abc import abstractmethod
from pathlib import Path

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.step import Normalization, Step
from napari_dacapo.config import Family


class Source(Family):
    """Where an array comes from, and the steps done on it while it is read."""

    steps: tuple[Step, ...] = ()
    "Steps done on the array, in this order, while it is read."

    @property
    def is_normalized(self) -> bool:
        """Whether its own steps bring the intensities near [0, 1]."""
        return any(isinstance(step, Normalization) for step in self.steps)

    def open(self, root: Path = Path()) -> Array:
        """The array, nothing read yet. Relative paths start at `root`.

        Raises UserInputError where there is nothing to open, or nothing that can be used.
        """
        array = self.open_plain(root)
        for step in self.steps:
            array = step.apply(array)
        return array

    def paths(self, root: Path = Path()) -> tuple[Path, ...]:
        """Every file and folder it is read from."""
        values = (getattr(self, name) for name in type(self).model_fields)
        inner = (each for value in values for each in (value if isinstance(value, tuple) else (value,)))
        return tuple(path for each in inner if isinstance(each, Source) for path in each.paths(root))

    @abstractmethod
    def open_plain(self, root: Path) -> Array:
        """The array without its steps."""
