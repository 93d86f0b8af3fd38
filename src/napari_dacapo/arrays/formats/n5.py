"""N5, through tensorstore. Its axes are stored x first, and so are all lists in its attributes."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorstore
from numpy.typing import NDArray

from napari_dacapo.arrays.formats.attributes import geometries_in
from napari_dacapo.arrays.formats.axes import letters_of
from napari_dacapo.arrays.formats.folders import Node, find, json_object
from napari_dacapo.arrays.formats.remote_folder import Place, answering, context, kvstore_of
from napari_dacapo.arrays.formats.stored import Stored, damage_named, tail
from napari_dacapo.errors import UserInputError

ATTRIBUTES = "attributes.json"
CODECS = ("raw", "gzip", "bzip2", "xz", "blosc", "zstd")  # those of tensorstore
PLAIN_AXES = {2: "xy", 3: "xyz"}


def open_stored(path: Place, array: str, level: int) -> Stored:
    """Raises UserInputError naming what is wrong with the metadata."""
    node = find(path, array, level, node_at)
    _refuse_unknown_codec(node)
    opened = _opened(node.folder)
    shape = tuple(opened.shape)
    names = node.attributes.get("axes")
    axes = letters_of(names) if isinstance(names, list) and len(names) == len(shape) else None
    axes = axes or PLAIN_AXES.get(len(shape))
    return Stored(
        name=str(node.folder),
        shape=shape,
        dtype=np.dtype(opened.dtype.numpy_dtype),
        chunks=tuple(opened.chunk_layout.read_chunk.shape),
        reader=_reader(opened, node.folder),
        axes=axes,
        geometries=geometries_in(node.attributes, axes, len(shape)),
    )


def node_at(folder: Place) -> Node | None:
    """The group or array a folder is; None where it says nothing about itself, as groups may."""
    attributes = json_object(folder / ATTRIBUTES) if (folder / ATTRIBUTES).is_file() else {}
    if "dimensions" in attributes:
        return Node(folder, True, attributes, _with_voxel_size_of_image(folder, attributes))
    levels = itertools.takewhile(lambda name: (folder / name).is_dir(), (f"s{i}" for i in itertools.count()))
    found = tuple(levels)
    return Node(folder, False, {}, attributes, found) if attributes or found else None


def _with_voxel_size_of_image(folder: Place, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """A level without a voxel size has that of the group s0, s1, ... are in."""
    group = folder.parent / ATTRIBUTES
    if folder.name[:1] != "s" or "pixelResolution" in attributes or not group.is_file():
        return attributes
    above = json_object(group)
    return {**{k: above[k] for k in ("pixelResolution", "axes") if k in above}, **attributes}


def _opened(folder: Place) -> Any:
    spec = {"driver": "n5", "kvstore": kvstore_of(folder)}
    with damage_named(str(folder), "its metadata cannot be used"), answering(str(folder)):
        opening = tensorstore.open(spec, open=True, create=False, read=True, write=False, context=context())
        return opening.result()


def _refuse_unknown_codec(node: Node) -> None:
    compression = node.attributes.get("compression", {"type": node.attributes.get("compressionType", "raw")})
    codec = compression.get("type") if isinstance(compression, dict) else compression
    if codec not in CODECS:
        problem = f"it is encoded with {codec!r}, which is unknown here"
        raise UserInputError(
            "path", tail(str(node.folder)), problem, f"Convert it to one of {', '.join(CODECS)}"
        )


def _reader(opened: Any, folder: Place) -> Callable[[tuple[slice, ...]], NDArray[Any]]:
    def read(slices: tuple[slice, ...]) -> NDArray[Any]:
        with answering(str(folder)):
            return np.asarray(opened[slices].read().result())

    return read
