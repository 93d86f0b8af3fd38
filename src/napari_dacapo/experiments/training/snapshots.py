"""One training patch as the network sees it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import World
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.experiments.predicting.predict import forward_of
from napari_dacapo.experiments.training.session import Session

KEPT = 10  # newest snapshots


def write_snapshot(session: Session) -> Path:
    """Raw, target, weight and prediction of the next batch's first patch, as OME-Zarr, where it was cut.

    The newest ten snapshots are kept.
    """
    folder = session.folder.snapshots / f"{session.iteration:09d}"
    shutil.rmtree(folder, ignore_errors=True)
    patch = session.batches.patch(session.iteration, 0)
    prediction = forward_of(session.run, session.judged, session.compute)(patch.raw)
    session.network.train()
    voxel_size = session.batches.voxel_size
    _write(session, folder / "raw.zarr", patch.raw, patch.raw_offset, _of_raw(session, voxel_size))
    for name, image in (("target", patch.target), ("weight", patch.weight), ("prediction", prediction)):
        _write(session, folder / f"{name}.zarr", image, patch.offset, voxel_size)
    for old in sorted(session.folder.snapshots.glob("[0-9]" * 9))[:-KEPT]:
        shutil.rmtree(old)
    return folder


def _of_raw(session: Session, voxel_size: World) -> World:
    return tuple(v * s for v, s in zip(voxel_size, session.run.architecture.scale, strict=True))


def _write(session: Session, path: Path, image: NDArray[Any], offset: World, voxel_size: World) -> None:
    axes = "c" + "zyx"[-len(voxel_size) :]
    unit = session.batches.unit
    write_ome_zarr(path, np.asarray(image), axes=axes, voxel_size=voxel_size, offset=offset, unit=unit)
