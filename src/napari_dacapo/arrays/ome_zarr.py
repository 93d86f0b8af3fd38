"""Writing OME-Zarr, with checksums, never over anything that is there."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import DTypeLike, NDArray

from napari_dacapo.arrays.array import Array, SpatialUnit
from napari_dacapo.arrays.box import World
from napari_dacapo.arrays.image_metadata import ImageMetadata, OmeVersion
from napari_dacapo.arrays.pyramid import Method, coarser_levels
from napari_dacapo.arrays.stored_chunks import ZSTD_LEVEL
from napari_dacapo.arrays.wide_chunks import slab_of, tile_of
from napari_dacapo.errors import UserInputError
from napari_dacapo.files import JsonError, read_json, replaced_folder, temporary_beside

if TYPE_CHECKING:
    import zarr

MARKER = "napari_dacapo"  # the attribute that says that a container is ours
CHUNKS = {2: 512, 3: 64}  # voxels a side


def create_ome_zarr(
    path: Path,
    *,
    axes: str,
    shape: Sequence[int],
    dtype: DTypeLike,
    voxel_size: World,
    offset: World,
    unit: SpatialUnit,
    chunks: Sequence[int],
    shards: Sequence[int] | None = None,
    coarser: Sequence[Sequence[int]] = (),
    ome_version: OmeVersion = "0.5",
    attributes: Mapping[str, Any] | None = None,
    channel_names: Sequence[str] = (),
) -> "zarr.Array[Any]":
    """A new image, to be written block by block; a block is whole chunks, or whole shards.

    `coarser` are the shapes of further levels, each to be written likewise. Every chunk carries a checksum.
    What is in `attributes` is given back by `own_attributes`. Raises UserInputError where something is at
    `path` already.
    """
    image = ImageMetadata(axes, voxel_size, offset, unit, ome_version, tuple(channel_names))
    image.refuse_wrong(tuple(shape))
    _refuse_wrong_chunks(shape, chunks, shards, ome_version)
    levels = [tuple(shape), *map(tuple, coarser)]
    with _new_folder(path, 0) as folder:
        _create_group(folder, image, levels, dtype, attributes or {})
        for number, level in enumerate(levels):
            _create_level(folder, image, number, level, dtype, chunks, shards)
    return open_own(path)


def write_ome_zarr(
    path: Path,
    data: NDArray[Any],
    *,
    axes: str,
    voxel_size: World,
    offset: World,
    unit: SpatialUnit,
    chunks: Sequence[int] | None = None,
    coarser: Method | Literal["none"] = "none",
    ome_version: OmeVersion = "0.5",
    attributes: Mapping[str, Any] | None = None,
    channel_names: Sequence[str] = (),
) -> None:
    """A whole image, with coarser levels if asked for; it appears at `path` when it is complete.

    Chunks are 64 voxels a side, 512 in 2D, one channel each, unless given; a shorter level has shorter ones.
    Raises UserInputError where something is at `path` already, DiskFullError where there is no room.
    """
    image = ImageMetadata(axes, voxel_size, offset, unit, ome_version, tuple(channel_names))
    image.refuse_wrong(data.shape)
    dims = len(voxel_size)
    sides = (1,) * (data.ndim - dims) + (CHUNKS[dims],) * dims if chunks is None else tuple(chunks)
    _refuse_wrong_chunks(data.shape, sides, None, ome_version)
    levels = [data, *(() if coarser == "none" else coarser_levels(data, dims, coarser))]
    with _new_folder(path, sum(level.nbytes for level in levels)) as folder:
        _create_group(folder, image, [level.shape for level in levels], data.dtype, attributes or {})
        for number, level in enumerate(levels):
            fitting = [min(n, side) for n, side in zip(level.shape, sides, strict=True)]
            _create_level(folder, image, number, level.shape, level.dtype, fitting, None)[...] = level


def copy_to_ome_zarr(path: Path, array: Array, attributes: Mapping[str, Any] | None = None) -> None:
    """An array of any size, slab by slab; it appears at `path` when it is complete.

    It takes the place of an image that we wrote before. Raises UserInputError where anything else is at
    `path`, DiskFullError where there is no room.
    """
    if path.is_symlink() or (path.exists() and own_attributes(path) is None):
        raise UserInputError("path", str(path), "something is there already", "Choose another name")
    names = array.channel_names
    image = ImageMetadata(array.axes, array.voxel_size, array.offset, array.unit, "0.5", names)
    slab = slab_of(array)
    channels = len(array.shape) - array.dims
    with replaced_folder(path, array.nbytes) as folder:
        _create_group(folder, image, [array.shape], array.dtype, attributes or {})
        level = _create_level(
            folder, image, 0, array.shape, array.dtype, (*(1,) * channels, *tile_of(slab)), None
        )
        for start in product(*(range(0, n, b) for n, b in zip(array.spatial_shape, slab, strict=True))):
            sides = zip(start, slab, array.spatial_shape, strict=True)
            shape = tuple(min(b, n - s) for s, b, n in sides)
            place = tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))
            level[(*(slice(None),) * channels, *place)] = array.read(start, shape)


def open_own(path: Path, level: int = 0) -> "zarr.Array[Any]":
    """One of our images, to be written on. Raises UserInputError where there is none."""
    import zarr

    if own_attributes(path) is None:
        raise UserInputError("path", str(path), "it was not written by napari-dacapo", "Choose another place")
    with zarr.config.set({"array.write_empty_chunks": True}):  # opening ignores it as an argument
        return zarr.open_array(str(path / str(level)), mode="r+")


def own_attributes(path: Path) -> dict[str, Any] | None:
    """What was given as `attributes` when we wrote the image; None where we did not."""
    for file, keys in (("zarr.json", ("attributes", MARKER)), (".zattrs", (MARKER,))):
        try:
            content: Any = read_json(path / file)
        except (OSError, JsonError):
            continue
        for key in keys:
            content = content.get(key) if isinstance(content, dict) else None
        return content if isinstance(content, dict) else None
    return None


def delete_own(path: Path) -> None:
    """Delete an image that we wrote. Raises UserInputError, and deletes nothing, for anything else.

    A crash leaves it under a name that says it is of no use, or as it was.
    """
    if path.is_symlink() or own_attributes(path) is None:
        problem = "it was not written by napari-dacapo"
        raise UserInputError("path", str(path), problem, "Choose another place, or delete it yourself")
    shutil.rmtree(path.rename(temporary_beside(path)))


@contextmanager
def _new_folder(path: Path, needed: int) -> Iterator[Path]:
    """A folder that becomes `path` at the end, or leaves nothing behind. `needed`: bytes, for the message."""
    if path.is_symlink() or path.exists():
        problem = "something is there already" if own_attributes(path) is None else "it was written before"
        raise UserInputError("path", str(path), problem, "Choose another name, or delete it first")
    with replaced_folder(path, needed) as folder:
        yield folder


def _create_group(
    folder: Path,
    image: ImageMetadata,
    shapes: list[tuple[int, ...]],
    dtype: DTypeLike,
    own: Mapping[str, Any],
) -> None:
    import zarr

    attributes = {**image.attributes(shapes, dtype), MARKER: dict(own)}
    zarr.create_group(str(folder), zarr_format=image.zarr_format, attributes=attributes)


def _create_level(
    folder: Path,
    image: ImageMetadata,
    level: int,
    shape: Sequence[int],
    dtype: DTypeLike,
    chunks: Sequence[int],
    shards: Sequence[int] | None,
) -> "zarr.Array[Any]":
    import numcodecs
    import zarr
    from zarr.codecs import ZstdCodec

    is_old = image.zarr_format == 2
    codec = (
        numcodecs.Zstd(ZSTD_LEVEL, checksum=True) if is_old else ZstdCodec(level=ZSTD_LEVEL, checksum=True)
    )
    return zarr.create_array(
        str(folder / str(level)),
        shape=tuple(shape),
        dtype=dtype,
        chunks=tuple(chunks),
        shards=None if shards is None else tuple(shards),
        compressors=codec,
        fill_value=0,
        zarr_format=image.zarr_format,
        chunk_key_encoding={"name": "v2" if is_old else "default", "separator": "/"},
        dimension_names=None if is_old else list(image.axes),
        config={"write_empty_chunks": True},  # a chunk that is not there was lost, never left out
    )


def _refuse_wrong_chunks(
    shape: Sequence[int], chunks: Sequence[int], shards: Sequence[int] | None, ome_version: OmeVersion
) -> None:
    """Two writers in one chunk or shard lose data, so these fit into each other."""
    for field, sides in (("chunks", chunks), ("shards", chunks if shards is None else shards)):
        if len(sides) != len(shape) or min(sides) < 1:
            problem = f"it does not fit an image of shape {tuple(shape)}"
            raise UserInputError(field, tuple(sides), problem, f"Give {len(shape)} numbers above 0")
    if shards is not None and any(s % c for s, c in zip(shards, chunks, strict=True)):
        problem = f"a shard is whole chunks of {tuple(chunks)}"
        raise UserInputError("shards", tuple(shards), problem, "Give multiples of the chunks")
    if shards is not None and ome_version == "0.4":
        raise UserInputError(
            "shards", tuple(shards), "OME-Zarr 0.4 has no shards", "Leave them out, or write 0.5"
        )
