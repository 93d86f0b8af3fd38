"""One volume written in every format."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numcodecs
import numpy as np
import tensorstore
import tifffile
import zarr
from PIL import Image

from napari_dacapo.arrays.file import File

SHAPE = (6, 9, 11)
VOXEL_SIZE = (40.0, 4.0, 8.0)  # nm
OFFSET = (400.0, 8.0, 0.0)


def volume(dtype: Any = np.uint16, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """(z, y, x), every voxel another value."""
    return np.arange(np.prod(shape), dtype=dtype).reshape(shape)


def zarr_with(path: Path, data: np.ndarray, zarr_format: int = 3, **attributes: Any) -> Path:
    chunks = tuple(min(4, n) for n in data.shape)
    array = zarr.create_array(str(path), data=data, chunks=chunks, zarr_format=zarr_format)
    array.attrs.update(attributes)
    return path


def multiscale(version: str, axes: str, levels: list[dict[str, Any]], **image: Any) -> dict[str, Any]:
    """The attributes of an OME-Zarr group; each level: path, scale, translation."""
    kinds = {"t": "time", "c": "channel"}
    units = {"t": {"unit": "second"}, "c": {}}
    described = {
        "axes": [
            {"name": a, "type": kinds.get(a, "space"), **units.get(a, {"unit": "micrometer"})} for a in axes
        ],
        "datasets": [
            {
                "path": level["path"],
                "coordinateTransformations": [
                    {"type": kind, kind: level[kind]} for kind in ("scale", "translation") if kind in level
                ],
            }
            for level in levels
        ],
        **image,
    }
    if version == "0.4":
        return {"multiscales": [{"version": "0.4", **described}]}
    return {"ome": {"version": version, "multiscales": [described]}}


def ome_zarr(folder: Path, version: str, data: np.ndarray, axes: str, levels: Any, **image: Any) -> Path:
    """A group with the same data at each level."""
    zarr_format = 2 if version == "0.4" else 3
    path = folder / "image.zarr"
    zarr.create_group(
        str(path), zarr_format=zarr_format, attributes=multiscale(version, axes, levels, **image)
    )
    for level in levels:
        zarr_with(path / level["path"], data, zarr_format)
    return path


def _dacapo(folder: Path, zarr_format: int) -> File:
    zarr_with(folder / "a.zarr/raw", volume(), zarr_format, voxel_size=[40, 4, 8], offset=[400, 8, 0])
    zarr.open_group(str(folder / "a.zarr"), mode="a", zarr_format=zarr_format)
    return File(path="a.zarr", array="raw")


def _ome(folder: Path, version: str) -> File:
    level = {"path": "0", "scale": [1, 0.04, 0.004, 0.008], "translation": [0, 0.4, 0.008, 0]}
    ome_zarr(folder, version, volume()[None], "czyx", [level])
    return File(path="image.zarr")


def _n5(folder: Path, compression: dict[str, Any]) -> File:
    metadata = {
        "dimensions": list(SHAPE[::-1]),
        "blockSize": [4, 4, 4],
        "dataType": "uint16",
        "compression": compression,
    }
    spec = {
        "driver": "n5",
        "kvstore": {"driver": "file", "path": f"{folder}/a.n5/raw/"},
        "metadata": metadata,
    }
    tensorstore.open(spec, create=True).result().write(volume().T).result()
    (folder / "a.n5/attributes.json").write_text('{"n5": "4.0.0"}')
    attributes = json.loads((folder / "a.n5/raw/attributes.json").read_text())
    attributes |= {"resolution": [8, 4, 40], "offset": [0, 8, 400], "units": ["nm"] * 3}
    (folder / "a.n5/raw/attributes.json").write_text(json.dumps(attributes))
    return File(path="a.n5")


def _hdf5(folder: Path, **options: Any) -> File:
    with h5py.File(folder / "a.h5", "w") as file:
        dataset = file.create_dataset("volumes/raw", data=volume(), **options)
        dataset.attrs["resolution"], dataset.attrs["offset"] = VOXEL_SIZE, OFFSET
    return File(path="a.h5", array="volumes/raw")


def _go_nuclear(folder: Path) -> File:
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("raw", data=volume()).attrs["element_size_um"] = [0.04, 0.004, 0.008]
    return File(path="a.h5", offset=(0.4, 0.008, 0.0))  # in the unit of the file


GIVEN: dict[str, Any] = {"voxel_size": VOXEL_SIZE, "offset": OFFSET, "unit": "nm"}


def _imagej(folder: Path, byteorder: Any) -> File:
    tifffile.imwrite(
        folder / "a.tif",
        volume(),
        imagej=True,
        byteorder=byteorder,
        resolution=(1 / 0.008, 1 / 0.004),
        metadata={"spacing": 0.04, "unit": "um", "axes": "ZYX"},
    )
    return File(path="a.tif", offset=(0.4, 0.008, 0.0))


def _ome_tiff(folder: Path) -> File:
    sizes = {"PhysicalSizeX": 8.0, "PhysicalSizeY": 4.0, "PhysicalSizeZ": 0.04}
    units = {"PhysicalSizeXUnit": "nm", "PhysicalSizeYUnit": "nm", "PhysicalSizeZUnit": "µm"}
    tifffile.imwrite(
        folder / "a.ome.tif",
        volume(),
        metadata={"axes": "ZYX", **sizes, **units},
        compression="zlib",
        tile=(16, 16),
    )
    return File(path="a.ome.tif", offset=(0.4, 8.0, 0.0))  # in the units of the file: µm, nm, nm


def _plain_tiff(folder: Path, **options: Any) -> File:
    tifffile.imwrite(folder / "a.tif", volume(), **options)
    return File(path="a.tif", **GIVEN)


def _slices(folder: Path, suffix: str) -> File:
    (folder / "slices").mkdir()
    for z, values in enumerate(volume(), start=8):  # 8, 9, 10, ...: by text 10 comes first
        file = folder / "slices" / f"section2_{z}{suffix}"
        tifffile.imwrite(file, values) if suffix == ".tif" else Image.fromarray(values).save(file)
    (folder / "slices/Thumbs.db").write_bytes(b"")
    return File(path="slices", **GIVEN)


def _npy(folder: Path, data: np.ndarray) -> File:
    np.save(folder / "a.npy", data)
    return File(path="a.npy", **GIVEN)


def _zarr_v2_with(folder: Path, compressor: Any) -> File:
    array = zarr.create_array(
        str(folder / "a.zarr"),
        shape=SHAPE,
        chunks=(4, 4, 4),
        dtype=">u2",
        zarr_format=2,
        compressors=compressor,
    )
    array[:] = volume()
    return File(path="a.zarr", **GIVEN)


def _sharded(folder: Path) -> File:
    array = zarr.create_array(
        str(folder / "a.zarr"), shape=SHAPE, chunks=(2, 3, 2), shards=(4, 6, 4), dtype="u2", zarr_format=3
    )
    array[:] = volume()
    return File(path="a.zarr", **GIVEN)


FORMATS: dict[str, Callable[[Path], File]] = {
    "zarr v2": lambda folder: _dacapo(folder, 2),
    "zarr v3": lambda folder: _dacapo(folder, 3),
    "zarr v2 blosc big-endian": lambda folder: _zarr_v2_with(folder, numcodecs.Blosc()),
    "zarr v3 sharded": _sharded,
    "OME-Zarr 0.4": lambda folder: _ome(folder, "0.4"),
    "OME-Zarr 0.5": lambda folder: _ome(folder, "0.5"),
    "N5 gzip": lambda folder: _n5(folder, {"type": "gzip"}),
    "N5 raw": lambda folder: _n5(folder, {"type": "raw"}),
    "HDF5 contiguous": lambda folder: _hdf5(folder),
    "HDF5 gzip": lambda folder: _hdf5(folder, chunks=(2, 4, 4), compression="gzip"),
    "HDF5 go-nuclear": _go_nuclear,
    "TIFF ImageJ little-endian": lambda folder: _imagej(folder, "<"),
    "TIFF ImageJ big-endian": lambda folder: _imagej(folder, ">"),
    "TIFF OME tiled": _ome_tiff,
    "TIFF plain": lambda folder: _plain_tiff(folder, photometric="minisblack", metadata=None),
    "TIFF deflate pages": lambda folder: _plain_tiff(folder, compression="zlib", rowsperstrip=2),
    "TIFF big": lambda folder: _plain_tiff(folder, bigtiff=True),
    "slices PNG": lambda folder: _slices(folder, ".png"),
    "slices TIFF": lambda folder: _slices(folder, ".tif"),
    "npy": lambda folder: _npy(folder, volume()),
    "npy Fortran order": lambda folder: _npy(folder, np.asfortranarray(volume())),
    "npy big-endian": lambda folder: _npy(folder, volume(">u2")),
}


def png_bytes(data: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(data).save(buffer, "PNG")
    return buffer.getvalue()
