"""One training patch as the network sees it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.experiments.predicting import forward_of
from napari_dacapo.experiments.session import Session

KEPT = 10  # newest snapshots


def write_snapshot(session: Session) -> Path:
    """Raw, target, weight and prediction of the next batch's first patch, as OME-Zarr.

    The newest ten snapshots are kept.
    """
    folder = session.folder.snapshots / f"{session.iteration:09d}"
    shutil.rmtree(folder, ignore_errors=True)
    batch = session.batches.at(session.iteration)
    prediction = forward_of(session.run, session.network, session.compute)(batch.raw[0])
    session.network.train()
    images = {
        "raw": batch.raw[0],
        "target": batch.target[0],
        "weight": batch.weight[0],
        "prediction": prediction,
    }
    for name, image in images.items():
        _write(session, folder / f"{name}.zarr", np.asarray(image))
    for old in sorted(session.folder.snapshots.glob("[0-9]" * 9))[:-KEPT]:
        shutil.rmtree(old)
    return folder


def _write(session: Session, path: Path, image: np.ndarray) -> None:
    """Centred on the same place, so that raw lies around the rest."""
    voxel_size = session.batches.voxel_size
    if path.stem == "raw":
        voxel_size = tuple(v * s for v, s in zip(voxel_size, session.run.architecture.scale, strict=True))
    offset = tuple(-n * v / 2 for n, v in zip(image.shape[1:], voxel_size, strict=True))
    axes = "c" + "zyx"[-len(voxel_size) :]
    write_ome_zarr(path, image, axes=axes, voxel_size=voxel_size, offset=offset, unit=session.batches.unit)
