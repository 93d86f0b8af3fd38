"""Which data trains and which validates."""

from abc import abstractmethod
from pathlib import Path

from napari_dacapo.arrays.normalize import Percentile
from napari_dacapo.arrays.step import Normalization
from napari_dacapo.config import Family
from napari_dacapo.datasplits.dataset import OpenDatasets


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
