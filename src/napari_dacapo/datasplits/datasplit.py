"""Which data trains and which validates."""

from abc import abstractmethod
from pathlib import Path
from typing import Self

from napari_dacapo.arrays.normalize import Percentile
from napari_dacapo.arrays.step import Normalization
from napari_dacapo.config import Family
from napari_dacapo.datasplits.dataset import Entries, OpenDatasets
from napari_dacapo.errors import UserInputError


class DataSplit(Family):
    """Which data trains, which validates, and how raw intensities are brought to [0, 1]."""

    normalization: Normalization = Percentile()
    "How raw intensities are brought to about [0, 1]; data a run is applied to gets the same."

    @abstractmethod
    def training(self, root: Path = Path()) -> OpenDatasets:
        """The datasets that train, opened. Relative paths start at `root`."""

    @abstractmethod
    def validation(self, root: Path = Path()) -> OpenDatasets:
        """The datasets that validate, opened; may be empty. None of their `region` is trained on."""

    @property
    def entries(self) -> Entries:
        """Its datasets, one by one; none for kinds that find them in a folder."""
        return ()

    def renumbered(self, ids: tuple[int, ...]) -> Self:
        """The same with these ids as 1, 2, 3. Raises UserInputError for kinds whose labels take no steps."""
        kind = type(self).__name__
        fix = f"Use listed datasets, and add Renumber of {ids} to the steps of their labels"
        raise UserInputError("datasplit", kind, "its labels take no steps of their own", fix)
