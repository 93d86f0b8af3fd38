"""Zarr v2 and v3, with the metadata of OME-Zarr, DaCapo, COSEM and CREMI."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.abc.store import Store

from napari_dacapo.arrays.formats import ome
from napari_dacapo.arrays.formats.attributes import axes_in, geometries_in
from napari_dacapo.arrays.formats.chunk_files import pieces_in
from napari_dacapo.arrays.formats.codecs import (
    is_bare_blosc,
    refuse_empty,
    refuse_short_blosc,
    refuse_unknown_codecs,
)
from napari_dacapo.arrays.formats.folders import Node, find, json_object
from napari_dacapo.arrays.formats.remote_folder import Place, RemoteFolder
from napari_dacapo.arrays.formats.remote_store import RemoteStore
from napari_dacapo.arrays.formats.stored import DAMAGE, Geometry, Piece, Stored, damage_named, tail
from napari_dacapo.errors import UserInputError

METADATA = ("zarr.json", ".zarray", ".zgroup", ".zattrs")
LEVELS_ABOVE = 3  # groups between an array and the image it is a level of
DEEPEST_SHARD = 1 << 24  # chunks; the index of a shard is read as a whole


def open_stored(path: Place, array: str, level: int) -> Stored:
    """Raises UserInputError naming what is wrong with the metadata."""
    node = find(path, array, level, node_at)
    opened = open_array(node)
    axes, geometries, channel_names = _described(node, opened)
    return Stored(
        name=str(node.folder),
        shape=opened.shape,
        dtype=opened.dtype,
        chunks=opened.chunks,
        reader=_reader(opened, node),
        axes=axes if axes and len(axes) == opened.ndim else None,
        geometries=tuple(each for each in geometries if len(each.scale) == opened.ndim),
        channel_names=channel_names,
        pieces=_pieces(opened, node.folder),
    )


def node_at(folder: Place) -> Node | None:
    """The group or array a folder is; None for other folders."""
    if (folder / "zarr.json").is_file():
        metadata = json_object(folder / "zarr.json")
        attributes = metadata.get("attributes")
        is_array = metadata.get("node_type") == "array"
        return _node(folder, is_array, metadata, attributes if isinstance(attributes, dict) else {})
    if not any((folder / name).is_file() for name in METADATA[1:]):
        return None
    attributes = json_object(folder / ".zattrs") if (folder / ".zattrs").is_file() else {}
    if (folder / ".zarray").is_file():
        return _node(folder, True, json_object(folder / ".zarray"), attributes)
    metadata = json_object(folder / ".zgroup") if (folder / ".zgroup").is_file() else {}
    return _node(folder, False, metadata, attributes)


def open_array(node: Node) -> zarr.Array[Any]:
    """For reading only. Raises UserInputError where its metadata cannot be used."""
    _refuse_bad_chunks(node)
    refuse_unknown_codecs(node.folder.name, node.metadata)
    with damage_named(str(node.folder), "its metadata cannot be used"):
        return zarr.open_array(_store(node), mode="r")


def missing_chunks(path: Place, array: str, level: int) -> int:
    """Chunks without a file, which read as zeros: left out by the writer, or lost."""
    opened = open_array(find(path, array, level, node_at))
    return opened.nchunks - opened.nchunks_initialized


def _node(folder: Place, is_array: bool, metadata: Mapping[str, Any], attributes: Mapping[str, Any]) -> Node:
    if is_array:
        return Node(folder, True, metadata, attributes)
    multiscale = ome.multiscale_of(attributes)
    if multiscale is not None:
        return Node(folder, False, metadata, attributes, ome.level_names(multiscale))
    levels = itertools.takewhile(lambda name: (folder / name).is_dir(), (f"s{i}" for i in itertools.count()))
    return Node(folder, False, metadata, attributes, tuple(levels))


def _store(node: Node) -> str | Store:
    if isinstance(node.folder, RemoteFolder):
        return RemoteStore(node.folder, is_bare_blosc(node.metadata))
    return str(node.folder)


def _pieces(opened: zarr.Array[Any], folder: Place) -> Callable[[], tuple[Piece, ...]] | None:
    """None where chunks without a file are no zeros, or files cannot be listed."""
    return partial(pieces_in, opened, folder) if isinstance(folder, Path) and not opened.fill_value else None


def _described(
    node: Node, opened: zarr.Array[Any]
) -> tuple[str | None, tuple[Geometry, ...], tuple[str, ...]]:
    """Axes, voxel sizes and channel names, from the image it is a level of and from its own attributes."""
    own = dict(node.attributes)
    if node.metadata.get("dimension_names"):
        own.setdefault("dimension_names", node.metadata["dimension_names"])
    axes = axes_in(own, opened.ndim)
    for above, group in enumerate(list(node.folder.parents)[:LEVELS_ABOVE], start=1):
        image = node_at(group)
        multiscale = ome.multiscale_of(image.attributes) if image is not None else None
        name = "/".join(node.folder.parts[-above:])
        if image is None or multiscale is None or name not in image.level_names:
            continue
        axes = ome.axes_of_image(multiscale) or axes
        geometry = ome.geometry_of_level(multiscale, image.level_names.index(name))
        found = () if geometry is None else (geometry,)
        return axes, (*found, *geometries_in(own, axes, opened.ndim)), ome.channel_names_of(image.attributes)
    return axes, geometries_in(own, axes, opened.ndim), ()


def _refuse_bad_chunks(node: Node) -> None:
    """Zarr itself divides by a chunk of length 0, and believes a shard of any size."""
    outer = _lengths(node, node.metadata.get("chunks") or _configuration(node.metadata.get("chunk_grid")))
    codecs = node.metadata.get("codecs")
    for codec in codecs if isinstance(codecs, list) else ():
        if isinstance(codec, dict) and codec.get("name") == "sharding_indexed":
            inner = _lengths(node, _configuration(codec))
            if prod(outer) > DEEPEST_SHARD * prod(inner):
                problem = f"a shard {outer} holds more than {DEEPEST_SHARD:,} chunks"
                raise UserInputError("path", tail(str(node.folder)), problem, "Convert it to larger chunks")


def _configuration(described: Any) -> Any:
    inner = described.get("configuration") if isinstance(described, dict) else None
    return inner.get("chunk_shape") if isinstance(inner, dict) else None


def _lengths(node: Node, lengths: Any) -> tuple[int, ...]:
    is_list = isinstance(lengths, list) and all(isinstance(n, int) and n > 0 for n in lengths)
    if not is_list:
        problem = f"its chunks are {str(lengths)[:40]}; lengths are whole numbers above 0"
        raise UserInputError("path", tail(str(node.folder)), problem, "Convert the data again")
    return tuple(lengths)


def _reader(opened: zarr.Array[Any], node: Node) -> Callable[[tuple[slice, ...]], NDArray[Any]]:
    def read_unnamed(slices: tuple[slice, ...]) -> NDArray[Any]:
        _refuse_short_chunks(opened, node, slices)
        values = np.asarray(opened[slices])
        _refuse_gone(node)
        return values

    def read(slices: tuple[slice, ...]) -> NDArray[Any]:
        try:
            return read_unnamed(slices)
        except DAMAGE as error:
            for place in _places(opened, slices):
                _refuse_unreadable(opened, node, place, read_unnamed)
            problem = f"it cannot be read: {str(error)[:80]}"
            raise UserInputError("path", tail(str(node.folder)), problem, "Try again") from error

    return read


def _refuse_short_chunks(opened: zarr.Array[Any], node: Node, slices: tuple[slice, ...]) -> None:
    """What comes from elsewhere is looked at where it is fetched."""
    if not isinstance(node.folder, Path):
        return
    files = (node.folder / opened.metadata.encode_chunk_key(place) for place in _places(opened, slices))
    if opened.shards is not None:
        refuse_empty(files)
    elif is_bare_blosc(node.metadata):
        for file in files:
            refuse_short_blosc(file)


def _refuse_gone(node: Node) -> None:
    """Chunks that are not there read as zeros; so would a whole image that was deleted meanwhile."""
    if isinstance(node.folder, Path) and not any((node.folder / name).is_file() for name in METADATA[:2]):
        problem = "it is gone since it was opened"
        raise UserInputError("path", tail(str(node.folder)), problem, "Bring it back, then start again")


def _places(opened: zarr.Array[Any], slices: tuple[slice, ...]) -> Iterator[tuple[int, ...]]:
    """Of the chunks, or shards, that have a file each."""
    sides = zip(slices, opened.shards or opened.chunks, strict=True)
    return itertools.product(*(range(s.start // n, -(-s.stop // n)) for s, n in sides))


def _refuse_unreadable(
    opened: zarr.Array[Any],
    node: Node,
    place: tuple[int, ...],
    read: Callable[[tuple[slice, ...]], NDArray[Any]],
) -> None:
    """Raises UserInputError naming the chunk, if it is one that cannot be read by itself."""
    sides = zip(place, opened.shards or opened.chunks, opened.shape, strict=True)
    try:
        read(tuple(slice(p * n, min((p + 1) * n, size)) for p, n, size in sides))
    except DAMAGE as error:
        problem = f"chunk {place} cannot be read: {str(error)[:80] or type(error).__name__}"
        file = tail(f"{node.folder}/{opened.metadata.encode_chunk_key(place)}")
        raise UserInputError(
            "path", file, problem, "Copy that file again, or convert the data again"
        ) from error
