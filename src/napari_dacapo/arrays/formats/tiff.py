"""TIFF stacks: plain, ImageJ, OME, BigTIFF; uncompressed ones mapped into memory."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from weakref import finalize

import numpy as np
import tifffile
import zarr
from numpy.typing import NDArray

from napari_dacapo.arrays.formats.choose import no_such_level
from napari_dacapo.arrays.formats.stored import Geometry, Stored, damage_named, pleasant_chunks, tail
from napari_dacapo.errors import UserInputError

Pixels = tuple[tuple[int, ...], Callable[[tuple[slice, ...]], NDArray[Any]]]  # chunks, and what reads a part

LETTERS = {"S": "c", "C": "c", "T": "t", "Z": "z", "Y": "y", "X": "x"}


def open_stored(path: Path, array: str, level: int) -> Stored:
    """The first image series of the file."""
    with damage_named(path, "it is no whole TIFF"), ExitStack() as opened:
        file = opened.enter_context(tifffile.TiffFile(path))
        series = file.series[0]
        if level >= len(series.levels):
            raise no_such_level(path.name, level, len(series.levels))
        _refuse_unknown_compression(path, series.levels[level].keyframe)
        mapped = _mapped(path, file, series.levels[level])
        stored = _stored(path, file, series, level, mapped or _decoded(series, level))
        if mapped is None:
            finalize(stored.reader, opened.pop_all().close)  # what is decoded later is read from it
        return stored


def _stored(path: Path, file: tifffile.TiffFile, series: Any, level: int, pixels: Pixels) -> Stored:
    shown = series.levels[level]
    axes = _letters(shown.axes)
    coarser = tuple(full / max(n, 1) for full, n in zip(series.shape, shown.shape, strict=True))
    geometry = _geometry(file, axes, coarser)
    chunks, reader = pixels
    return Stored(
        name=str(path),
        shape=shown.shape,
        dtype=shown.dtype,
        chunks=chunks,
        reader=reader,
        axes=axes,
        geometries=() if geometry is None else (geometry,),
        channel_names=_channel_names(file),
    )


def page_header(path: Path) -> tuple[tuple[int, ...], np.dtype[np.generic], tuple[str, ...]]:
    """Shape, type and channel names of a file that is one slice; nothing is decoded."""
    with damage_named(path, "it is no whole TIFF"), tifffile.TiffFile(path) as file:
        page = file.pages.first
        _refuse_unknown_compression(path, page)
        if len(file.pages) > 1 or page.axes not in ("YX", "YXS"):
            problem = f"it has {len(file.pages)} pages, axes {page.axes}: it is no single slice"
            raise UserInputError("path", tail(path), problem, "Give the path of the file itself")
        return page.shape, np.dtype(page.dtype).newbyteorder("="), ()


def page_pixels(path: Path) -> NDArray[Any]:
    """Of a file that is one slice."""
    return np.asarray(tifffile.imread(path, key=0))


def _refuse_unknown_compression(path: Path, page: Any) -> None:
    try:
        tifffile.TIFF.DECOMPRESSORS[page.compression]
    except KeyError:
        name = str(getattr(page.compression, "name", page.compression))[:40]
        problem = f"it is compressed with {name}, which is unknown here"
        raise UserInputError(
            "path", tail(path), problem, "Install the package imagecodecs, or save it uncompressed"
        ) from None


def _letters(axes: str) -> str | None:
    """None where TIFF's axes are no more than "a stack of something"."""
    letters = [LETTERS.get(axis) for axis in axes]
    if None in letters or len(set(letters)) < len(letters):
        return None
    return "".join(map(str, letters))


def _mapped(path: Path, file: tifffile.TiffFile, series: Any) -> Pixels | None:
    """Uncompressed pixels that lie one behind the other in this file; None otherwise."""
    if series.dataoffset is None or len(series) < 1 or series.keyframe.compression != 1:
        return None
    dtype = series.dtype.newbyteorder(file.byteorder)
    if series.dataoffset + np.prod(series.shape, dtype=np.int64) * dtype.itemsize > file.filehandle.size:
        raise UserInputError("path", tail(path), "its end is missing", "Copy it again")
    values = np.memmap(path, dtype, "r", series.dataoffset, series.shape)
    return pleasant_chunks(series.shape), lambda slices: np.array(values[slices])


def _decoded(series: Any, level: int) -> Pixels:
    """Tiles, or whole pages where there are none: strips are too thin to be read one by one."""
    mode = "strile" if series.levels[level].keyframe.is_tiled else "page"
    opened = zarr.open_array(series.aszarr(level=level, chunkmode=mode), mode="r")

    def read(slices: tuple[slice, ...]) -> NDArray[Any]:
        return np.asarray(opened[slices])

    return opened.chunks, read


def _geometry(file: tifffile.TiffFile, axes: str | None, coarser: tuple[float, ...]) -> Geometry | None:
    """Of ImageJ and OME; the resolution of other TIFFs is about printing.

    `coarser`: how many times larger the voxels are than those of level 0, per axis.
    """
    found = _ome_sizes(file) if file.is_ome else _imagej_sizes(file) if file.is_imagej else None
    if axes is None or found is None or not all(axis in found for axis in axes if axis in "zyx"):
        return None
    source, nothing = "its OME metadata" if file.is_ome else "its ImageJ metadata", (1.0, None)
    sides = [found.get(axis, nothing) if axis in "zyx" else nothing for axis in axes]
    return Geometry(
        source=source,
        scale=tuple(size * factor for (size, _), factor in zip(sides, coarser, strict=True)),
        units=tuple(unit for _, unit in sides),
    )


def _imagej_sizes(file: tifffile.TiffFile) -> dict[str, tuple[float, str | None]] | None:
    metadata, page = file.imagej_metadata or {}, file.pages.first
    x, y = page.resolution
    if not x or not y:
        return None
    unit = metadata.get("unit")
    return {"x": (1 / x, unit), "y": (1 / y, unit), "z": (float(metadata.get("spacing", 1.0)), unit)}


def _ome_sizes(file: tifffile.TiffFile) -> dict[str, tuple[float, str | None]]:
    described = _ome_pixels(file)
    sizes: dict[str, tuple[float, str | None]] = {}
    for axis in "XYZ":
        if f"PhysicalSize{axis}" in described:
            size = float(described[f"PhysicalSize{axis}"])
            sizes[axis.lower()] = (size, str(described.get(f"PhysicalSize{axis}Unit", "µm")))
    return sizes


def _channel_names(file: tifffile.TiffFile) -> tuple[str, ...]:
    channels = _ome_pixels(file).get("Channel", []) if file.is_ome else []
    channels = channels if isinstance(channels, list) else [channels]
    names = tuple(each.get("Name") for each in channels if isinstance(each, dict))
    return tuple(map(str, names)) if names and all(names) else ()


def _ome_pixels(file: tifffile.TiffFile) -> dict[str, Any]:
    images = tifffile.xml2dict(file.ome_metadata or "").get("OME", {}).get("Image", {})
    image = images[0] if isinstance(images, list) else images
    pixels: dict[str, Any] = image.get("Pixels", {})
    return pixels
