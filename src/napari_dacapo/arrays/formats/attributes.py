"""Axes and voxel sizes in the attributes of an array.

As DaCapo, CREMI, COSEM, N5, ilastik and go-nuclear write them.
"""

from collections.abc import Mapping
from typing import Any

from napari_dacapo.arrays.formats.axes import letters_of
from napari_dacapo.arrays.formats.stored import Geometry
from napari_dacapo.files import JsonError, parse_json

NAN = float("nan")
NAMES = ("axis_names", "axes", "_ARRAY_DIMENSIONS", "dimension_names")  # a list with a name per axis
SIZES = ("voxel_size", "resolution")  # DaCapo, CREMI: nm, unless "units" says otherwise


def axes_in(attributes: Mapping[str, Any], dims: int) -> str | None:
    """A letter per axis, or None. Three sizes for four axes mean that the first is the channels."""
    for names in (*(attributes.get(name) for name in NAMES), _ilastik(attributes), _cosem_axes(attributes)):
        if isinstance(names, list) and len(names) == dims:
            letters = letters_of(names)
            if letters:
                return letters
    for name in SIZES:
        if _is_list(attributes.get(name), dims - 1) and dims in (3, 4):
            return "c" + "zyx"[-dims + 1 :]
    return None


def geometries_in(attributes: Mapping[str, Any], axes: str | None, dims: int) -> tuple[Geometry, ...]:
    """Every voxel size the attributes tell, along the stored axes; a wrong one as NaN."""
    units = attributes.get("units")
    found = [
        Geometry(
            source=f"the attribute {name}",
            scale=_spread(attributes[name], axes, dims, 1.0),
            translation=_spread(attributes["offset"], axes, dims, 0.0) if "offset" in attributes else None,
            units=_units(units, axes, dims),
        )
        for name in SIZES
        if name in attributes
    ]
    if "element_size_um" in attributes:
        scale = _spread(attributes["element_size_um"], axes, dims, 1.0)
        found.append(Geometry(source="the attribute element_size_um", scale=scale, units=("um",) * dims))
    return (*found, *_pixel_resolution(attributes, axes, dims), *_cosem(attributes, axes, dims))


def numbers(value: Any, count: int) -> tuple[float, ...]:
    """The list as floats; NaN for each where it is none, or of another length."""
    if not _is_list(value, count):
        return (NAN,) * count
    return tuple(float(v) if isinstance(v, int | float) and not isinstance(v, bool) else NAN for v in value)


def _spread(value: Any, axes: str | None, dims: int, elsewhere: float) -> tuple[float, ...]:
    """Numbers of the axes in space along all axes: (40, 4, 4) for "czyx" gives (1, 40, 4, 4)."""
    places = _places(value, axes, dims)
    if places is None:
        return (NAN,) * dims
    along = dict(zip(places, numbers(value, len(places)), strict=True))
    return tuple(along.get(axis, elsewhere) for axis in range(dims))


def _units(value: Any, axes: str | None, dims: int) -> tuple[str | None, ...]:
    """A unit per axis from one text or a list of them; DaCapo's world is in nm where nothing is said."""
    names = [value] * dims if isinstance(value, str) else value
    places = _places(names, axes, dims)
    if places is None or not any(names):
        return ("nm",) * dims
    along = dict(zip(places, map(str, names), strict=True))
    return tuple(along.get(axis) for axis in range(dims))


def _places(values: Any, axes: str | None, dims: int) -> list[int] | None:
    """Which axes so many values are about: all, all but c, those in space, or the last ones."""
    if not isinstance(values, list) or len(values) > dims:
        return None
    if axes is None:
        return list(range(dims - len(values), dims)) if len(values) > 1 else None
    choices = ([i for i, axis in enumerate(axes) if axis not in without] for without in ("", "c", "ct"))
    return next((places for places in choices if len(places) == len(values)), None)


def _pixel_resolution(attributes: Mapping[str, Any], axes: str | None, dims: int) -> list[Geometry]:
    """N5: {"dimensions": [4, 4, 3.36], "unit": "nm"}, times the downsampling factors of its level."""
    value = attributes.get("pixelResolution")
    if value is None:
        return []
    sizes, unit = (value.get("dimensions"), value.get("unit")) if isinstance(value, dict) else (value, None)
    scale = _spread(sizes, axes, dims, 1.0)
    factors = _spread(attributes.get("downsamplingFactors", [1] * dims), axes, dims, 1.0)
    return [
        Geometry(
            source="the attribute pixelResolution",
            scale=tuple(s * f for s, f in zip(scale, factors, strict=True)),
            units=(None if unit is None else str(unit),) * dims,
        )
    ]


def _cosem(attributes: Mapping[str, Any], axes: str | None, dims: int) -> list[Geometry]:
    """{"axes": ["z", "y", "x"], "scale": [...], "translate": [...], "units": [...]}, in any order of axes."""
    value, names = attributes.get("transform"), _cosem_axes(attributes)
    letters = letters_of(names) if names else None
    if not isinstance(value, dict) or letters is None or set(letters) != set(axes or letters):
        return []
    order = [letters.index(axis) for axis in axes or letters]
    scale, begin = numbers(value.get("scale"), dims), numbers(value.get("translate", [0] * dims), dims)
    units = value.get("units")
    return [
        Geometry(
            source="the attribute transform",
            scale=tuple(scale[i] for i in order),
            translation=tuple(begin[i] for i in order),
            units=tuple(
                str(units[i]) if isinstance(units, list) and len(units) == dims else None for i in order
            ),
        )
    ]


def _cosem_axes(attributes: Mapping[str, Any]) -> list[Any] | None:
    transform = attributes.get("transform")
    names = transform.get("axes") if isinstance(transform, dict) else None
    return names if isinstance(names, list) else None


def _ilastik(attributes: Mapping[str, Any]) -> list[Any] | None:
    """Ilastik's HDF5: the JSON text {"axes": [{"key": "z"}, ...]}."""
    text = attributes.get("axistags")
    try:
        tags = parse_json(text.encode()) if isinstance(text, str) else None
    except JsonError:
        return None
    axes = tags.get("axes") if isinstance(tags, dict) else None
    if not isinstance(axes, list):
        return None
    return [axis.get("key") if isinstance(axis, dict) else None for axis in axes]


def _is_list(value: Any, length: int) -> bool:
    return isinstance(value, list) and len(value) == length
