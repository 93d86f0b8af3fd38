"""The multiscales metadata of OME-Zarr 0.1 to 0.5: levels, axes, voxel sizes, channel names."""

from collections.abc import Mapping
from typing import Any

from napari_dacapo.arrays.formats.attributes import NAN, numbers
from napari_dacapo.arrays.formats.axes import letters_of
from napari_dacapo.arrays.formats.stored import Geometry
from napari_dacapo.errors import UserInputError

OLD_AXES = ["t", "c", "z", "y", "x"]  # until 0.2 always these

Json = Mapping[str, Any]


def multiscale_of(attributes: Json) -> Json | None:
    """The first image a group describes."""
    ome = attributes.get("ome")
    images = (ome if isinstance(ome, dict) else attributes).get("multiscales")
    if not isinstance(images, list) or not images or not isinstance(images[0], dict):
        return None
    return images[0]


def level_names(multiscale: Json) -> tuple[str, ...]:
    """Paths of the arrays below the group, finest first."""
    datasets = multiscale.get("datasets")
    names = [each.get("path") if isinstance(each, dict) else None for each in _list(datasets)]
    for name in names:
        if not isinstance(name, str) or not name or name.startswith("/") or ".." in name.split("/"):
            problem = "its multiscales metadata names a level that is no path"
            raise UserInputError("path", name, problem, "Set array to the level's own name")
    return tuple(str(name) for name in names)


def axes_of_image(multiscale: Json) -> str | None:
    return letters_of(axis["name"] for axis in _axes(multiscale))


def geometry_of_level(multiscale: Json, level: int) -> Geometry | None:
    """Voxel size and begin of a level; None where the metadata has none (0.1 to 0.3).

    OME-Zarr places the centres of voxels, we the borders. Level 0 begins at its translation; a level with
    another translation keeps its place relative to that: with voxels of 1 and 2 and translations 0 and
    0.5, both begin at 0. Levels that all have the same translation begin at the same place.
    """
    dims = len(_axes(multiscale))
    if not _transforms(_dataset(multiscale, level)):
        return None
    base_scale, base_begin = _placed(multiscale, 0, dims)
    scale, begin = _placed(multiscale, level, dims)
    if begin != base_begin:
        sides = zip(begin, scale, base_scale, strict=True)
        begin = tuple(b - (s - base) / 2 for b, s, base in sides)
    units = tuple(None if axis.get("unit") is None else str(axis["unit"]) for axis in _axes(multiscale))
    return Geometry(source="the multiscales metadata", scale=scale, translation=begin, units=units)


def channel_names_of(attributes: Json) -> tuple[str, ...]:
    ome = attributes.get("ome")
    omero = (ome if isinstance(ome, dict) else attributes).get("omero")
    channels = _list(omero.get("channels") if isinstance(omero, dict) else None)
    names = tuple(each.get("label") if isinstance(each, dict) else None for each in channels)
    return tuple(map(str, names)) if all(names) else ()


def _placed(multiscale: Json, level: int, dims: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Scale and translation: first those of the level, then those of the image."""
    scale, begin = (1.0,) * dims, (0.0,) * dims
    for step in (*_transforms(_dataset(multiscale, level)), *_transforms(multiscale)):
        kind = step.get("type") if isinstance(step, dict) else None
        if kind == "scale":
            factors = numbers(step.get("scale"), dims)
            scale, begin = (tuple(v * f for v, f in zip(old, factors, strict=True)) for old in (scale, begin))
        elif kind == "translation":
            shift = numbers(step.get("translation"), dims)
            begin = tuple(b + s for b, s in zip(begin, shift, strict=True))
        elif kind != "identity":
            scale = (NAN,) * dims
    return scale, begin


def _axes(multiscale: Json) -> list[dict[str, Any]]:
    """Names and units; in 0.3 axes were names only, and a channel axis may have any name."""
    axes: list[dict[str, Any]] = []
    for axis in _list(multiscale.get("axes")) or OLD_AXES:
        fields = dict(axis) if isinstance(axis, dict) else {"name": axis}
        short = {"channel": "c", "time": "t"}.get(str(fields.get("type")))
        axes.append(fields | {"name": short or fields.get("name")})
    return axes


def _dataset(multiscale: Json, level: int) -> Json:
    dataset = _list(multiscale.get("datasets"))[level]
    return dataset if isinstance(dataset, dict) else {}


def _transforms(described: Json) -> list[Any]:
    return _list(described.get("coordinateTransformations"))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
