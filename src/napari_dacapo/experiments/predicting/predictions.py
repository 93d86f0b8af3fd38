"""What validation predicted and segmented, kept on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.files import slug

if TYPE_CHECKING:
    from napari_dacapo.experiments.predicting.predict import OutputGrid


@dataclass(frozen=True, slots=True)
class Predictions:
    """`<iteration>/<dataset>/{prediction,segmentation}.zarr` in the validation folder of a run."""

    folder: Path

    def at(self, iteration: int, dataset: str) -> Path:
        return self.folder / f"{iteration:09d}" / slug(dataset)

    def iterations(self) -> tuple[int, ...]:
        """Those of which something is stored, the earliest first."""
        return tuple(sorted(int(folder.name) for folder in self.folder.glob("[0-9]" * 9)))

    def write(
        self,
        iteration: int,
        dataset: str,
        grid: OutputGrid,
        prediction: NDArray[np.float32],
        segmentation: NDArray[Any],
    ) -> None:
        """Both as OME-Zarr; the prediction as float16, which is within 0.0005 of values in [0, 1]."""
        place = self.at(iteration, dataset)
        shutil.rmtree(place, ignore_errors=True)
        axes = "zyx"[-len(grid.shape) :]
        world: dict[str, Any] = {"voxel_size": grid.voxel_size, "offset": grid.offset, "unit": grid.unit}
        write_ome_zarr(place / "prediction.zarr", prediction.astype(np.float16), axes="c" + axes, **world)
        write_ome_zarr(place / "segmentation.zarr", segmentation, axes=axes, **world)

    def keep_only(self, iterations: Collection[int]) -> None:
        """Delete what was predicted at other iterations."""
        for folder in self.folder.glob("[0-9]" * 9):
            if int(folder.name) not in iterations:
                shutil.rmtree(folder)
